// The restart window: counts the automatic restarts within the last `period`, and says when there
// are too many. The algorithm is add_restart of OTP's supervisor.erl. OTP counts in whole seconds,
// this class in the clock's own unit. A restart that is exactly `period` old still counts.
//
//   RestartWindow window(1, std::chrono::seconds(5));
//   window.add(t);                            // true: one restart is allowed
//   window.add(t + std::chrono::seconds(1));  // false: the second within 5 s
//
// A value without a clock of its own: callers pass the time. Not synchronised.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

namespace sg::supervisor {

class RestartWindow {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Needs intensity >= 0 and period > 0; check_flags() checks both.
  RestartWindow(int intensity, std::chrono::milliseconds period);

  // Adds one restart at `now`, which must not be earlier than in the call before. Returns false if
  // there are now more than `intensity` restarts within `period`: the supervisor has to give up.
  // With intensity 0 the first restart is one too many. Keeps at most intensity + 1 times.
  [[nodiscard]] bool add(Time now);

  // Returns how many of the kept restarts are not older than now - period.
  [[nodiscard]] std::size_t count(Time now) const;

 private:
  std::size_t intensity_;  // restarts allowed within period_
  std::chrono::milliseconds period_;
  std::vector<Time> restarts_;  // oldest first
};

}  // namespace sg::supervisor
