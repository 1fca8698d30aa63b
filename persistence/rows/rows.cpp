// Encoders and decoders of rows; rows.hpp has their grammar. Rows with texts are written field by
// field by RowWriter. Small ones that are read often have fields of fixed width.
#include "persistence/rows/rows.hpp"

#include "persistence/encoding/bytes.hpp"
#include "persistence/encoding/metadata.hpp"

namespace sg::persistence {
namespace {

// Appends fields to a row. Calls are chained; take() ends the row.
class RowWriter {
 public:
  RowWriter& varint(std::uint64_t value) {
    char bytes[kMaxVarintBytes];
    row_.append(bytes, put_varint(bytes, value));
    return *this;
  }
  RowWriter& signed_varint(std::int64_t value) { return varint(zigzag(value)); }
  RowWriter& byte(std::uint8_t value) {
    row_ += static_cast<char>(value);
    return *this;
  }
  RowWriter& text(std::string_view value) {
    varint(value.size());
    row_ += value;
    return *this;
  }
  RowWriter& metadata(const ledger::Metadata& metadata) {
    varint(metadata.size());
    for (const auto& [key, value] : metadata) text(key).text(value);
    return *this;
  }
  std::string take() { return std::move(row_); }

 private:
  std::string row_;
};

}  // namespace

std::string encode(const ledger::Participant& participant) {
  return RowWriter()
      .varint(participant.sequence)
      .signed_varint(participant.created_at)
      .byte(static_cast<std::uint8_t>(participant.role))
      .text(participant.id)
      .text(participant.name)
      .metadata(participant.metadata)
      .take();
}

std::optional<ledger::Participant> decode_participant(std::string_view row) {
  // A read that fails gives zero, so one check at the end covers all fields.
  ByteReader in(row);
  ledger::Participant participant;
  participant.sequence = in.varint();
  participant.created_at = in.signed_varint();
  const auto role = in.fixed<std::uint8_t>();
  // The cast accepts any byte; the range is checked at the end.
  participant.role = static_cast<ledger::ParticipantRole>(role);
  participant.id = in.text();
  participant.name = in.text();
  read_metadata(in, participant.metadata);
  if (!in.at_end() || role > ledger::kLastRole) return std::nullopt;
  return participant;
}

std::string encode(const ledger::Account& account) {
  return RowWriter()
      .varint(account.sequence)
      .signed_varint(account.created_at)
      .varint(account.number)
      .byte(static_cast<std::uint8_t>(account.type))
      .signed_varint(account.floor)
      .signed_varint(account.initial_balance)
      .text(account.id)
      .text(account.participant_id)
      .metadata(account.metadata)
      .take();
}

std::optional<ledger::Account> decode_account(std::string_view row) {
  // In the order of encode(); the checks come last.
  ByteReader in(row);
  ledger::Account account;
  account.sequence = in.varint();
  account.created_at = in.signed_varint();
  account.number = in.varint32();
  const auto type = in.fixed<std::uint8_t>();
  account.type = static_cast<ledger::AccountType>(type);
  account.floor = in.signed_varint();
  account.initial_balance = in.signed_varint();
  account.id = in.text();
  account.participant_id = in.text();
  read_metadata(in, account.metadata);
  if (!in.at_end() || type > ledger::kLastAccountType) return std::nullopt;
  return account;
}

std::string_view account_id_of(std::string_view row) {
  ByteReader in(row);
  // Pass over sequence, created_at and number, then the type, then floor and initial balance.
  for (int number = 0; number < 3; ++number) in.varint();
  in.fixed<std::uint8_t>();
  in.varint();
  in.varint();
  return in.text();
}

// Three fields of fixed width. A start reads one such row for each account.
std::string encode(const AccountIdRow& row) {
  std::string bytes(sizeof row.number + sizeof row.floor + sizeof row.sequence, '\0');
  put_fixed(put_fixed(put_fixed(bytes.data(), row.number), row.floor), row.sequence);
  return bytes;
}

std::optional<AccountIdRow> decode_account_id(std::string_view row) {
  ByteReader in(row);
  AccountIdRow decoded;
  decoded.number = in.fixed<AccountNumber>();
  decoded.floor = in.fixed<Amount>();
  decoded.sequence = in.fixed<Sequence>();
  if (!in.at_end()) return std::nullopt;
  return decoded;
}

std::string encode(const ParticipantAccountRow& row) {
  std::string bytes(sizeof row.number + sizeof row.sequence, '\0');
  put_fixed(put_fixed(bytes.data(), row.number), row.sequence);
  return bytes;
}

std::optional<ParticipantAccountRow> decode_participant_account(std::string_view row) {
  ByteReader in(row);
  ParticipantAccountRow decoded;
  decoded.number = in.fixed<AccountNumber>();
  decoded.sequence = in.fixed<Sequence>();
  if (!in.at_end()) return std::nullopt;
  return decoded;
}

std::string participant_account_prefix(std::string_view participant_id) {
  std::string prefix(participant_id);
  prefix += '\0';
  return prefix;
}

std::string participant_account_position(const ledger::NewAccount& account) {
  std::string position(1, static_cast<char>(account.type));
  if (account.id != ledger::participant_account_id(account.participant_id, account.type)) {
    position += account.id;
  }
  return position;
}

std::string participant_account_key(const ledger::NewAccount& account) {
  return participant_account_prefix(account.participant_id) + participant_account_position(account);
}

std::string policy_prefix() { return std::string(be32(ledger::kNoAccount)); }

std::string policy_key(AccountNumber account, Sequence sequence) {
  auto key = policy_prefix();
  key += be32(account);
  key += be64(sequence);
  return key;
}

namespace {

constexpr std::uint8_t kIsClosed = 1;
constexpr std::uint8_t kIsBalanced = 2;

}  // namespace

std::string encode(const ledger::PolicyResult& result) {
  std::string bytes(3 * sizeof(Amount) + 2, '\0');
  char* to = put_fixed(bytes.data(), result.policy.floor);
  to = put_fixed(put_fixed(to, result.policy.ceiling), result.balance);
  to = put_fixed(to, result.policy.frozen);
  put_fixed(to, static_cast<std::uint8_t>((result.policy.closed ? kIsClosed : 0) |
                                          (result.require_balanced ? kIsBalanced : 0)));
  return bytes;
}

std::optional<PolicyRow> decode_policy(std::string_view key, std::string_view row) {
  constexpr std::size_t kAccountAt = sizeof(AccountNumber);
  constexpr std::size_t kSequenceAt = 2 * sizeof(AccountNumber);
  if (key.size() != kSequenceAt + sizeof(Sequence)) return std::nullopt;
  PolicyRow read;
  read.sequence = get_be64(key.data() + kSequenceAt);
  auto& result = read.result;
  result.account = get_be32(key.data() + kAccountAt);
  ByteReader in(row);
  result.policy.floor = in.fixed<Amount>();
  result.policy.ceiling = in.fixed<Amount>();
  result.balance = in.fixed<Amount>();
  result.policy.frozen = in.fixed<std::uint8_t>();
  const auto bits = in.fixed<std::uint8_t>();
  result.policy.closed = (bits & kIsClosed) != 0;
  result.require_balanced = (bits & kIsBalanced) != 0;
  if (!in.at_end()) return std::nullopt;
  return read;
}

std::string encode(const BalancePage& page) {
  std::string bytes(sizeof page.sequence + page.balances.size() * sizeof(Amount), '\0');
  char* to = put_fixed(bytes.data(), page.sequence);
  for (const Amount balance : page.balances) to = put_fixed(to, balance);
  return bytes;
}

std::optional<BalancePage> decode_balances(std::string_view key, std::string_view row) {
  ByteReader in(row);
  BalancePage page;
  page.sequence = in.fixed<Sequence>();
  // The row does not say how many balances it has: its length does. A remainder fails at_end().
  const auto count = in.left() / sizeof(Amount);
  if (!in.ok() || count == 0 || count > kBalancesOfPage || key.size() != sizeof page.page) {
    return std::nullopt;
  }
  page.page = get_be32(key.data());
  // The page's first account number has to be an account number.
  if (page.page > ledger::kNoAccount / kBalancesOfPage) return std::nullopt;
  page.balances.resize(count);
  for (Amount& balance : page.balances) balance = in.fixed<Amount>();
  if (!in.at_end()) return std::nullopt;
  return page;
}

}  // namespace sg::persistence
