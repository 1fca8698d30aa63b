#include "supervisor/report.hpp"

namespace sg::supervisor {

std::string to_string(Context context) {
  switch (context) {
    case Context::progress:
      return "progress";
    case Context::start_error:
      return "start_error";
    case Context::child_terminated:
      return "child_terminated";
    case Context::shutdown_error:
      return "shutdown_error";
    case Context::shutdown:
      return "shutdown";
  }
  return "?";
}

std::string to_string(const Report& report) {
  const Offender& offender = report.offender;
  std::string line = report.supervisor + ": " + to_string(report.context) + " id=" + offender.id +
                     " incarnation=" + std::to_string(report.incarnation) +
                     " handle=" + (offender.handle.empty() ? "none" : offender.handle) +
                     " restart=" + to_string(offender.restart) +
                     " shutdown=" + to_string(offender.shutdown) +
                     " type=" + to_string(offender.type);
  if (offender.significant) line += " significant";
  if (!report.reason.empty()) line += " reason=" + report.reason;
  return line;
}

}  // namespace sg::supervisor
