// What the daemon tells the service manager that started it, such as systemd: that it serves, what
// it is doing, and that it lives. The protocol is that of sd_notify(3). Started by anybody else,
// the functions do nothing.
//
//   tell_ready("serving on 127.0.0.1:50051");
//
// Thread safety: any thread may call all of them. A status is one line.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace sg::server {

// The daemon takes calls; after tell_reloading(): the settings were read again.
void tell_ready(const std::string& status);
// What it does at the moment, for `systemctl status`.
void tell_status(const std::string& status);
// The settings are read again. tell_ready() has to follow.
void tell_reloading();
// The daemon stops, and that may take so long.
void tell_stopping(const std::string& status, std::chrono::milliseconds longest);
// The start or stop that goes on needs at least so much more time, counted from now.
void tell_still_busy(std::chrono::milliseconds longest);
// The daemon is alive. A service manager with a watchdog ends a service that stops saying so.
void tell_alive();

// Within which time the service manager wants to hear tell_alive(); nullopt: it does not.
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_period();

}  // namespace sg::server
