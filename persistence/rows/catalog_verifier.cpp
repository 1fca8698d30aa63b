// For each creation the rows are encoded once more and compared with those in the store. That every
// row has a record is shown by counting: the keys of the expected rows differ, so if the store has
// as many rows as the records make, it has no others.
#include "persistence/rows/catalog_verifier.hpp"

#include <optional>

#include "persistence/chain/group_contents.hpp"
#include "persistence/encoding/bytes.hpp"
#include "persistence/rows/rows.hpp"

namespace sg::persistence {
namespace {

// Places in kFamiliesRead.
enum Place : std::size_t { kParticipants, kAccounts, kAccountIds, kParticipantAccounts };

// The sequence of the record that made the row; nullopt if the row does not decode.
std::optional<Sequence> sequence_of(Family family, std::string_view key, std::string_view row) {
  if (family == Family::accounts && key.starts_with(policy_prefix())) {
    const auto decoded = decode_policy(key, row);
    return decoded ? std::optional(decoded->sequence) : std::nullopt;
  }
  if (family == Family::account_ids) {
    const auto decoded = decode_account_id(row);
    return decoded ? std::optional(decoded->sequence) : std::nullopt;
  }
  if (family == Family::participant_accounts) {
    const auto decoded = decode_participant_account(row);
    return decoded ? std::optional(decoded->sequence) : std::nullopt;
  }
  ByteReader in(row);
  const Sequence sequence = in.varint();
  return in.ok() ? std::optional(sequence) : std::nullopt;
}

// Appends `differs` if the row is not the expected one. Rows have one encoding, so bytes are
// compared and nothing is decoded.
void compare(const KeyValue& rows, Family family, const std::string& key,
             const std::string& expected, const std::string& differs,
             std::vector<std::string>& problems) {
  const auto row = rows.get(family, key);
  if (!row) {
    problems.push_back("a row of " + std::string(family_name(family)) +
                       " cannot be read: " + row.error().message);
  } else if (*row != expected) {
    problems.push_back(differs);
  }
}

}  // namespace

void CatalogVerifier::check(const KeyValue& rows, const DecodedRecord& record,
                            std::vector<std::string>& problems) {
  if (record.kind == RecordKind::participant) {
    ++wanted_[kParticipants];
    const auto& participant = record.participant;
    return compare(rows, Family::participants, participant.id, encode(participant),
                   "participant '" + participant.id + "' has another row than its record makes",
                   problems);
  }
  const auto& account = record.account;
  const auto named = "account '" + account.id + "' ";
  ++wanted_[kAccounts];
  compare(rows, Family::accounts, be32(account.number), encode(account),
          named + "has another row than its record makes", problems);
  ++wanted_[kAccountIds];
  compare(rows, Family::account_ids, account.id,
          encode(AccountIdRow{account.number, account.floor, record.sequence}),
          named + "is not found by its id", problems);
  if (const auto row = first_policy(account)) check(rows, *row, problems);
  if (account.participant_id.empty()) return;
  ++wanted_[kParticipantAccounts];
  compare(rows, Family::participant_accounts, participant_account_key(account),
          encode(ParticipantAccountRow{account.number, record.sequence}),
          named + "is not found by its participant", problems);
}

void CatalogVerifier::check(const KeyValue& rows, const PolicyRow& policy,
                            std::vector<std::string>& problems) {
  ++wanted_[kAccounts];
  compare(rows, Family::accounts, policy_key(policy.result.account, policy.sequence),
          encode(policy.result),
          "the policy of record " + std::to_string(policy.sequence) +
              " has another row than its record makes",
          problems);
}

bool CatalogVerifier::read(const KeyValue& rows, Sequence until, std::size_t count,
                           std::vector<std::string>& problems) {
  if (family_ == kFamiliesRead.size()) return false;
  const Family family = kFamiliesRead[family_];
  const auto cursor = rows.cursor(family);
  // The cursor of the last call is gone, since the store may have been reopened in between. Go on
  // behind its last key.
  cursor->seek(after_);
  if (!after_.empty() && cursor->valid() && cursor->key() == after_) cursor->next();
  for (; cursor->valid() && count > 0; --count, cursor->next()) {
    after_ = cursor->key();
    const auto sequence = sequence_of(family, cursor->key(), cursor->value());
    if (!sequence) {
      problems.push_back("a row of " + std::string(family_name(family)) + " does not decode");
    } else if (*sequence <= until) {
      ++found_;
    }
  }
  if (cursor->valid()) return true;
  // The family has ended, or could not be read on: then its count says nothing.
  if (auto status = cursor->status(); !status) {
    problems.push_back("the rows of " + std::string(family_name(family)) +
                       " cannot be read: " + status.error().message);
  } else {
    end_family(problems);
  }
  after_.clear();
  found_ = 0;
  return ++family_ < kFamiliesRead.size();
}

void CatalogVerifier::end_family(std::vector<std::string>& problems) {
  if (!is_complete_ || found_ == wanted_[family_]) return;
  problems.push_back(std::string(family_name(kFamiliesRead[family_])) + " has " +
                     std::to_string(found_) + " rows, the chain's records make " +
                     std::to_string(wanted_[family_]));
}

}  // namespace sg::persistence
