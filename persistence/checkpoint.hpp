// Balances at a checkpoint, and what the blocks after it make of them.
#pragma once

#include <span>
#include <vector>

#include "persistence/key_value.hpp"

namespace sg::persistence {

// Unsynced: the marker's write syncs what was written before it.
StoreResult<void> write_balance_pages(KeyValue& rows, std::span<const BalancePage> pages);

// By account number, at `head`. An account on no page starts with its initial balance, unless it is
// as old as the marker: then pages are missing. A record
// counts for an account only past its page's sequence, so a marker older than the pages is
// harmless.
StoreResult<std::vector<Amount>> load_balances(const KeyValue& rows, const ChainHead& head,
                                               Sequence marker);

}  // namespace sg::persistence
