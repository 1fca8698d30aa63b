// Answers of a node that may have lost its leadership: what no commit proves waits for a round with
// the other nodes that begins later.
#include <catch2/catch.hpp>

#include "tests/ledger/flow_bed.hpp"

namespace sg::test {
namespace {

using ledger::Outcome;

struct Bed {
  LedgerHouse house{2};
  std::string a = on_shard(0, house), b = on_shard(1, house);

  Bed() {
    house.open_account(a, 10);
    house.open_account(b, 0);
    house.confirms = true;
    house.crash_coordinator();
    house.run();
  }
  TestSubmissionPtr run(TestSubmissionPtr submission) {
    house.submit(submission);
    house.run();
    return submission;
  }
  ledger::TransferFlow& flow() { return house.flow(); }
};

TEST_CASE("A commit is told without a round", "[ledger][flow][rounds]") {
  Bed bed;
  CHECK(told(bed.run(transfer({{bed.a, -5}, {bed.b, 5}}))) == "OK");
  CHECK_FALSE(bed.flow().wants_round());
}

TEST_CASE("A refusal waits for a round that begins after it", "[ledger][flow][rounds]") {
  Bed bed;
  const auto first = bed.run(transfer({{bed.a, -11}}));
  CHECK_FALSE(first->answered());
  REQUIRE(bed.flow().wants_round());
  bed.flow().begin_round();
  CHECK_FALSE(bed.flow().wants_round());
  // One that comes meanwhile waits for the next.
  const auto second = bed.run(transfer({{bed.b, -1}}));
  bed.flow().round_ended();
  CHECK(told(first) == "INSUFFICIENT_FUNDS");
  CHECK_FALSE(second->answered());
  REQUIRE(bed.flow().wants_round());
  bed.flow().begin_round();
  bed.flow().round_ended();
  CHECK(told(second) == "INSUFFICIENT_FUNDS");
  CHECK(bed.flow().unanswered() == 0);
}

TEST_CASE("A replay waits for a round", "[ledger][flow][rounds]") {
  Bed bed;
  REQUIRE(told(bed.run(transfer({{bed.a, -5}, {bed.b, 5}}, "key"))) == "OK");
  const auto again = bed.run(transfer({{bed.a, -5}, {bed.b, 5}}, "key"));
  CHECK_FALSE(again->answered());
  REQUIRE(bed.flow().wants_round());
  bed.flow().begin_round();
  bed.flow().round_ended();
  CHECK(told(again) == "OK");
}

TEST_CASE("Without its round a refusal is not told", "[ledger][flow][rounds]") {
  Bed bed;
  const auto plain = bed.run(transfer({{bed.a, -11}}));
  bed.flow().begin_round();
  const auto keyed = bed.run(transfer({{bed.a, -11}}, "key"));
  bed.flow().stop(ledger::Reason::journal_unavailable);
  CHECK(told(plain) == "JOURNAL_UNAVAILABLE");
  CHECK(plain->results[0].error->outcome == Outcome::none);
  // Another node may know what an earlier attempt with the key did.
  CHECK(told(keyed) == "JOURNAL_UNAVAILABLE");
  CHECK(keyed->results[0].error->outcome == Outcome::unknown);
}

TEST_CASE("A key that waits for a lock when the term ends is unknown", "[ledger][flow][rounds]") {
  Bed bed;
  bed.house.journal_stalled = true;
  bed.house.submit(transfer({{bed.b, 5}}));
  const auto keyed = transfer({{bed.b, -5}, {bed.a, -10}}, "key");
  bed.house.submit(keyed);
  bed.house.run_unsynced();
  REQUIRE(bed.flow().anyone_waits());
  bed.flow().stop(ledger::Reason::journal_unavailable);
  CHECK(told(keyed) == "JOURNAL_UNAVAILABLE");
  CHECK(keyed->results[0].error->outcome == Outcome::unknown);
}

}  // namespace
}  // namespace sg::test
