// The dice of what goes wrong: disk and clock at each step, crashes at each point that is passed.
#pragma once

#include <stdexcept>
#include <utility>

#include "faults/fault_injection.hpp"
#include "tests/simulation/process.hpp"

namespace sg::test {

struct InjectedCrash : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Faults {
 public:
  explicit Faults(World& world) : world_(world), machine_(&world.machine()) {}

  // The process that they are for, and its machine; none: nothing goes wrong in it.
  void aim_at(Process* process, Machine& machine) {
    process_ = process;
    machine_ = &machine;
  }
  // Also while a process starts, when it is not there yet. Returns whether it had begun.
  bool begin(bool on = true) { return std::exchange(on_, on); }
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
  Machine* machine_;
  bool on_ = false;
};

}  // namespace sg::test
