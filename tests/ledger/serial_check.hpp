// What must hold of every answer, and of a house that has come to rest, whatever happened before.
// Each breach is a sentence.
#pragma once

#include <string>
#include <vector>

#include "tests/support/ledger_house.hpp"

namespace sg::test {

using Faults = std::vector<std::string>;

// At the moment of the answer: what it shows is durable and was true at a place of the chain
// between the request and the answer.
void check_answer(LedgerHouse& house, const TestSubmission& submission, Faults& faults);

// At rest: everything is answered, no lock and no queue is left, the chain replayed one unit after
// the other on a naive model gives the shards' balances, and each answer agrees with the chain.
void check_rest(LedgerHouse& house, Faults& faults);

}  // namespace sg::test
