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

struct ChildSpec {
  std::string id;  // unique among its siblings
  StartFunction start;
  Restart restart = Restart::permanent;
  std::optional<Shutdown> shutdown{};  // none: see shutdown_of
  ChildType type = ChildType::worker;
};

// The spec's own shutdown, or OTP's default: 5000 ms for a worker, infinity for a supervisor.
[[nodiscard]] Shutdown shutdown_of(const ChildSpec& spec);

// What is wrong with the first faulty spec, or nothing.
[[nodiscard]] std::optional<std::string> check_child_specs(std::span<const ChildSpec> specs);

[[nodiscard]] std::string to_string(Restart restart);
[[nodiscard]] std::string to_string(ChildType type);
[[nodiscard]] std::string to_string(const Shutdown& shutdown);

}  // namespace sg::supervisor
