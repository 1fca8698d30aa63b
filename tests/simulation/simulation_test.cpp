// Runs of the simulation, and the proof that it finds what it is for.
#include "tests/simulation/simulation.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

using namespace sg;
using namespace sg::test;

namespace {

constexpr std::uint64_t kSeedsForDefect = 2000;
constexpr int kFound = 17;
constexpr int kNotFound = 18;

// The first seed that finds it; 0: none. In a process of its own, which with some defects ends by
// itself: that is found too.
std::uint64_t found_by(faults::Defect defect) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    for (const int signal : {SIGSEGV, SIGABRT}) std::signal(signal, SIG_DFL);
    for (std::uint64_t seed = 1; seed <= kSeedsForDefect; ++seed) {
      if (::write(ends[1], &seed, sizeof seed) != sizeof seed) ::_exit(kNotFound);
      if (!simulate({seed, defect, false}).breaches.empty()) ::_exit(kFound);
    }
    ::_exit(kNotFound);
  }
  ::close(ends[1]);
  std::uint64_t seed = 0;
  while (::read(ends[0], &seed, sizeof seed) == sizeof seed) {
  }
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (WIFEXITED(status)) return WEXITSTATUS(status) == kNotFound ? 0 : seed;
  return WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGABRT ? seed : 0;
}

}  // namespace

TEST_CASE("Nothing is lost, doubled or invented in 500 seeds") {
  RunReport all;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const auto report = simulate({seed, faults::Defect::none, false});
    all.committed += report.committed;
    all.refused += report.refused;
    all.unknown += report.unknown;
    all.processes += report.processes;
    INFO("seed " << seed << ": "
                 << (report.breaches.empty() ? std::string() : report.breaches.front()));
    CHECK(report.breaches.empty());
  }
  CHECK(all.committed > 10'000);
  CHECK(all.refused > 10'000);
  CHECK(all.unknown > 10'000);
  CHECK(all.processes > 1'000);
}

TEST_CASE("A seed replays the same way") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    CHECK(simulate({seed}).trace == simulate({seed}).trace);
  }
}

TEST_CASE("Each defect is found") {
  for (std::size_t i = 1; i < faults::kDefectsOfOneNode; ++i) {
    const auto defect = static_cast<faults::Defect>(i);
    const auto seed = found_by(defect);
    INFO(to_string(defect));
    REQUIRE(seed != 0);
    CHECK(simulate({seed}).breaches.empty());  // the defect alone is what it found
  }
}
