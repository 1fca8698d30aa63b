// Rounds of ReadIndex on behalf of many.
#include "actors/member/rounds.hpp"

#include <catch2/catch.hpp>

using namespace sg::actors;

namespace {

std::vector<std::uint64_t> numbers(const std::vector<AwaitRound>& asked) {
  std::vector<std::uint64_t> all;
  for (const auto& one : asked) all.push_back(one.number);
  return all;
}
using Numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("Who asks during a round waits for the next", "[rounds]") {
  Rounds rounds(1, 7);
  CHECK_FALSE(rounds.begin().has_value());
  rounds.ask({{}, 1});
  const auto first = rounds.begin();
  REQUIRE(first.has_value());
  rounds.ask({{}, 2});
  rounds.ask({{}, 3});
  CHECK_FALSE(rounds.begin().has_value());
  rounds.readable({10, *first});
  CHECK(rounds.ended(9).empty());  // not here yet
  CHECK(numbers(rounds.ended(10)) == Numbers{1});
  const auto second = rounds.begin();
  REQUIRE(second.has_value());
  CHECK(*second != *first);
  rounds.readable({10, *first});  // late, or a second time
  CHECK(rounds.ended(10).empty());
  rounds.readable({10, *second});
  CHECK(numbers(rounds.ended(10)) == Numbers{2, 3});
}

TEST_CASE("A round that does not end is asked for again, with all who came", "[rounds]") {
  Rounds rounds(1, 7);
  rounds.ask({{}, 1});
  const auto first = rounds.begin();
  rounds.ask({{}, 2});
  CHECK_FALSE(rounds.tick(2).has_value());
  const auto again = rounds.tick(2);
  REQUIRE(again.has_value());
  rounds.readable({10, *first});
  CHECK(rounds.ended(10).empty());
  rounds.readable({10, *again});
  CHECK(numbers(rounds.ended(10)) == Numbers{1, 2});
}

TEST_CASE("A new replica begins the round anew", "[rounds]") {
  Rounds rounds(1, 7);
  rounds.ask({{}, 1});
  (void)rounds.begin();
  rounds.ask({{}, 2});
  rounds.restart();
  const auto again = rounds.begin();
  REQUIRE(again.has_value());
  rounds.readable({3, *again});
  CHECK(numbers(rounds.ended(3)) == Numbers{1, 2});
}
