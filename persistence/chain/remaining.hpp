// What records say is left of transactions that may be taken back.
//
// Pure functions: thread-safe.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ledger/reversal.hpp"
#include "persistence/chain/block_reader.hpp"

namespace sg::persistence {

// Of a transaction of which nothing was taken back yet: all that it moved. Nullopt: the record has
// fields that this program does not know. Needs: it is a transaction.
std::optional<ledger::Remainder> whole_of(const DecodedRecord& record);

// The same amounts, each account once, in the order of its first part. Accounts with 0 are left
// out, and the ids are empty.
std::vector<ledger::Remaining> by_account(std::span<const ledger::Remainder::Part> parts);

}  // namespace sg::persistence
