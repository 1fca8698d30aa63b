// How the threads that run coordinator and shards share the processors with everybody else.
#pragma once

#include <caf/actor_system_config.hpp>

namespace sg::actors {

// The scheduler's workers become batch threads (SCHED_BATCH, sched(7)): one that wakes up does not
// push aside the thread that woke it. On a few processors the gateway then reads all calls that
// have arrived before the coordinator takes them, as one batch, and the journal is not interrupted.
void use_batch_workers(caf::actor_system_config& config);

}  // namespace sg::actors
