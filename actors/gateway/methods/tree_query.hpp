// AdminService.GetTree: asks the root supervisor what lives.
#pragma once

#include "actors/gateway/transport/unary_call.hpp"

namespace sg::actors {

void ask_tree(UnaryCall& call);

}  // namespace sg::actors
