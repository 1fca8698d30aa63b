// What an actor does with an exception that leaves one of its handlers.
#pragma once

#include <caf/scheduled_actor.hpp>
#include <string>
#include <string_view>

namespace sg::actors {

// It is a bug: logged, and the actor's end, so its supervisor restarts it. Without this, CAF writes
// to standard output, where clients of the daemon look for its port.
void end_with_exceptions(caf::scheduled_actor* self, std::string_view id);

}  // namespace sg::actors
