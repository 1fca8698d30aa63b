// Two tables of OTP's supervisor.
//
// A child that ended by itself, by restart type. The first word says whether its end is reported:
//
//              normal or shutdown   abnormal
//   permanent  report, restart      report, restart
//   transient  silent, keep         report, restart
//   temporary  silent, forget       report, forget
//
// A child that was told to stop, and the kinds of exit that are expected of it:
//
//              asked to stop        brutal_kill
//   permanent  shutdown             kill
//   others     shutdown, normal     kill, shutdown, normal
#include "supervisor/exit_rule.hpp"

#include <caf/exit_reason.hpp>

namespace sg::supervisor {

ExitRule exit_rule(Restart restart, ExitKind kind) {
  const bool abnormal = kind == ExitKind::abnormal;
  switch (restart) {
    case Restart::permanent:
      return {true, Consequence::restart};
    case Restart::transient:
      return {abnormal, abnormal ? Consequence::restart : Consequence::keep};
    case Restart::temporary:
      return {abnormal, Consequence::forget};
  }
  // Not reached: the switch names every value.
  return {true, Consequence::restart};
}

bool is_expected_stop(Restart restart, const Shutdown& shutdown, const caf::error& reason) {
  const ExitKind kind = exit_kind(reason);
  const bool is_permanent = restart == Restart::permanent;
  if (kind == ExitKind::normal) return !is_permanent;
  if (shutdown.kind == Shutdown::Kind::brutal_kill) {
    return reason == caf::exit_reason::kill || (kind == ExitKind::shutdown && !is_permanent);
  }
  return kind == ExitKind::shutdown;
}

}  // namespace sg::supervisor
