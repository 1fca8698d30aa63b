// One client more, on a thread and a connection of its own, one call at a time: what a call costs
// in time that is not spent in the crowd's own queue.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "tests/overload/crowd.hpp"

namespace sg::test {

class Witness {
 public:
  explicit Witness(int port) : thread_([this, port] { run(port); }) {}
  ~Witness() { stop(); }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  // How long its refusals took, in ms, sorted; then how long the calls that were accepted took.
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    std::sort(refused_ms.begin(), refused_ms.end());
    std::sort(accepted_ms.begin(), accepted_ms.end());
  }

  std::vector<double> refused_ms;  // read after stop(), as what follows
  std::vector<double> accepted_ms;

 private:
  void run(int port) {
    LedgerClient client(port);
    while (!stopping_) {
      const auto start = std::chrono::steady_clock::now();
      const auto answer = client.credit(crowd_account(0), 1);
      const std::chrono::duration<double, std::milli> took =
          std::chrono::steady_clock::now() - start;
      (answer.ok() ? accepted_ms : refused_ms).push_back(took.count());
    }
  }

  std::atomic<bool> stopping_{false};
  std::thread thread_;  // last: it uses the others
};

}  // namespace sg::test
