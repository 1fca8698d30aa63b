// The messages between a supervisor and its children, and what other actors may ask a supervisor.
// Requests that change its children stand in administration.hpp.
//
// Start handshake. After a start function returned a handle, the supervisor monitors the child and
// requests Init. The child answers, at once or later through a response promise, with one of
//   Ready{} (or caf::ok_atom)  it serves; the supervisor starts the next child
//   an error                   it cannot serve; the supervisor stops it, and the start has failed
//   Ignore{}                   it has nothing to do; the supervisor stops it, and keeps its spec
// If a child ends before it answers, its start has failed. The handshake has no time limit, except
// for a child with a Liveness.
//
//   [](sg::supervisor::Init) { return sg::supervisor::Ready{}; }
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/error.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/type_id.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "supervisor/child_spec.hpp"

namespace sg::supervisor {

// The three messages of the start handshake, see above.
struct Init {};
struct Ready {};
struct Ignore {};

// Asks a child with a Liveness whether its handlers still return; the answer is Alive. It goes
// ahead of the other messages in the child's mailbox. Every handler of such a child has to be
// shorter than the period of its Liveness.
struct Probe {};

struct Alive {
  std::uint64_t mailbox = 0;  // messages that wait in the child's mailbox
};

// Subscribes to the children of a supervisor. The subscriber gets a ChildUp for each running child
// at once. After that it gets a ChildUp when a child becomes Ready, and one ChildDown for each
// ChildUp. The supervisor drops a subscriber that ends. An actor that subscribes again gets the
// running children again, but later messages only once. No answer.
struct Subscribe {
  caf::actor subscriber;
};

// Ends a subscription; does nothing if there is none. No answer.
struct Unsubscribe {
  caf::actor subscriber;
};

// A child serves. `incarnation` counts its starts and begins anew when the supervisor is restarted.
struct ChildUp {
  std::string supervisor;  // Flags::name
  std::string id;
  std::uint64_t incarnation = 0;
  caf::actor handle;
};

// The child of the last ChildUp with this id has ended, or was abandoned because it hangs.
struct ChildDown {
  std::string supervisor;  // Flags::name
  std::string id;
  std::uint64_t incarnation = 0;
  caf::error reason;
};

enum class ChildState : std::uint8_t {
  stopped,     // no handle: it ended and is not restarted, or it ignored its start
  starting,    // was asked Init and has not answered
  running,     // answered Ready
  restarting,  // no handle: it ended or failed to start, and another attempt follows
  stopping,    // was told to stop and is not down yet
};

// Asks for the children in start order; the answer is a ChildList.
struct WhichChildren {};

// One row of a ChildList.
struct ChildInfo {
  std::string id;
  caf::actor handle;  // null unless starting, running or stopping
  ChildState state = ChildState::stopped;
  ChildType type = ChildType::worker;
  Restart restart = Restart::permanent;
};

struct ChildList {
  std::vector<ChildInfo> children;
};

// Asks how many children there are; the answer is a ChildCounts.
struct CountChildren {};

struct ChildCounts {
  std::uint64_t specs = 0;
  std::uint64_t active = 0;       // children that have a handle
  std::uint64_t supervisors = 0;  // specs of supervisors, whether they run or not
  std::uint64_t workers = 0;      // specs of workers, whether they run or not
};

// Asks for the whole tree; the answer is the TreeNode of the supervisor itself. The supervisor asks
// the supervisors among its children in turn. If one of those ends before it answers, its node has
// no children.
struct GetTree {};

// A child, or the supervisor that was asked, which is called the root here.
struct TreeNode {
  std::string id{};  // of the root: the supervisor's name
  ChildType type = ChildType::worker;
  ChildState state = ChildState::stopped;
  std::uint64_t incarnation = 0;
  std::uint64_t restarts_in_window = 0;  // automatic ones; of the root: of all of its children
  std::string last_exit{};               // reason of its last end, empty if there was none
  std::int64_t uptime_ms = 0;            // since it was Ready; 0 unless it runs
  std::int64_t mailbox = -1;             // from its last Alive; -1: not known
  std::vector<TreeNode> children{};
};

// The name of the value: "running".
[[nodiscard]] std::string to_string(ChildState state);

// Registers the message types below and the renderer of our errors with an actor system. Call it
// before the actor system is made. A supervisor works without it; remote use and readable errors
// need it.
void register_messages(caf::actor_system_config& config);

// How CAF prints and serialises the messages.

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, Init&) {
  return f(caf::meta::type_name("Init"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, Ready&) {
  return f(caf::meta::type_name("Ready"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, Ignore&) {
  return f(caf::meta::type_name("Ignore"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, Probe&) {
  return f(caf::meta::type_name("Probe"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, Alive& x) {
  return f(caf::meta::type_name("Alive"), x.mailbox);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, Subscribe& x) {
  return f(caf::meta::type_name("Subscribe"), x.subscriber);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, Unsubscribe& x) {
  return f(caf::meta::type_name("Unsubscribe"), x.subscriber);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ChildUp& x) {
  return f(caf::meta::type_name("ChildUp"), x.supervisor, x.id, x.incarnation, x.handle);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ChildDown& x) {
  return f(caf::meta::type_name("ChildDown"), x.supervisor, x.id, x.incarnation, x.reason);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, WhichChildren&) {
  return f(caf::meta::type_name("WhichChildren"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ChildInfo& x) {
  return f(caf::meta::type_name("ChildInfo"), x.id, x.handle, x.state, x.type, x.restart);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ChildList& x) {
  return f(caf::meta::type_name("ChildList"), x.children);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, CountChildren&) {
  return f(caf::meta::type_name("CountChildren"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ChildCounts& x) {
  return f(caf::meta::type_name("ChildCounts"), x.specs, x.active, x.supervisors, x.workers);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, GetTree&) {
  return f(caf::meta::type_name("GetTree"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, TreeNode& x) {
  return f(caf::meta::type_name("TreeNode"), x.id, x.type, x.state, x.incarnation,
           x.restarts_in_window, x.last_exit, x.uptime_ms, x.mailbox, x.children);
}

}  // namespace sg::supervisor

// The numbers by which CAF knows the message types; a new type goes to the end. The next block
// begins at caf::id_block::supervisor::end.
CAF_BEGIN_TYPE_ID_BLOCK(supervisor, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(supervisor, (sg::supervisor::Init))
CAF_ADD_TYPE_ID(supervisor, (sg::supervisor::Ready))
CAF_ADD_TYPE_ID(supervisor, (sg::supervisor::Ignore))
CAF_ADD_TYPE_ID(supervisor, (sg::supervisor::Subscribe))
CAF_ADD_TYPE_ID(supervisor, (sg::supervisor::Unsubscribe))
CAF_ADD_TYPE_ID(supervisor, (sg::supervisor::ChildUp))
CAF_ADD_TYPE_ID(supervisor, (sg::supervisor::ChildDown))
CAF_ADD_TYPE_ID(supervisor, (sg::supervisor::WhichChildren))
CAF_ADD_TYPE_ID(supervisor, (sg::supervisor::ChildList))
CAF_ADD_TYPE_ID(supervisor, (sg::supervisor::CountChildren))
CAF_ADD_TYPE_ID(supervisor, (sg::supervisor::ChildCounts))
CAF_ADD_TYPE_ID(supervisor, (sg::supervisor::GetTree))
CAF_ADD_TYPE_ID(supervisor, (sg::supervisor::TreeNode))
CAF_ADD_TYPE_ID(supervisor, (sg::supervisor::Probe))
CAF_ADD_TYPE_ID(supervisor, (sg::supervisor::Alive))
CAF_END_TYPE_ID_BLOCK(supervisor)
