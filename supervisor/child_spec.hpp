// Child specifications: what a supervisor starts, and how it treats the children that it started.
// They are plain data, as in Erlang/OTP's supervisor. check_child_specs() judges a list of them
// without starting anything.
//
//   ChildSpec journal{.id = "journal", .start = [](caf::event_based_actor* supervisor) {
//     return caf::expected<caf::actor>{supervisor->spawn(journal_actor)};
//   }};
//
// Concurrency. The types are values and safe to copy. A supervisor calls a spec's start function on
// its own thread only.
#pragma once

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/expected.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace sg::supervisor {

// Whether a child that ended by itself is restarted. errors.hpp says which ends are abnormal.
enum class Restart : std::uint8_t {
  permanent,  // restarted whatever the reason of its exit
  transient,  // restarted after an abnormal exit only
  temporary,  // never restarted; its spec is removed with it
};

// A child that is a supervisor is asked for its own children by GetTree (messages.hpp). The type
// also decides the default of `shutdown`, see shutdown_of().
enum class ChildType : std::uint8_t { worker, supervisor };

// How a child is stopped:
//   brutal_kill  it is killed at once
//   timeout      it is asked to stop, and killed if it still runs after `timeout`
//   infinity     it is asked to stop, and the supervisor waits without limit
// To ask is to send an exit_msg with the reason user_shutdown.
struct Shutdown {
  enum class Kind : std::uint8_t { brutal_kill, timeout, infinity };

  Kind kind = Kind::timeout;
  std::chrono::milliseconds timeout{5000};  // used with Kind::timeout only; not negative

  static Shutdown brutal_kill() { return {Kind::brutal_kill, {}}; }
  static Shutdown after(std::chrono::milliseconds timeout) { return {Kind::timeout, timeout}; }
  static Shutdown infinity() { return {Kind::infinity, {}}; }

  friend bool operator==(const Shutdown&, const Shutdown&) = default;
};

// Starts one incarnation of a child and returns its handle. The supervisor calls it on its own
// thread, so it must not block: a child does its slow work after Init (messages.hpp). The start has
// failed if the function returns an error or a null handle, or throws. Errc::ignore is no failure:
// it means that there is nothing to run.
using StartFunction = std::function<caf::expected<caf::actor>(caf::event_based_actor* supervisor)>;

// The start function of a template of simple_one_for_one. `argument` is that of the StartInstance
// request (administration.hpp).
using InstanceFunction = std::function<caf::expected<caf::actor>(caf::event_based_actor* supervisor,
                                                                 const caf::message& argument)>;

// How long an automatic restart waits. The first wait is `min`; each further crash in a row doubles
// it, up to `max`. A random factor in [1, 1 + jitter) keeps many children from coming back at the
// same moment. A child that ran for (min + max) / 2 begins again with `min`. The rule is that of
// Akka's BackoffSupervisor; OTP has none.
struct Backoff {
  std::chrono::milliseconds min{100};     // needs 0 < min <= max
  std::chrono::milliseconds max{10'000};  // before the random factor
  double jitter = 0.2;                    // not negative; 0: no random factor
};

// Detects a child that hangs. Each `period` the supervisor sends the child a Probe (messages.hpp).
// A child that has not answered when the next probe is due hangs in a handler, and CAF cannot
// interrupt a handler. While a child starts it may take several periods. See docs/adr/0009.
struct Liveness {
  enum class Unanswered : std::uint8_t {
    // The supervisor abandons the child: it reports it, sends it a kill in case it ever wakes up,
    // and restarts it as after a crash.
    replace,
    // The supervisor calls Flags::fatal. For a child that writes: if it woke up later, it would
    // write beside its successor.
    end_process,
  };

  std::chrono::milliseconds period{10'000};  // positive, and longer than any handler of the child
  Unanswered unanswered = Unanswered::replace;
};

// Everything that a supervisor has to know about one child.
struct ChildSpec {
  std::string id;         // not empty; unique among its siblings
  StartFunction start{};  // required, unless the spec is a template
  Restart restart = Restart::permanent;
  // Whether a restart after a normal end counts in the restart window, as OTP has it. Not for a
  // child that ends when its turn is over, as often as that may be. A crash counts in any case.
  bool normal_end_counts = true;
  std::optional<Shutdown> shutdown{};  // none: the default, see shutdown_of()
  ChildType type = ChildType::worker;
  bool significant = false;            // its own end may end the supervisor: see AutoShutdown
  std::optional<Backoff> backoff{};    // none: a restart follows at once
  std::optional<Liveness> liveness{};  // none: the child is never probed
  InstanceFunction start_instance{};   // of a template, instead of `start`
};

// Returns the spec's own shutdown, or OTP's default: 5000 ms for a worker, infinity for a
// supervisor.
[[nodiscard]] Shutdown shutdown_of(const ChildSpec& spec);

// When the end of significant children ends their supervisor too. It counts if a child ends by
// itself and no restart follows. It does not count if the supervisor stopped the child.
enum class AutoShutdown : std::uint8_t {
  never,
  any_significant,  // when the first significant child ends
  all_significant,  // when the last significant child ends
};

// Checks specs without starting anything. Returns what is wrong with the first faulty one, as a
// text that names its id, or nullopt if all are valid. `auto_shutdown` is that of the supervisor:
// with `never`, no child may be significant.
[[nodiscard]] std::optional<std::string> check_child_specs(
    std::span<const ChildSpec> specs, AutoShutdown auto_shutdown = AutoShutdown::never);

// The same for the specs of a simple_one_for_one supervisor: there has to be exactly one, with
// `start_instance` in place of `start`.
[[nodiscard]] std::optional<std::string> check_template(std::span<const ChildSpec> specs,
                                                        AutoShutdown auto_shutdown);

// The names of the values for reports: "permanent", "worker", "5000ms", "infinity".
[[nodiscard]] std::string to_string(Restart restart);
[[nodiscard]] std::string to_string(ChildType type);
[[nodiscard]] std::string to_string(const Shutdown& shutdown);

}  // namespace sg::supervisor
