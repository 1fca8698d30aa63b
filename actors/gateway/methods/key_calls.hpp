// The calls that ask what became of an idempotency key. They go to the coordinator as a write does,
// since a request that is in flight decides what there is to tell.
#pragma once

namespace sg::actors {

class UnaryCall;

void get_key_outcome(UnaryCall& call);
void seal_key(UnaryCall& call);

}  // namespace sg::actors
