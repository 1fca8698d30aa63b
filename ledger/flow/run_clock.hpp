// How long servers ran on a store, in milliseconds: idempotency keys age by it. A process that was
// stopped, frozen or suspended did not run, so no key may expire by that.
//
// No clock of the system tells such a pause: CLOCK_MONOTONIC goes on while a process is stopped.
// So the time is counted by ticks of the process itself, and each step is capped.
//
// Pure: time comes as an argument. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>

#include "ledger/submission.hpp"

namespace sg::ledger {

class RunClock {
 public:
  // How often tick() should be called.
  static constexpr std::chrono::milliseconds kTick{200};
  // The most that one step counts: a busy process ticks late, a pause is longer. Time that is not
  // counted lets keys live longer, which is safe.
  static constexpr std::chrono::milliseconds kLongestStep{1000};

  RunClock() = default;
  // `start_ms`: what is counted already.
  RunClock(std::int64_t start_ms, SteadyTime now)
      : counted_(std::chrono::milliseconds(start_ms)), last_(now) {}

  void tick(SteadyTime now);
  std::int64_t ms() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(counted_).count();
  }

 private:
  std::chrono::nanoseconds counted_{0};
  SteadyTime last_{};
};

}  // namespace sg::ledger
