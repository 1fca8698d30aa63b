// The supervision tree: what starts, in which order, under whom.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <memory>

#include "actors/gateway/gateway.hpp"
#include "actors/runtime.hpp"
#include "supervisor/report.hpp"

namespace sg::actors {

// Scheduler and error texts; call before the actor system is made.
void configure(caf::actor_system_config& config, const config::Settings& settings);

// Starts the tree. The root ends with it: watch it to know.
caf::actor spawn_tree(caf::actor_system& system, RuntimePtr runtime,
                      std::shared_ptr<GatewaySeat> seat);

// A supervisor's report as a line in the log.
void log_report(const supervisor::Report& report);

}  // namespace sg::actors
