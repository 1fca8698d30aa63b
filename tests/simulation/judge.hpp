// What must hold, whatever happened: the chain against what the clients asked and were told. Each
// breach is a sentence.
//
// The chain is the serial order that has to explain everything: an OK stands in it where it was
// told; a refusal and a read were true at a place in it between what was durable when they were
// asked and when they were told.
#pragma once

#include <string>
#include <vector>

#include "persistence/store.hpp"
#include "tests/simulation/chain_image.hpp"
#include "tests/simulation/client_log.hpp"

namespace sg::test {

// Whether the program has broken an invariant of its own since it had broken `before` of them. Such
// a one ends an actor, whose supervisor starts it anew: no client would ever know.
Breaches judge_invariants(std::uint64_t before);

// The store is at rest and was just opened.
Breaches judge(const persistence::Store& store, const ClientLog& log);

}  // namespace sg::test
