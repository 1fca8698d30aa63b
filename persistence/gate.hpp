// Keeps the store open while it is used: users share it, reopening waits for them and is not
// starved by new ones.
#pragma once

#include <mutex>
#include <shared_mutex>

namespace sg::persistence {

class Gate {
 public:
  std::shared_lock<std::shared_mutex> enter() {
    const std::lock_guard queue(turnstile_);
    return std::shared_lock(open_);
  }
  std::unique_lock<std::shared_mutex> close() {
    const std::lock_guard queue(turnstile_);
    return std::unique_lock(open_);
  }

 private:
  std::mutex turnstile_;
  std::shared_mutex open_;
};

}  // namespace sg::persistence
