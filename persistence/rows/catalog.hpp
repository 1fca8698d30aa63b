// The catalog of participants and accounts, and of what their policies have been: rows that are
// written in one batch with the block that makes them.
//
//   Catalog::add(*batch, group);                 // beside the group's blocks
//   auto found = Catalog(rows, durable).account("alice:cash");
//
// Rows are in the database as soon as their batch is written, that is before it is synced. So each
// reader names the durable sequence, and rows of later records are passed over.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/chain/group_contents.hpp"
#include "persistence/chain/record.hpp"
#include "persistence/medium/key_value.hpp"
#include "persistence/rows/listing.hpp"

namespace sg::persistence {

// The rows up to one durable sequence. Cheap to make: make one for each call. Thread-safe.
//
// Errors: those of the database, and `corrupt` for a row that does not decode or is missing.
class Catalog {
 public:
  Catalog(const KeyValue& rows, Sequence durable) : rows_(rows), durable_(durable) {}

  // Adds the rows of everything that the group creates.
  static void add(Batch& batch, const GroupContents& group);

  // Nullopt if no participant has this id.
  StoreResult<std::optional<ledger::Participant>> participant(std::string_view id) const;
  // At most `limit` participants with ids after `after` (exclusive), in the order of their ids. An
  // empty `after` begins with the first one. The role `unspecified` takes all of them. The list
  // ends early when `enough` returns true.
  StoreResult<std::vector<ledger::Participant>> participants(
      ledger::ParticipantRole role, std::string_view after, std::size_t limit,
      const Enough<ledger::Participant>& enough) const;
  StoreResult<std::optional<ledger::Account>> account(std::string_view id) const;
  // For an account that must exist: that it is missing is `corrupt`. These two do not look at the
  // durable sequence, because the caller has the number from a durable record.
  StoreResult<ledger::Account> account(AccountNumber number) const;
  StoreResult<std::string> account_id(AccountNumber number) const;
  // As participants().
  StoreResult<std::vector<ledger::Account>> accounts(std::string_view after, std::size_t limit,
                                                     const Enough<ledger::Account>& enough) const;
  // The accounts of a participant, by type and then by id, behind the position `after` of an
  // account of it (rows.hpp; empty: from the first). The list ends early when `enough` returns
  // true.
  StoreResult<std::vector<ledger::Account>> accounts_of(
      std::string_view participant_id, std::string_view after,
      const Enough<ledger::Account>& enough) const;

  // Calls `visit` with id, number and floor of every account, by id. Reads no metadata, so it costs
  // less than accounts().
  StoreResult<void> for_each_account(
      const std::function<void(std::string_view, AccountNumber, Amount)>& visit) const;
  // Calls `visit` with the last policy of each account, by account; that of the whole ledger comes
  // last. The history is passed over.
  StoreResult<void> for_each_policy(const std::function<void(const PolicyRow&)>& visit) const;
  // The sequences from `first` up to before `before` of the records that made policies of an
  // account, newest first; kNoAccount: of the whole ledger.
  StoreResult<std::vector<Sequence>> policies_of(AccountNumber account, Sequence first,
                                                 Sequence before, std::size_t limit) const;
  // Calls `visit` with the id of every participant, by id.
  StoreResult<void> for_each_participant(const std::function<void(std::string_view)>& visit) const;

 private:
  // The bytes of the account's row.
  StoreResult<std::string> account_row(AccountNumber number) const;

  const KeyValue& rows_;
  Sequence durable_;  // rows of later records are not shown
};

}  // namespace sg::persistence
