// AdminService.GetTree: the supervision tree as it is now, with restarts, uptimes and mailboxes.
#pragma once

#include "actors/gateway/transport/unary_call.hpp"

namespace sg::actors {

// Asks the root supervisor and answers the call with the tree. Fails the call with UNAVAILABLE if
// the root is not known yet or does not answer.
void ask_tree(UnaryCall& call);

}  // namespace sg::actors
