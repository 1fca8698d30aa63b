#include "supervisor/supervisor.hpp"

#include <caf/spawn_options.hpp>
#include <caf/stateful_actor.hpp>

#include "supervisor/supervisor_state.hpp"

namespace sg::supervisor {
namespace {

// CAF destroys the state as soon as the actor ends, which kills the children that are left.
using SupervisorActor = caf::stateful_actor<SupervisorState>;

// The function that CAF spawns.
caf::behavior run(SupervisorActor* self, Flags flags, std::vector<ChildSpec> children,
                  caf::actor_addr parent) {
  return self->state.make_behavior(std::move(flags), std::move(children), std::move(parent));
}

}  // namespace

std::optional<std::string> check_flags(const Flags& flags) {
  if (flags.intensity < 0) return "intensity is negative";
  if (flags.period.count() <= 0) return "period is not positive";
  return std::nullopt;
}

caf::actor spawn_supervisor(caf::actor_system& system, Flags flags,
                            std::vector<ChildSpec> children) {
  const caf::actor_addr none;
  return flags.detached
             ? system.spawn<caf::detached>(run, std::move(flags), std::move(children), none)
             : system.spawn(run, std::move(flags), std::move(children), none);
}

caf::actor spawn_supervisor(caf::local_actor* parent, Flags flags,
                            std::vector<ChildSpec> children) {
  const auto address = parent->address();
  return flags.detached
             ? parent->spawn<caf::detached>(run, std::move(flags), std::move(children), address)
             : parent->spawn(run, std::move(flags), std::move(children), address);
}

ChildSpec supervisor_spec(Flags flags, std::vector<ChildSpec> children) {
  std::string id = flags.name;
  return {
      .id = std::move(id),
      .start =
          // Copies flags and specs at each start: a restarted supervisor begins with the same
          // children, whatever its predecessor added or removed.
      [flags = std::move(flags), children = std::move(children)](caf::event_based_actor* parent) {
        return caf::expected<caf::actor>{spawn_supervisor(parent, flags, children)};
      },
      .type = ChildType::supervisor};
}

}  // namespace sg::supervisor
