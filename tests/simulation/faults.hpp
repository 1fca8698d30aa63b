// The dice of what goes wrong: disk and clock at each step, crashes at each point that is passed.
#pragma once

#include <stdexcept>

#include "faults/fault_injection.hpp"
#include "tests/simulation/process.hpp"

namespace sg::test {

struct InjectedCrash : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Faults {
 public:
  explicit Faults(World& world) : world_(world) {}

  // The process that they are for; none: nothing goes wrong.
  void aim_at(Process* process) { process_ = process; }
  // Also while a process starts, when it is not there yet.
  void begin() { on_ = true; }
  // What was ordered and did not happen yet is forgotten, a full disk is freed.
  void stop();

  // Between two messages.
  void step();
  // Whether the actor whose turn it is dies instead.
  bool kills() { return on_ && world_.random.chance(world_.scenario.faults.kill); }
  // Throws, or not.
  void at(faults::Point point);

 private:
  World& world_;
  Process* process_ = nullptr;
  bool on_ = false;
  bool full_ = false;
};

}  // namespace sg::test
