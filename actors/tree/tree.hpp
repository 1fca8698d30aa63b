// The supervision tree: what starts, in which order, under whom.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <memory>
#include <vector>

#include "actors/gateway/gateway.hpp"
#include "actors/runtime.hpp"
#include "supervisor/child_spec.hpp"

namespace sg::actors {

// Scheduler and error texts; call before the actor system is made.
void configure(caf::actor_system_config& config, const config::Settings& settings);

// The child that lets requests in: the last to start, the first to stop.
supervisor::ChildSpec gateway_spec(const RuntimePtr& runtime, std::shared_ptr<GatewaySeat> seat);

// Starts the tree. The root ends with it: watch it to know. `first`: the children that come before
// all others, if runtime->member is set (actors/member/member_children.hpp).
caf::actor spawn_tree(caf::actor_system& system, const RuntimePtr& runtime,
                      supervisor::ChildSpec gateway, std::vector<supervisor::ChildSpec> first = {});

}  // namespace sg::actors
