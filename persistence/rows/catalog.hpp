// Participants and accounts: their rows, written with the blocks that create them.
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

// What readers may see: rows up to a durable sequence. Made for one call.
class Catalog {
 public:
  Catalog(const KeyValue& rows, Sequence durable) : rows_(rows), durable_(durable) {}

  static void add(Batch& batch, const GroupContents& group);

  StoreResult<std::optional<ledger::Participant>> participant(std::string_view id) const;
  StoreResult<std::vector<ledger::Participant>> participants(
      ledger::ParticipantRole role, std::string_view after, std::size_t limit,
      const Enough<ledger::Participant>& enough) const;
  StoreResult<std::optional<ledger::Account>> account(std::string_view id) const;
  // An account that must be there.
  StoreResult<ledger::Account> account(AccountNumber number) const;
  StoreResult<std::string> account_id(AccountNumber number) const;
  StoreResult<std::vector<ledger::Account>> accounts(std::string_view after, std::size_t limit,
                                                     const Enough<ledger::Account>& enough) const;
  StoreResult<std::vector<ledger::Account>> accounts_of(std::string_view participant_id) const;

  StoreResult<void> for_each_account(
      const std::function<void(std::string_view, AccountNumber, Amount)>& visit) const;
  StoreResult<void> for_each_participant(const std::function<void(std::string_view)>& visit) const;

 private:
  StoreResult<std::string> account_row(AccountNumber number) const;

  const KeyValue& rows_;
  Sequence durable_;
};

}  // namespace sg::persistence
