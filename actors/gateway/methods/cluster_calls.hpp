// ClusterService: what operators of a cluster ask.
#pragma once

#include "actors/gateway/transport/unary_call.hpp"

namespace sg::actors {

void init_cluster(UnaryCall& call);
void get_cluster(UnaryCall& call);
void transfer_leadership(UnaryCall& call);

}  // namespace sg::actors
