// What follows from a child's end: OTP's table of restart type and reason, and which reasons are
// expected of a child that was told to stop. Functions of values.
#pragma once

#include <caf/error.hpp>

#include "supervisor/child_spec.hpp"
#include "supervisor/errors.hpp"

namespace sg::supervisor {

enum class Consequence : std::uint8_t {
  restart,  // counts in the window
  keep,     // the spec stays without a handle
  forget,   // the spec goes
};

struct ExitRule {
  bool report;  // as child_terminated
  Consequence consequence;

  friend bool operator==(const ExitRule&, const ExitRule&) = default;
};

// For a running child that ended by itself.
[[nodiscard]] ExitRule exit_rule(Restart restart, ExitKind kind);

// For a child that its supervisor stopped: false is a shutdown_error. A permanent child owes the
// reason `shutdown`, the others may end normally too; a kill is expected of brutal_kill only.
[[nodiscard]] bool is_expected_stop(Restart restart, const Shutdown& shutdown,
                                    const caf::error& reason);

}  // namespace sg::supervisor
