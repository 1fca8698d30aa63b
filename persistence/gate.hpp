// Keeps the store open while threads use it. Users enter together. Whoever reopens the store closes
// the gate, which waits until all users have left.
//
//   const auto inside = gate.enter();     // a reader; leaves when `inside` is destroyed
//   const auto alone = gate.close();      // reopen(); opens the gate when `alone` is destroyed
//
// Thread-safe. A std::shared_mutex alone might never let close() in while new users keep coming. So
// everybody first passes a turnstile, and close() holds it while it waits for the users inside.
//
// Limits: a thread that is inside must not enter again. If close() waits meanwhile, both wait for
// ever.
#pragma once

#include <mutex>
#include <shared_mutex>

namespace sg::persistence {

class Gate {
 public:
  // Waits while the gate is closed or is about to be.
  std::shared_lock<std::shared_mutex> enter() {
    const std::lock_guard queue(turnstile_);
    return std::shared_lock(open_);
  }
  // Waits for all users to leave. New users wait until the returned lock is gone.
  std::unique_lock<std::shared_mutex> close() {
    const std::lock_guard queue(turnstile_);
    return std::unique_lock(open_);
  }

 private:
  std::mutex turnstile_;
  std::shared_mutex open_;
};

}  // namespace sg::persistence
