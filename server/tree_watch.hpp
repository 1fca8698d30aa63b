// Waits in main's thread until the supervision tree has ended, and watches it meanwhile.
//
// The root supervisor is asked for the whole tree again and again. Each answer tells the service
// manager that the daemon is alive, so the watchdog is fed by the supervisors and not by a timer:
// if one of them hangs, or the whole process, nothing is told. What the supervisors watch
// themselves is not their end: a worker that hangs is replaced, or the process ends
// (docs/adr/0009).
//
// While the tree starts or stops, the log says every few seconds which child it waits for.
//
// Concurrency: main's thread only.
#pragma once

#include <caf/actor.hpp>
#include <caf/error.hpp>
#include <caf/scoped_actor.hpp>
#include <string>

#include "supervisor/messages.hpp"

namespace sg::server {

// "starting: waits for account_shards/account_shard/1": the first child that the tree waits for.
// Empty while the root runs.
[[nodiscard]] std::string waits_for(const supervisor::TreeNode& root);

// Returns the reason with which the root ended. Needs: `self` monitors it.
[[nodiscard]] caf::error await_tree_end(caf::scoped_actor& self, const caf::actor& root);

}  // namespace sg::server
