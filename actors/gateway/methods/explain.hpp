// AdminService.ExplainTransaction: what a recent write went through.
#pragma once

#include "actors/gateway/transport/unary_call.hpp"

namespace sg::actors {

void explain_transaction(UnaryCall& call);

}  // namespace sg::actors
