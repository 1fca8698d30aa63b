// Reports in the shape of OTP's: what happened to which child, and why. A supervisor hands each
// report to the handler in its flags (Flags::report), and logs nothing itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "supervisor/child_spec.hpp"

namespace sg::supervisor {

// What happened.
enum class Context : std::uint8_t {
  progress,          // a child is up, after a start or a restart
  start_error,       // a start or a restart failed
  child_terminated,  // a child ended by itself
  shutdown_error,    // a child that was told to stop ended with an unexpected reason
  shutdown,          // the supervisor gives up: reached_max_restart_intensity, or hangs
};

// The child that a report is about, with the fields of its spec that matter.
struct Offender {
  std::string handle;  // "id@node" of the actor, empty if there was none
  std::string id;
  Restart restart = Restart::permanent;
  Shutdown shutdown;
  ChildType type = ChildType::worker;
  bool significant = false;
};

struct Report {
  std::string supervisor;  // Flags::name
  Context context = Context::progress;
  std::string reason;  // empty in a progress report
  Offender offender;
  bool unresponsive = false;      // the child was abandoned; its thread may still be in a handler
  std::uint64_t incarnation = 0;  // how many times this child was started, failed starts included
};

// Receives each report. It runs on the supervisor's thread and must not block. The supervisor drops
// an exception that it throws.
using ReportHandler = std::function<void(const Report&)>;
// Ends the process because of a child with Liveness::Unanswered::end_process that hangs. It
// receives the report about that child and must not return; the supervisor aborts the process if it
// does.
using FatalHandler = std::function<void(const Report&)>;

// The name of the value, as it stands in a report's line: "child_terminated".
[[nodiscard]] std::string to_string(Context context);

// One line for a log: "root: child_terminated id=journal incarnation=2 ... reason=disk full".
[[nodiscard]] std::string to_string(const Report& report);

}  // namespace sg::supervisor
