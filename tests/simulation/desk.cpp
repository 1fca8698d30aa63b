#include "tests/simulation/desk.hpp"

#include <memory>

#include "actors/journal_link.hpp"
#include "supervisor/messages.hpp"

namespace sg::test {

caf::behavior desk_actor(caf::event_based_actor* self, caf::actor root) {
  struct Known {
    caf::actor coordinator;
    caf::actor queries;
  };
  auto known = std::make_shared<Known>();
  const auto note = [known](const std::string& id, const caf::actor& handle) {
    if (id == actors::kCoordinatorId) known->coordinator = handle;
    if (id == actors::kQueriesId) known->queries = handle;
  };
  return {
      [self, root](supervisor::Init) {
        actors::subscribe(self, root);
        return supervisor::Ready{};
      },
      [note](const supervisor::ChildUp& up) { note(up.id, up.handle); },
      [note](const supervisor::ChildDown& down) { note(down.id, nullptr); },
      // What nobody takes is dropped: its caller is told that the outcome is unknown.
      [known](const actors::Submit& message) {
        if (known->coordinator) caf::anon_send(known->coordinator, message);
      },
      [known](const actors::Cancel& message) {
        if (known->coordinator) caf::anon_send(known->coordinator, message);
      },
      [known](const actors::Ask& message) {
        if (known->queries) caf::anon_send(known->queries, message);
      },
  };
}

}  // namespace sg::test
