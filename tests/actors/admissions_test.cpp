// Places of calls: counted while they are held, and given back however their owner ends.
#include "actors/gateway/door/admissions.hpp"

#include <rapidcheck/catch.h>

#include <optional>
#include <vector>

using sg::actors::Admissions;

namespace {

constexpr std::size_t kMaxCalls = 8;
constexpr std::size_t kMaxBytes = 1'000;

std::size_t sum_of_bytes(const std::vector<Admissions::Place>& places) {
  std::size_t sum = 0;
  for (const auto& place : places) sum += place.bytes();
  return sum;
}

}  // namespace

TEST_CASE("A place counts until it is destroyed, given back or overwritten, and only once") {
  Admissions admissions(3, kMaxBytes);
  {
    auto first = admissions.admit(10).value();
    auto second = admissions.admit(20).value();
    CHECK(admissions.calls() == 2);
    CHECK(admissions.bytes() == 30);
    Admissions::Place moved(std::move(first));
    CHECK(admissions.calls() == 2);
    second = std::move(moved);
    CHECK(admissions.calls() == 1);
    CHECK(admissions.bytes() == 10);
    second.give_back();
    second.give_back();
    CHECK(admissions.calls() == 0);
  }
  CHECK(admissions.calls() == 0);
  CHECK(admissions.bytes() == 0);
}

TEST_CASE("One call more than the limit is refused, and taken when another has gone") {
  Admissions admissions(2, kMaxBytes);
  auto first = admissions.admit(1);
  auto second = admissions.admit(1);
  REQUIRE(second.has_value());
  CHECK(admissions.admit(1).error().limit == Admissions::Limit::calls);
  first->give_back();
  CHECK(admissions.admit(1).has_value());
}

TEST_CASE("Bytes beyond the limit are refused, but a call that is alone may hold more") {
  Admissions admissions(kMaxCalls, kMaxBytes);
  auto alone = admissions.admit(5 * kMaxBytes);
  REQUIRE(alone.has_value());
  CHECK(admissions.admit(1).error().limit == Admissions::Limit::bytes);
  CHECK(alone->try_resize(6 * kMaxBytes));
  REQUIRE(alone->try_resize(kMaxBytes / 2));
  auto second = admissions.admit(kMaxBytes / 2);
  REQUIRE(second.has_value());
  CHECK_FALSE(second->try_resize(kMaxBytes));
  CHECK(second->bytes() == kMaxBytes / 2);
  second->resize(kMaxBytes);
  CHECK(admissions.bytes() == kMaxBytes + kMaxBytes / 2);
}

TEST_CASE(
    "Whatever is taken, moved, resized and dropped, the counts are those of the places held") {
  rc::prop("counts are those of the places held", [] {
    Admissions admissions(kMaxCalls, kMaxBytes);
    std::vector<Admissions::Place> places;
    const auto steps = *rc::gen::inRange(0, 200);
    for (int step = 0; step < steps; ++step) {
      const auto bytes = *rc::gen::inRange<std::size_t>(0, kMaxBytes);
      const auto which = *rc::gen::inRange<std::size_t>(0, kMaxCalls);
      switch (*rc::gen::inRange(0, 4)) {
        case 0: {
          const auto before = admissions.bytes();
          auto place = admissions.admit(bytes);
          RC_ASSERT(place.has_value() ==
                    (places.size() < kMaxCalls && (before == 0 || before + bytes <= kMaxBytes)));
          if (place) places.push_back(std::move(*place));
          break;
        }
        case 1:
          if (which < places.size()) {
            places[which] = std::move(places.back());
            places.pop_back();
          }
          break;
        case 2:
          if (which < places.size()) places[which].resize(bytes);
          break;
        default:
          if (which < places.size() && !places[which].try_resize(bytes)) {
            RC_ASSERT(bytes > places[which].bytes());
            RC_ASSERT(admissions.bytes() - places[which].bytes() + bytes > kMaxBytes);
          }
      }
      RC_ASSERT(admissions.calls() == places.size());
      RC_ASSERT(admissions.bytes() == sum_of_bytes(places));
    }
    places.clear();
    RC_ASSERT(admissions.calls() == 0u);
    RC_ASSERT(admissions.bytes() == 0u);
  });
}
