// What a supervisor and its children say to each other, and what others may ask a supervisor.
//
// Start handshake. After `start` gave a handle the supervisor monitors it and requests Init. The
// child answers, at once or later through a response promise, with one of
//   Ready{} (or caf::ok_atom)  it serves; the next child is started
//   an error                   it cannot; the supervisor stops it, the start has failed
//   Ignore{}                   there is nothing to do; the supervisor stops it, its spec stays
// A child that ends before it answers has failed to start. There is no time limit.
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

struct Init {};
struct Ready {};
struct Ignore {};

// To a child with a Liveness: -> Alive. Every handler of a child has to be shorter than its period.
struct Probe {};

struct Alive {
  std::uint64_t mailbox = 0;  // messages that wait behind the probe
};

// `subscriber` gets a ChildUp for each running child at once, then a ChildUp or ChildDown at each
// change: ChildUp when a child is Ready, ChildDown once for each ChildUp. A dead subscriber is
// dropped. To subscribe again repeats the running children and doubles nothing.
struct Subscribe {
  caf::actor subscriber;
};

struct Unsubscribe {
  caf::actor subscriber;
};

struct ChildUp {
  std::string supervisor;
  std::string id;
  std::uint64_t incarnation = 0;  // grows within one life of the supervisor
  caf::actor handle;
};

struct ChildDown {
  std::string supervisor;
  std::string id;
  std::uint64_t incarnation = 0;
  caf::error reason;
};

enum class ChildState : std::uint8_t {
  stopped,     // no handle: ended for good, or ignored
  starting,    // asked Init
  running,     // Ready
  restarting,  // no handle: the last attempt failed, another follows
  stopping,    // told to stop, not yet down
};

// -> ChildList, in start order
struct WhichChildren {};

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

// -> ChildCounts
struct CountChildren {};

struct ChildCounts {
  std::uint64_t specs = 0;
  std::uint64_t active = 0;       // have a handle
  std::uint64_t supervisors = 0;  // of the specs, alive or not
  std::uint64_t workers = 0;
};

// -> TreeNode of the supervisor itself; supervisors among its children are asked in turn. The
// children of one that ends meanwhile are left out.
struct GetTree {};

struct TreeNode {
  std::string id{};  // of the root: the supervisor's name
  ChildType type = ChildType::worker;
  ChildState state = ChildState::stopped;
  std::uint64_t incarnation = 0;
  std::uint64_t restarts_in_window = 0;  // of this child; of the root: of all of its children
  std::string last_exit{};               // reason of the last end, empty if there was none
  std::int64_t uptime_ms = 0;            // since Ready; 0 unless running
  std::int64_t mailbox = -1;             // of its last Alive; -1: it was never asked
  std::vector<TreeNode> children{};
};

[[nodiscard]] std::string to_string(ChildState state);

// Announces the types below and our errors' texts to an actor system. Needed for remote use and for
// readable errors; a supervisor works without.
void register_messages(caf::actor_system_config& config);

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

// The next block begins at caf::id_block::supervisor::end.
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
