// Policies as text for people: as render.hpp.
#pragma once

#include <string>

#include "proto/ledger.pb.h"

namespace sg::cli {

// The account as a policy has left it.
[[nodiscard]] std::string render_policy(const scalegraph::ledger::Transaction& policy, bool colour);
// One policy on each line, with what it has left.
[[nodiscard]] std::string render_policies(const scalegraph::ledger::ListPoliciesResponse& list,
                                          bool colour);
// "open", "closed", "debits frozen", "frozen" ...
[[nodiscard]] std::string state_of(const scalegraph::ledger::Account& account);

}  // namespace sg::cli
