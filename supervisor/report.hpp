// Reports in OTP's shape: what happened to which child, and why. A supervisor hands each to the
// report handler of its flags and logs nothing itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "supervisor/child_spec.hpp"

namespace sg::supervisor {

enum class Context : std::uint8_t {
  progress,          // a child is up, after a start or a restart
  start_error,       // a start or a restart failed
  child_terminated,  // a child ended by itself
  shutdown_error,    // a child ended otherwise than asked while it was being stopped
  shutdown,          // reached_max_restart_intensity: the supervisor gives up
};

struct Offender {
  std::string handle;  // "id@node" of the actor, empty if there was none
  std::string id;
  Restart restart = Restart::permanent;
  Shutdown shutdown;
  ChildType type = ChildType::worker;
  bool significant = false;
};

struct Report {
  std::string supervisor;
  Context context = Context::progress;
  std::string reason;  // empty in a progress report
  Offender offender;
  bool unresponsive = false;      // the child was abandoned: its thread may still be in it
  std::uint64_t incarnation = 0;  // how many times this child was started, failed starts included
};

// Called on the supervisor's thread: must not block. What it throws is dropped.
using ReportHandler = std::function<void(const Report&)>;
// Called with the report of a child whose hanging must end the process. Does not return.
using FatalHandler = std::function<void(const Report&)>;

[[nodiscard]] std::string to_string(Context context);

// One line: "root: child_terminated id=journal incarnation=2 ... reason=disk full".
[[nodiscard]] std::string to_string(const Report& report);

}  // namespace sg::supervisor
