#include "supervisor/restart_window.hpp"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

using sg::supervisor::RestartWindow;
using std::chrono::milliseconds;

namespace {

RestartWindow::Time at(int ms) { return RestartWindow::Time{} + milliseconds{ms}; }

}  // namespace

TEST_CASE("The window allows `intensity` restarts within `period`, bounds included") {
  struct Case {
    const char* name;
    int intensity;
    int period_ms;
    std::vector<int> restarts_ms;
    std::vector<bool> allowed;
  };
  const std::vector<Case> cases{
      {"intensity 0 gives up at the first", 0, 5000, {0}, {false}},
      {"OTP's default allows one", 1, 5000, {0, 4999}, {true, false}},
      {"a restart exactly one period old still counts", 1, 5000, {0, 5000}, {true, false}},
      {"one that is older is forgotten", 1, 5000, {0, 5001}, {true, true}},
      {"several at the same time", 2, 1000, {7, 7, 7}, {true, true, false}},
      {"the window slides", 2, 1000, {0, 600, 1200, 1600}, {true, true, true, false}},
      {"OTP multiple_restarts", 1, 1000, {0, 2100, 4200, 6300}, {true, true, true, true}},
  };
  for (const Case& one : cases) {
    INFO(one.name);
    RestartWindow window{one.intensity, milliseconds{one.period_ms}};
    std::vector<bool> allowed;
    for (int ms : one.restarts_ms) allowed.push_back(window.add(at(ms)));
    CHECK(allowed == one.allowed);
  }
}

TEST_CASE("The window counts what is not older than a period") {
  RestartWindow window{5, milliseconds{1000}};
  for (int ms : {0, 400, 800}) REQUIRE(window.add(at(ms)));
  CHECK(window.count(at(1000)) == 3);
  CHECK(window.count(at(1001)) == 2);
  CHECK(window.count(at(1801)) == 0);
}

TEST_CASE("The window gives up exactly when more than `intensity` restarts lie within `period`") {
  CHECK(rc::check("same verdicts as counting all restarts ever made", [] {
    const int intensity = *rc::gen::inRange(0, 6);
    const int period_ms = *rc::gen::inRange(1, 2000);
    const auto gaps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 1500));
    RestartWindow window{intensity, milliseconds{period_ms}};
    std::vector<int> restarts;
    int now = 0;
    for (int gap : gaps) {
      now += gap;
      restarts.push_back(now);
      const auto inside = std::count_if(restarts.begin(), restarts.end(),
                                        [&](int ms) { return now - ms <= period_ms; });
      RC_ASSERT(window.add(at(now)) == (inside <= intensity));
    }
  }));
}
