#include "server/service_manager.hpp"

#include <systemd/sd-daemon.h>
#include <time.h>

namespace sg::server {
namespace {

// That nobody hears it is no error: the daemon runs without a service manager as well.
void tell(const std::string& message) { (void)sd_notify(0, message.c_str()); }

// In the unit of the protocol.
std::string microseconds(std::chrono::microseconds time) { return std::to_string(time.count()); }

}  // namespace

void tell_ready(const std::string& status) { tell("READY=1\nSTATUS=" + status); }

void tell_status(const std::string& status) { tell("STATUS=" + status); }

void tell_reloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const auto since_boot = std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  tell("RELOADING=1\nMONOTONIC_USEC=" +
       microseconds(std::chrono::duration_cast<std::chrono::microseconds>(since_boot)) +
       "\nSTATUS=reading the settings again");
}

void tell_stopping(const std::string& status, std::chrono::milliseconds longest) {
  tell("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + microseconds(longest) + "\nSTATUS=" + status);
}

void tell_still_busy(std::chrono::milliseconds longest) {
  tell("EXTEND_TIMEOUT_USEC=" + microseconds(longest));
}

void tell_alive() { tell("WATCHDOG=1"); }

std::optional<std::chrono::microseconds> watchdog_period() {
  std::uint64_t period_us = 0;
  if (sd_watchdog_enabled(0, &period_us) <= 0) return std::nullopt;
  return std::chrono::microseconds(period_us);
}

}  // namespace sg::server
