// Child specifications: what a supervisor starts, and how it treats what it started. Plain data, as
// in OTP's supervisor; check_child_specs judges a list of them without starting anything.
//
//   ChildSpec journal{.id = "journal", .start = [](caf::event_based_actor* supervisor) {
//     return caf::expected<caf::actor>{supervisor->spawn(journal_actor)};
//   }};
//
// Values, safe to copy; a `start` is called on its supervisor's thread only.
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

enum class Restart : std::uint8_t {
  permanent,  // restarted whatever the reason of its exit
  transient,  // restarted after an abnormal exit only
  temporary,  // never restarted; its spec goes with it
};

enum class ChildType : std::uint8_t { worker, supervisor };

// How a child is stopped: killed at once; or asked (exit_msg with user_shutdown), and killed if it
// still lives after `timeout`; or asked and waited for without limit.
struct Shutdown {
  enum class Kind : std::uint8_t { brutal_kill, timeout, infinity };

  Kind kind = Kind::timeout;
  std::chrono::milliseconds timeout{5000};  // meaningful with Kind::timeout only

  static Shutdown brutal_kill() { return {Kind::brutal_kill, {}}; }
  static Shutdown after(std::chrono::milliseconds timeout) { return {Kind::timeout, timeout}; }
  static Shutdown infinity() { return {Kind::infinity, {}}; }

  friend bool operator==(const Shutdown&, const Shutdown&) = default;
};

// Starts one incarnation. Called on the supervisor's thread, so it must not block: a child does its
// slow work after Init (messages.hpp). An error, an exception or a null handle is a failed start;
// Errc::ignore means that there is nothing to run and that this is right.
using StartFunction = std::function<caf::expected<caf::actor>(caf::event_based_actor* supervisor)>;

// The same of a template of simple_one_for_one, with what StartInstance brought.
using InstanceFunction = std::function<caf::expected<caf::actor>(caf::event_based_actor* supervisor,
                                                                 const caf::message& argument)>;

// How long an automatic restart waits: min * 2^n after the n-th crash in a row, at most max, times
// a random factor in [1, 1 + jitter) so that many do not come back at once. A child that ran for
// (min + max) / 2 begins again with min. Akka's BackoffSupervisor; OTP has none.
struct Backoff {
  std::chrono::milliseconds min{100};
  std::chrono::milliseconds max{10'000};
  double jitter = 0.2;
};

// Each `period` the child is asked Probe (messages.hpp). One that has not answered when the next is
// due hangs in a handler, which nothing can pre-empt.
struct Liveness {
  enum class Unanswered : std::uint8_t {
    replace,      // it is abandoned: reported, told to go should it ever wake, and restarted
    end_process,  // Flags::fatal is called: a writer that wakes up later must not write
  };

  std::chrono::milliseconds period{10'000};
  Unanswered unanswered = Unanswered::replace;
};

struct ChildSpec {
  std::string id;  // unique among its siblings
  StartFunction start{};
  Restart restart = Restart::permanent;
  std::optional<Shutdown> shutdown{};  // none: see shutdown_of
  ChildType type = ChildType::worker;
  bool significant = false;            // its own end may end the supervisor: see AutoShutdown
  std::optional<Backoff> backoff{};    // none: restarts follow at once
  std::optional<Liveness> liveness{};  // none: never asked
  InstanceFunction start_instance{};   // of a template, instead of `start`
};

// The spec's own shutdown, or OTP's default: 5000 ms for a worker, infinity for a supervisor.
[[nodiscard]] Shutdown shutdown_of(const ChildSpec& spec);

// When the end of significant children ends their supervisor. What counts is an end of their own
// that no restart follows, not one that their supervisor asked for.
enum class AutoShutdown : std::uint8_t {
  never,
  any_significant,  // with the first of them
  all_significant,  // with the last
};

// What is wrong with the first faulty spec, or nothing. Starts nothing.
[[nodiscard]] std::optional<std::string> check_child_specs(
    std::span<const ChildSpec> specs, AutoShutdown auto_shutdown = AutoShutdown::never);

[[nodiscard]] std::string to_string(Restart restart);
[[nodiscard]] std::string to_string(ChildType type);
[[nodiscard]] std::string to_string(const Shutdown& shutdown);

}  // namespace sg::supervisor
