// The restart window: how many automatic restarts lie within the last `period` (OTP supervisor.erl,
// add_restart). A value; a restart exactly `period` old still counts. OTP counts in whole seconds,
// we in the clock's own unit.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

namespace sg::supervisor {

class RestartWindow {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Needs intensity >= 0 and period > 0 (check_flags).
  RestartWindow(int intensity, std::chrono::milliseconds period);

  // Adds one restart. False: more than `intensity` within `period`, the supervisor has to give up.
  // Intensity 0 gives up at the first. `now` never goes back. Holds at most intensity + 1 times.
  [[nodiscard]] bool add(Time now);

  // Restarts not older than now - period.
  [[nodiscard]] std::size_t count(Time now) const;

 private:
  std::size_t intensity_;
  std::chrono::milliseconds period_;
  std::vector<Time> restarts_;  // oldest first
};

}  // namespace sg::supervisor
