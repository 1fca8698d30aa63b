// The property that all else serves: whatever is asked for, in whatever order messages arrive and
// whoever crashes, the ledger keeps its promises. A failure prints the seed and the shortest
// script; RC_PARAMS="seed=S max_success=N" plays it again, or plays more.
#include "tests/ledger/interleaving.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <limits>

namespace sg::test {
namespace {

// The steps of a script, and how many scripts a test plays.
constexpr std::size_t kSteps = 160;
constexpr int kRuns = 700;

rc::Gen<Script> scripts() {
  const auto word = rc::gen::noShrink(rc::gen::resize(
      rc::kNominalSize,
      rc::gen::inRange<std::uint32_t>(0, std::numeric_limits<std::uint32_t>::max())));
  const auto length = rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::size_t>(1, kSteps));
  return rc::gen::mapcat(length,
                         [word](std::size_t n) { return rc::gen::container<Script>(n, word); });
}

void check_property(Crashes crashes) {
  auto params = rc::detail::configuration().testParams;
  params.maxSuccess = std::max(params.maxSuccess, kRuns);
  const auto result = rc::detail::checkTestable(
      [crashes] {
        const auto script = *scripts();
        const auto faults = play(script, crashes);
        for (const auto& fault : faults) RC_LOG() << fault << '\n';
        RC_ASSERT(faults.empty());
      },
      rc::detail::TestMetadata{}, params);
  std::cout << "interleavings: seed " << params.seed << ", " << params.maxSuccess << " scripts\n";
  if (!result.is<rc::detail::SuccessResult>()) {
    rc::detail::printResultMessage(result, std::cerr);
    FAIL("seed " << params.seed);
  }
  SUCCEED();
}

TEST_CASE("Every interleaving of messages is a serial order", "[ledger][property]") {
  check_property(Crashes::none);
}

TEST_CASE("Every interleaving of messages and crashes is a serial order", "[ledger][property]") {
  check_property(Crashes::any);
}

}  // namespace
}  // namespace sg::test
