// Groups of replicas under random faults, and the proof that the checks find what they are for.
#include "tests/replication/chaos.hpp"

#include <catch2/catch.hpp>

using namespace sg::test;

namespace {

constexpr std::uint64_t kSeedsForDefect = 2000;

// The first seed that finds it; 0: none.
std::uint64_t found_by(GroupDefect defect) {
  for (std::uint64_t seed = 1; seed <= kSeedsForDefect; ++seed) {
    if (!run_chaos(seed, defect).breaches.empty()) return seed;
  }
  return 0;
}

}  // namespace

TEST_CASE("A group keeps what it committed, in 200 seeds") {
  ChaosReport all;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto report = run_chaos(seed);
    INFO("seed " << seed << ": "
                 << (report.breaches.empty() ? std::string() : report.breaches.front()));
    CHECK(report.breaches.empty());
    all.committed += report.committed;
    all.reads += report.reads;
    all.crashes += report.crashes;
    all.elections += report.elections;
    all.changes += report.changes;
  }
  // The runs are no idle ones.
  CHECK(all.committed > 10'000);
  CHECK(all.reads > 5'000);
  CHECK(all.crashes > 500);
  CHECK(all.elections > 1'000);
  CHECK(all.changes > 100);
}

TEST_CASE("Groups on the ledger's own store keep what they committed, in 60 seeds") {
  ChaosReport all;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const auto report = run_chaos(seed, GroupDefect::none, DiskKind::store);
    INFO("seed " << seed << ": "
                 << (report.breaches.empty() ? std::string() : report.breaches.front()));
    CHECK(report.breaches.empty());
    all.committed += report.committed;
    all.crashes += report.crashes;
  }
  CHECK(all.committed > 3'000);
  CHECK(all.crashes > 100);
}

TEST_CASE("A seed of a group replays the same way") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    CHECK(run_chaos(seed).trace == run_chaos(seed).trace);
  }
}

TEST_CASE("Each defect of a group is found") {
  for (auto i = static_cast<std::size_t>(GroupDefect::none) + 1;
       i < static_cast<std::size_t>(GroupDefect::count); ++i) {
    const auto defect = static_cast<GroupDefect>(i);
    const auto seed = found_by(defect);
    INFO(to_string(defect));
    REQUIRE(seed != 0);
    CHECK(run_chaos(seed).breaches.empty());  // the defect alone is what it found
  }
}
