// Holds what the clients were told against what the ledger says of itself.
#pragma once

#include "persistence/store.hpp"
#include "tests/faults/faulty_ledger.hpp"
#include "tests/faults/load.hpp"

namespace sg::test {

// Through the gateway: each acknowledged key is there exactly once, a refused one is not; balances
// are those of the history; the server's own verification finds nothing.
void audit(LedgerClient& client, const Outcomes& outcomes);

// Both, after calls were left open, as faults do: stops the ledger in between.
void audit(FaultyLedger& ledger, const Outcomes& outcomes);

// A store that no server runs on.
void audit(const persistence::Store& store, const Outcomes& outcomes);

}  // namespace sg::test
