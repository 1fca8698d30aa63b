// What follows from a child's end: OTP's table of restart type and exit reason, and which reasons
// are expected of a child that was told to stop. Pure functions of values.
//
//   exit_rule(Restart::transient, ExitKind::normal)  // {.report = false, Consequence::keep}
#pragma once

#include <caf/error.hpp>

#include "supervisor/child_spec.hpp"
#include "supervisor/errors.hpp"

namespace sg::supervisor {

enum class Consequence : std::uint8_t {
  restart,  // start the child again; counts in the restart window
  keep,     // keep the spec; the child stays down until a request starts it
  forget,   // remove the spec
};

struct ExitRule {
  bool report;  // whether the end is reported, as Context::child_terminated
  Consequence consequence;

  friend bool operator==(const ExitRule&, const ExitRule&) = default;
};

// Returns what follows when a running child ended by itself.
[[nodiscard]] ExitRule exit_rule(Restart restart, ExitKind kind);

// Judges the exit reason of a child that its supervisor stopped. False: the end has to be reported
// as Context::shutdown_error. A permanent child has to end with a shutdown reason; other children
// may end normally too. A kill is expected with brutal_kill only.
[[nodiscard]] bool is_expected_stop(Restart restart, const Shutdown& shutdown,
                                    const caf::error& reason);

}  // namespace sg::supervisor
