// An OTP supervisor as a CAF actor. It starts its children from left to right, restarts those that
// end as their specs say, and stops them from right to left. It knows nothing of what they do.
//
//   auto root = spawn_supervisor(system, {.name = "root"}, {journal_spec, shards_spec});
//   caf::anon_send_exit(root, caf::exit_reason::user_shutdown);
//
// Start. The supervisor asks each child Init, and starts the next one when it is Ready
// (messages.hpp). If a child cannot start, the supervisor stops those that it has started, in
// reverse, and ends with failed_to_start_child. A supervisor answers Init itself, so it can be a
// child of another.
//
// Restart. A child is restarted at once, or after the back-off of its spec. Other messages are
// served between attempts. Every automatic attempt counts in the restart window, also one that
// fails. The supervisor gives up after more than `intensity` attempts within `period`, and also
// when a child hangs each time that it is started, or when more than `intensity` children have
// hung. It then reports Context::shutdown, stops its children and ends with Errc::shutdown. For a
// transient child that is an orderly end, which no restart follows: make sub-supervisors permanent.
//
// Groups. While one_for_all or rest_for_one stops and starts a group of children, a crash of
// another child waits. Requests that change children wait too.
//
// Requests. Children can be added and removed while the supervisor runs (administration.hpp). When
// a supervisor is restarted, its successor does not know the children that were added.
//
// Stop. A supervisor stops on any exit_msg from its parent, and on one with a shutdown reason
// (ExitKind::shutdown) from any actor but a child. It stops its children one by one, and then ends
// with the reason of the exit_msg. If it ends in any other way, it kills its children.
//
// Monitors, not links. When CAF kills an actor, it ends the actors linked to it too, whatever their
// exit handlers say. So the supervisor monitors its children, and removes a link that a start
// function made.
//
// Concurrency. One actor. Start functions and the report handler run on its thread and must not
// block.
//
// Limitations. CAF cannot interrupt a handler, so a child may survive its kill for some time. The
// supervisor waits for it. If the child has a Liveness, the supervisor waits at least a second and
// at least one period, and then abandons the child.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/local_actor.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/child_spec.hpp"
#include "supervisor/errors.hpp"
#include "supervisor/messages.hpp"
#include "supervisor/report.hpp"

namespace sg::supervisor {

// Which children are restarted when one ends.
enum class Strategy : std::uint8_t {
  one_for_one,   // only the child that ended
  one_for_all,   // all children: they are stopped in reverse, and started again
  rest_for_one,  // the child that ended and those to its right, in the same way
  // The only spec is a template. StartInstance makes any number of children from it. A child that
  // ends and is not restarted is removed.
  simple_one_for_one,
};

// How a supervisor behaves.
struct Flags {
  std::string name;  // identifies the supervisor in reports and to subscribers
  Strategy strategy = Strategy::one_for_one;
  int intensity = 1;  // restarts allowed within `period`; 0: the first crash is one too many
  std::chrono::milliseconds period{5000};
  AutoShutdown auto_shutdown = AutoShutdown::never;
  ReportHandler report{};  // none: reports are dropped
  // Called when a child with Liveness::Unanswered::end_process hangs; none: the process aborts.
  FatalHandler fatal{};
  // Gives the supervisor a thread of its own. Children that hang then cannot block it, even if they
  // occupy every thread of the scheduler.
  bool detached = false;
  // Returns a number in [0, 1) for the jitter of back-offs; none: std::random_device is used.
  std::function<double()> random{};
};

// Returns what is wrong with the flags, or nullopt if they are valid.
[[nodiscard]] std::optional<std::string> check_flags(const Flags& flags);

// Starts a supervisor without a parent and returns at once, before its children run. With faulty
// flags or specs the supervisor ends with bad_specification; monitor it to notice.
[[nodiscard]] caf::actor spawn_supervisor(caf::actor_system& system, Flags flags,
                                          std::vector<ChildSpec> children);

// Starts a supervisor below `parent`. Any exit_msg from the parent stops it.
[[nodiscard]] caf::actor spawn_supervisor(caf::local_actor* parent, Flags flags,
                                          std::vector<ChildSpec> children);

// Returns the spec of a supervisor that is the child of another: permanent, with flags.name as id.
[[nodiscard]] ChildSpec supervisor_spec(Flags flags, std::vector<ChildSpec> children);

}  // namespace sg::supervisor
