// An OTP supervisor as a CAF actor: it starts its children from left to right, restarts those that
// end as their specs say, and stops them from right to left. It knows nothing of what they do.
//
//   auto root = spawn_supervisor(system, {.name = "root"}, {journal_spec, shards_spec});
//   caf::anon_send_exit(root, caf::exit_reason::user_shutdown);
//
// Start. Each child is asked Init and the next one started when it is Ready (messages.hpp). One
// that cannot start stops what was started, in reverse; the supervisor ends with
// failed_to_start_child. It answers Init itself, so it can be a child.
//
// Restart. At once, or after the spec's back-off, beside whatever else goes on. Every automatic
// attempt counts in the window, the failed ones too; between attempts other messages are served.
// Beyond `intensity` within `period` it reports reached_max_restart_intensity, stops its children
// and ends with Errc::shutdown; so it does when a child hangs each time that it is started. A
// transient supervisor that gives up therefore stays down: make
// sub-supervisors permanent. While one_for_all or rest_for_one stops and starts its children, the
// crash of another waits, and so do requests that change children.
//
// Children come and go by request (administration.hpp). Those that were added are not known to a
// successor of this supervisor.
//
// Stop. On an exit_msg from the parent, or with user_shutdown from anyone but a child, at any time:
// its children are stopped one by one, then it ends with that reason. A supervisor that ends in any
// other way kills its children.
//
// Children are monitored, not linked: CAF ends the far side of a link with the killed one, whatever
// its exit handler says. A link that a start function made is removed.
//
// Concurrency. One actor. Start functions and the report handler run on its thread: no blocking.
//
// Limitations. CAF cannot pre-empt a handler, so a child may outlast its kill; it is waited for,
// but for one with a Liveness: it is asked for a last time, and abandoned when that is not
// answered.
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

enum class Strategy : std::uint8_t {
  one_for_one,   // only the child that ended is restarted
  one_for_all,   // all are stopped, in reverse, and started anew
  rest_for_one,  // the same with the child and those that stand to its right
  // The only spec is a template: children are made of it with StartInstance, any number of them,
  // and are gone when they end for good.
  simple_one_for_one,
};

struct Flags {
  std::string name;  // for reports and subscribers
  Strategy strategy = Strategy::one_for_one;
  int intensity = 1;  // restarts allowed within `period`; 0: the first crash is one too many
  std::chrono::milliseconds period{5000};
  AutoShutdown auto_shutdown = AutoShutdown::never;
  ReportHandler report{};
  // Of a child with Liveness::Unanswered::end_process; none: the process is aborted.
  FatalHandler fatal{};
  // It gets a thread of its own: children that hang cannot take it away.
  bool detached = false;
  // In [0, 1), for the jitter of back-offs; none: std::random_device's.
  std::function<double()> random{};
};

// What is wrong with the flags, or nothing.
[[nodiscard]] std::optional<std::string> check_flags(const Flags& flags);

// Starts a supervisor without a parent. With faulty flags or specs it ends with bad_specification.
[[nodiscard]] caf::actor spawn_supervisor(caf::actor_system& system, Flags flags,
                                          std::vector<ChildSpec> children);

// The same below `parent`, any exit message of which stops it.
[[nodiscard]] caf::actor spawn_supervisor(caf::local_actor* parent, Flags flags,
                                          std::vector<ChildSpec> children);

// The spec of a supervisor below a supervisor: permanent, id = flags.name.
[[nodiscard]] ChildSpec supervisor_spec(Flags flags, std::vector<ChildSpec> children);

}  // namespace sg::supervisor
