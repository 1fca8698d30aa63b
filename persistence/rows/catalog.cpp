// An account has up to three rows: the account itself under its number, its number under its id,
// and its number under its participant. Blocks name accounts by number, clients by id, so the full
// row stands once. Listings go through the small rows and read the full one for each account they
// show.
#include "persistence/rows/catalog.hpp"

#include <algorithm>

#include "persistence/rows/rows.hpp"

namespace sg::persistence {
namespace {

// The error for a row that does not decode.
tl::unexpected<StoreError> damaged_row(Family family, std::string_view key) {
  return store_error(StoreFault::corrupt, "a row of " + std::string(family_name(family)) +
                                              " does not decode: '" + std::string(key) + "'");
}

// Calls `visit` with every row whose key is after `after` (exclusive), in the order of the keys.
// Stops when `visit` returns false or an error. An empty `after` begins with the first row.
StoreResult<void> scan(const KeyValue& rows, Family family, std::string_view after,
                       const std::function<StoreResult<bool>(const Cursor&)>& visit) {
  const auto cursor = rows.cursor(family);
  cursor->seek(after);
  // The cursor stands on `after` itself if that row exists; the caller has seen it already.
  if (cursor->valid() && !after.empty() && cursor->key() == after) cursor->next();
  for (; cursor->valid(); cursor->next()) {
    const auto goes_on = visit(*cursor);
    if (!goes_on) return tl::unexpected(goes_on.error());
    if (!*goes_on) return {};
  }
  return cursor->status();
}

}  // namespace

void Catalog::add(Batch& batch, const GroupContents& group) {
  for (const auto& participant : group.participants) {
    batch.put(Family::participants, participant.id, encode(participant));
  }
  for (const auto& account : group.accounts) {
    batch.put(Family::accounts, be32(account.number), encode(account));
    batch.put(Family::account_ids, account.id,
              encode(AccountIdRow{account.number, account.floor, account.sequence}));
    if (account.participant_id.empty()) continue;
    batch.put(Family::participant_accounts, participant_account_key(account),
              encode(ParticipantAccountRow{account.number, account.sequence}));
  }
  for (const auto& [sequence, result] : group.policies) {
    batch.put(Family::accounts, policy_key(result.account, sequence), encode(result));
  }
}

StoreResult<std::optional<ledger::Participant>> Catalog::participant(std::string_view id) const {
  const auto row = rows_.get(Family::participants, id);
  if (!row) return tl::unexpected(row.error());
  if (!*row) return std::nullopt;
  auto participant = decode_participant(**row);
  if (!participant) return damaged_row(Family::participants, id);
  if (participant->sequence > durable_) return std::nullopt;
  return participant;
}

StoreResult<std::vector<ledger::Participant>> Catalog::participants(
    ledger::ParticipantRole role, std::string_view after, std::size_t limit,
    const Enough<ledger::Participant>& enough) const {
  std::vector<ledger::Participant> found;
  if (limit == 0) return found;
  const auto scanned =
      scan(rows_, Family::participants, after, [&](const Cursor& row) -> StoreResult<bool> {
        auto participant = decode_participant(row.value());
        if (!participant) return damaged_row(Family::participants, row.key());
        const bool wanted =
            role == ledger::ParticipantRole::unspecified || participant->role == role;
        // The row of an undurable record is passed over, not the end of the list: ids do not sort
        // by sequence.
        if (!wanted || participant->sequence > durable_) return true;
        found.push_back(std::move(*participant));
        return !(enough && enough(found.back())) && found.size() < limit;
      });
  if (!scanned) return tl::unexpected(scanned.error());
  return found;
}

StoreResult<std::string> Catalog::account_row(AccountNumber number) const {
  auto row = rows_.get(Family::accounts, be32(number));
  if (!row) return tl::unexpected(row.error());
  if (!*row) {
    return store_error(StoreFault::corrupt,
                       "account number " + std::to_string(number) + " has no row");
  }
  return std::move(**row);
}

StoreResult<ledger::Account> Catalog::account(AccountNumber number) const {
  const auto row = account_row(number);
  if (!row) return tl::unexpected(row.error());
  auto account = decode_account(*row);
  if (!account) return damaged_row(Family::accounts, std::to_string(number));
  return std::move(*account);
}

StoreResult<std::string> Catalog::account_id(AccountNumber number) const {
  const auto row = account_row(number);
  if (!row) return tl::unexpected(row.error());
  const auto id = account_id_of(*row);
  if (id.empty()) return damaged_row(Family::accounts, std::to_string(number));
  return std::string(id);
}

StoreResult<std::optional<ledger::Account>> Catalog::account(std::string_view id) const {
  const auto bytes = rows_.get(Family::account_ids, id);
  if (!bytes) return tl::unexpected(bytes.error());
  if (!*bytes) return std::nullopt;
  const auto row = decode_account_id(**bytes);
  if (!row) return damaged_row(Family::account_ids, id);
  if (row->sequence > durable_) return std::nullopt;
  // The row under the id is written in the same batch as the one under the number, so an account
  // that has the first has both.
  auto found = account(row->number);
  if (!found) return tl::unexpected(found.error());
  return std::move(*found);
}

StoreResult<std::vector<ledger::Account>> Catalog::accounts(
    std::string_view after, std::size_t limit, const Enough<ledger::Account>& enough) const {
  std::vector<ledger::Account> found;
  if (limit == 0) return found;
  const auto scanned =
      scan(rows_, Family::account_ids, after, [&](const Cursor& cursor) -> StoreResult<bool> {
        const auto row = decode_account_id(cursor.value());
        if (!row) return damaged_row(Family::account_ids, cursor.key());
        if (row->sequence > durable_) return true;
        auto one = account(row->number);
        if (!one) return tl::unexpected(one.error());
        found.push_back(std::move(*one));
        return !(enough && enough(found.back())) && found.size() < limit;
      });
  if (!scanned) return tl::unexpected(scanned.error());
  return found;
}

StoreResult<std::vector<ledger::Account>> Catalog::accounts_of(
    std::string_view participant_id, std::string_view after,
    const Enough<ledger::Account>& enough) const {
  std::vector<ledger::Account> found;
  const auto prefix = participant_account_prefix(participant_id);
  const auto scanned = scan(rows_, Family::participant_accounts, prefix + std::string(after),
                            [&](const Cursor& cursor) -> StoreResult<bool> {
                              // Rows of this participant stand together.
                              if (!cursor.key().starts_with(prefix)) return false;
                              const auto row = decode_participant_account(cursor.value());
                              if (!row)
                                return damaged_row(Family::participant_accounts, participant_id);
                              if (row->sequence > durable_) return true;
                              auto one = account(row->number);
                              if (!one) return tl::unexpected(one.error());
                              found.push_back(std::move(*one));
                              return !(enough && enough(found.back()));
                            });
  if (!scanned) return tl::unexpected(scanned.error());
  return found;
}

StoreResult<void> Catalog::for_each_account(
    const std::function<void(std::string_view, AccountNumber, Amount)>& visit) const {
  return scan(rows_, Family::account_ids, {}, [&](const Cursor& cursor) -> StoreResult<bool> {
    const auto row = decode_account_id(cursor.value());
    if (!row) return damaged_row(Family::account_ids, cursor.key());
    if (row->sequence <= durable_) visit(cursor.key(), row->number, row->floor);
    return true;
  });
}

StoreResult<void> Catalog::for_each_policy(
    const std::function<void(const PolicyRow&)>& visit) const {
  const auto cursor = rows_.cursor(Family::accounts);
  const auto prefix = policy_prefix();
  const auto row_here = [&]() -> std::optional<PolicyRow> {
    return decode_policy(cursor->key(), cursor->value());
  };
  cursor->seek(prefix);
  while (cursor->valid() && cursor->key().starts_with(prefix)) {
    const auto first = row_here();
    if (!first) return damaged_row(Family::accounts, "policy");
    const auto account = first->result.account;
    cursor->seek_for_prev(policy_key(account, durable_));
    // Without a durable one this is the row of another account, or none.
    const auto last = cursor->valid() ? row_here() : std::nullopt;
    if (last && last->result.account == account) visit(*last);
    cursor->seek(policy_key(account, ~Sequence{0}));
  }
  return cursor->status();
}

StoreResult<std::vector<Sequence>> Catalog::policies_of(AccountNumber account, Sequence first,
                                                        Sequence before, std::size_t limit) const {
  std::vector<Sequence> found;
  const auto end = std::min(before, durable_ + 1);
  if (end <= first) return found;
  const auto first_key = policy_key(account, first);
  const auto cursor = rows_.cursor(Family::accounts);
  cursor->seek_for_prev(policy_key(account, end - 1));
  for (; cursor->valid() && found.size() < limit && cursor->key() >= first_key; cursor->prev()) {
    const auto row = decode_policy(cursor->key(), cursor->value());
    if (!row) return damaged_row(Family::accounts, "policy");
    found.push_back(row->sequence);
  }
  if (auto status = cursor->status(); !status) return tl::unexpected(status.error());
  return found;
}

StoreResult<void> Catalog::for_each_participant(
    const std::function<void(std::string_view)>& visit) const {
  return scan(rows_, Family::participants, {}, [&](const Cursor& cursor) -> StoreResult<bool> {
    // The row begins with its sequence, and the rest is not needed.
    ByteReader in(cursor.value());
    const Sequence sequence = in.varint();
    if (!in.ok()) return damaged_row(Family::participants, cursor.key());
    if (sequence <= durable_) visit(cursor.key());
    return true;
  });
}

}  // namespace sg::persistence
