// Running time: what a process did not run for ages no key.
#include "ledger/flow/run_clock.hpp"

#include <catch2/catch.hpp>

namespace sg::test {
namespace {

using namespace std::chrono_literals;
using ledger::RunClock;

TEST_CASE("Running time goes on from what was counted, tick by tick", "[ledger][run_clock]") {
  ledger::SteadyTime now{100s};
  RunClock clock(5000, now);
  CHECK(clock.ms() == 5000);
  for (int i = 0; i < 10; ++i) clock.tick(now += 200ms);
  CHECK(clock.ms() == 7000);
  clock.tick(now += 999ms);
  CHECK(clock.ms() == 7999);
}

TEST_CASE("Steps shorter than a millisecond add up", "[ledger][run_clock]") {
  ledger::SteadyTime now{};
  RunClock clock(0, now);
  for (int i = 0; i < 4000; ++i) clock.tick(now += 250us);
  CHECK(clock.ms() == 1000);
}

// The steady clock goes on while a process is stopped: after a long enough pause keys had expired.
TEST_CASE("A pause counts as one step at most, however long it is", "[ledger][run_clock]") {
  ledger::SteadyTime now{};
  RunClock clock(0, now);
  for (int i = 0; i < 3; ++i) {
    clock.tick(now += 1000h);
    clock.tick(now += 200ms);
  }
  CHECK(clock.ms() == 3 * (RunClock::kLongestStep + 200ms).count());
}

TEST_CASE("A clock that goes back takes nothing back", "[ledger][run_clock]") {
  ledger::SteadyTime now{100s};
  RunClock clock(0, now);
  clock.tick(now += 500ms);
  clock.tick(now - 50s);
  CHECK(clock.ms() == 500);
}

}  // namespace
}  // namespace sg::test
