// Balances at a checkpoint, and what the blocks after it make of them.
#pragma once

#include <vector>

#include "persistence/chain/record.hpp"
#include "persistence/medium/key_value.hpp"

namespace sg::persistence {

// By account number, at `head`. An account on no page starts with its initial balance, unless it is
// as old as the marker: then pages are missing. A record counts for an account only past its page's
// sequence, so a marker older than the pages is harmless.
//
// What is loaded is checked: the pages against the list that was written with the marker, and the
// sum of all balances against the chain's postings. An error when either does not fit.
StoreResult<std::vector<Amount>> load_balances(const KeyValue& rows, const ChainHead& head,
                                               Sequence marker);

}  // namespace sg::persistence
