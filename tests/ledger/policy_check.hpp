// What the chain of a model journal makes of policies, on a naive model.
#pragma once

#include <string>
#include <vector>

#include "tests/support/ledger_house.hpp"
#include "tests/support/naive_policies.hpp"

namespace sg::test {

// The ledger before the chain, and after its first units: from the last one that ends at or before
// `since` on, up to `until`. Breaches of the chain are added to `faults`.
std::vector<NaiveLedger> replay(const ModelJournal& journal, ledger::Sequence since,
                                ledger::Sequence until, std::vector<std::string>& faults);

// Whether some of these states refuses the item for that reason.
bool is_refused_by_one(const std::vector<NaiveLedger>& states, const TestSubmission& submission,
                       const std::vector<std::uint32_t>& items, std::uint32_t item,
                       ledger::Reason reason);

}  // namespace sg::test
