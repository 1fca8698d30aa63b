#include "actors/member/member_children.hpp"

#include <utility>

#include "actors/children.hpp"

namespace sg::actors {
namespace {

using supervisor::ChildSpec;

template <class Function, class... Args>
caf::expected<caf::actor> start(caf::event_based_actor* parent, const RuntimePtr& runtime,
                                Function function, Args... args) {
  if (runtime->detached) return parent->spawn<caf::detached>(function, runtime, std::move(args)...);
  return parent->spawn(function, runtime, std::move(args)...);
}

// Both write, the one by way of the other: neither may wake up beside its successor.
ChildSpec writer_spec(const RuntimePtr& runtime, std::string_view id) {
  ChildSpec spec;
  spec.id = std::string(id);
  spec.shutdown = supervisor::Shutdown::infinity();
  spec.liveness = supervisor::Liveness{runtime->settings.supervisor.liveness_period,
                                       supervisor::Liveness::Unanswered::end_process};
  return spec;
}

}  // namespace

std::vector<ChildSpec> member_children(const RuntimePtr& runtime, MemberOptions options) {
  auto writer = writer_spec(runtime, kLogWriterId);
  writer.start = [runtime, restarted = false](caf::event_based_actor* parent) mutable {
    // It would wait for a reader that hangs in the store before it could open that anew.
    if (restarted && runtime->left_behind->load()) {
      runtime->end_process("the store cannot be opened anew");
    }
    return start(parent, runtime, log_writer, std::exchange(restarted, true));
  };
  auto replica = writer_spec(runtime, kReplicaId);
  replica.start = [runtime, options = std::move(options)](caf::event_based_actor* parent) {
    return start(parent, runtime, member, caf::actor_cast<caf::actor>(parent), options);
  };
  return {std::move(writer), std::move(replica)};
}

}  // namespace sg::actors
