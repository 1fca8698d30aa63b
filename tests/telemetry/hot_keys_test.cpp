#include "telemetry/hot_keys.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace sg::telemetry {
namespace {

TEST_CASE("A key that comes often is found among very many", "[telemetry]") {
  HotKeys keys;
  for (int i = 0; i < 100'000; ++i) {
    keys.count("account-" + std::to_string(i));
    if (i % 4 == 0) keys.count("fees");
  }
  const auto hot = keys.read();
  REQUIRE_FALSE(hot.empty());
  CHECK(hot.front().first == "fees");
  CHECK(hot.front().second == Approx(0.2).margin(0.03));
}

TEST_CASE("Keys that come once each are not told as hot", "[telemetry]") {
  HotKeys keys;
  for (int i = 0; i < 10'000; ++i) keys.count("account-" + std::to_string(i));
  CHECK(keys.read().empty());
}

TEST_CASE("What was hot long ago gives way", "[telemetry]") {
  HotKeys keys;
  for (std::uint64_t i = 0; i < 10 * HotKeys::kHalfLife; ++i) keys.count("yesterday");
  for (std::uint64_t i = 0; i < 10 * HotKeys::kHalfLife; ++i) keys.count("today");
  const auto hot = keys.read();
  REQUIRE_FALSE(hot.empty());
  CHECK(hot.front().first == "today");
  CHECK(hot.front().second > 0.99);
}

TEST_CASE("At most so many keys are told, the hottest first", "[telemetry]") {
  HotKeys keys;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 20; ++i) {
      for (int times = 0; times <= i; ++times) keys.count("key-" + std::to_string(i));
    }
  }
  const auto hot = keys.read();
  REQUIRE(hot.size() == HotKeys::kTold);
  CHECK(hot.front().first == "key-19");
  CHECK(hot.back().first == "key-10");
}

}  // namespace
}  // namespace sg::telemetry
