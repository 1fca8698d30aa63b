// What surrounds the ledger's processes and outlives them: the dice, the machines with their disks,
// the clocks, and a trace of what happened.
#pragma once

#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string_view>
#include <vector>

#include "ledger/ids.hpp"
#include "ledger/submission.hpp"
#include "persistence/memory/memory_disk.hpp"
#include "tests/simulation/scenario.hpp"

namespace sg::test {

// A hash of all that happened: equal for two runs of one seed. With `verbose` it is printed too.
class Trace {
 public:
  explicit Trace(bool verbose) : verbose_(verbose) {}

  void mix(std::uint64_t value) { hash_ = (hash_ ^ value) * kPrime; }
  void mix(std::string_view text) {
    for (const char c : text) mix(static_cast<unsigned char>(c));
  }
  // `text` makes the line, and is called only when there is somebody to read it.
  template <class Text>
  void say(const Text& text) const {
    if (verbose_) std::cout << text() << '\n';
  }
  std::uint64_t hash() const { return hash_; }

 private:
  static constexpr std::uint64_t kPrime = 0x100000001B3;  // FNV-1a
  bool verbose_;
  std::uint64_t hash_ = 0xCBF29CE484222325;
};

// One computer: what is left when the process on it ends.
struct Machine {
  std::shared_ptr<persistence::MemoryDisk> disk = persistence::make_memory_disk();
  bool is_full = false;
  std::int64_t clock_is_ahead_ms = 0;  // its wall clock, of the world's
  // What passed and its scheduler was not told yet, for it passed inside of a handler.
  std::chrono::milliseconds owed{0};
};

struct World {
  World(std::uint64_t seed, bool verbose)
      : random(seed), more(~seed), scenario(choose_scenario(random)), trace(verbose) {
    choose_more(scenario, more);
    add_machine();
  }

  Random random;
  Random more;  // for what choose_more() has chosen
  Scenario scenario;
  Trace trace;
  ledger::TimeMs wall = 1'700'000'000'000;
  ledger::SteadyTime steady{};
  std::vector<std::unique_ptr<Machine>> machines;

  Machine& add_machine() { return *machines.emplace_back(std::make_unique<Machine>()); }
  // The only one, where the ledger stands alone.
  Machine& machine() { return *machines.front(); }
  void pass(std::chrono::milliseconds time) {
    steady += time;
    wall += time.count();
    for (const auto& one : machines) one->owed += time;
  }
};

}  // namespace sg::test
