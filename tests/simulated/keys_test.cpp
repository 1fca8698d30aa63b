// Idempotency keys through changes of coordinator and journal, and through jumps of the clock.
#include "tests/simulated/hand_coordinator.hpp"

using namespace sg::test;
using namespace std::chrono_literals;

namespace {

constexpr sg::ledger::TimeMs kYearMs = 365LL * 24 * 3'600'000;

}  // namespace

// A shard shows the first attempt at once. If the key were looked up among durable ones only, the
// retry of a transfer that took everything would be refused for want of funds.
TEST_CASE(
    "A retry that overtakes the dead coordinator's unsynced commit gets the one transaction") {
  const sg::ledger::Amount amount = GENERATE(40, 100);
  CAPTURE(amount);
  TwoShards house;
  house.hold<Commit>("journal");
  const auto first = house.submit(house.pay(amount, "key"));
  house.run();
  house.kill("coordinator");
  house.run();
  // In the journal's mailbox: the commit, the fence. The sync is asked for behind them.
  house.hold<Flush>("journal");
  house.deliver<Commit>("journal");
  house.deliver<caf::down_msg>("journal");
  REQUIRE(house.next_is<Fence>("journal"));
  REQUIRE(house.store().durable() == 2);
  house.release<Commit>("journal");
  house.run();
  const auto retry = house.submit(house.pay(amount, "key"));
  house.run();
  house.release();
  house.run();
  CHECK(answer_to(first) == "lost");
  CHECK(answer_to(retry) == "committed 3");
  CHECK(house.balance(house.bob) == "balance " + std::to_string(amount));
  CHECK(house.store().durable() == 3);
  house.check_chain(100);
}

TEST_CASE("A retry gets the one transaction that a dead coordinator's commit became, or makes it") {
  const bool commit_arrives = GENERATE(true, false);
  CAPTURE(commit_arrives);
  TwoShards house;
  if (commit_arrives) {
    house.hold<Durable>("coordinator");
  } else {
    house.hold<Voted>("coordinator");
  }
  const auto first = house.submit(house.pay(100, "key"));
  house.run();
  house.kill("coordinator");
  house.release();
  house.run();
  CHECK(answer_to(first) == "lost");
  CHECK(house.outcome(house.pay(100, "key")) == "committed 3");
  CHECK(house.outcome(house.pay(100, "key")) == "committed 3");
  CHECK(house.outcome(house.pay(99, "key")) == "IDEMPOTENCY_MISMATCH");
  CHECK(house.balance(house.bob) == "balance 100");
  house.check_chain(100);
}

TEST_CASE("The journal never applies a key twice, neither within a group nor after it") {
  TwoShards house({.coordinator = false});
  HandCoordinator hand(house);
  hand.fence();
  const auto first = hand.granted(house.pay(10, "key"));
  const auto second = hand.granted(house.pay(10, "key"));
  const auto third = hand.granted(house.pay(10, "key"));
  house.hold<Flush>("journal");
  hand.commit(first);
  hand.commit(second);
  house.run();
  CHECK(house.store().durable() == 2);
  house.release();
  house.run();
  CHECK(hand.verdict(first) == "committed 3");
  CHECK(hand.verdict(second) == "key_bound");
  hand.commit(third);
  house.run();
  CHECK(hand.verdict(third) == "key_bound");
  CHECK(house.store().durable() == 3);
  house.check_chain(100);
}

TEST_CASE("An atomic batch with a key that the chain has is refused by the journal as a whole") {
  TwoShards house({.coordinator = false});
  HandCoordinator hand(house);
  hand.fence();
  const auto first = hand.granted(house.pay(10, "key"));
  hand.commit(first);
  const std::vector<Posting> ten{{house.alice, -10}, {house.bob, 10}};
  const auto batch = hand.granted(transfers({{ten, "new", {}}, {ten, "key", {}}}, Atomic::yes));
  hand.commit(batch);
  house.run();
  CHECK(hand.verdict(batch) == "key_bound");
  CHECK(house.store().durable() == 3);
  hand.abort(batch);
  const auto alone = hand.granted(house.pay(90, "new"));  // a refusal binds no key
  hand.commit(alone);
  house.run();
  CHECK(hand.verdict(alone) == "committed 4");
}

TEST_CASE("Duplicates of one key in flight share one transaction") {
  TwoShards house;
  house.hold<Flush>("journal");
  const auto first = house.submit(house.pay(100, "key"));
  const auto twin = house.submit(house.pay(100, "key"));
  house.run();
  const auto late = house.submit(house.pay(100, "key"));
  const auto other = house.submit(house.pay(1, "key"));
  house.run();
  CHECK(answer_to(late) == "open");
  house.release();
  house.run();
  CHECK(answer_to(first) == "committed 3");
  CHECK(answer_to(twin) == "committed 3");
  CHECK(answer_to(late) == "committed 3");
  CHECK(answer_to(other) == "IDEMPOTENCY_MISMATCH");
  CHECK(house.store().durable() == 3);
}

TEST_CASE("A jump of the wall clock by a year expires no key and turns no block's time back") {
  TwoShards house({.key_retention = 1h});
  CHECK(house.outcome(house.pay(1, "before")) == "committed 3");
  const auto jump = GENERATE(kYearMs, -kYearMs);
  CAPTURE(jump);
  house.wall_clock += jump;
  house.pass(1s);
  CHECK(house.outcome(house.pay(1, "after")) == "committed 4");
  CHECK(house.outcome(house.pay(1, "before")) == "committed 3");
  house.wall_clock -= jump;
  house.kill("journal");
  house.pass(1s);
  CHECK(house.outcome(house.pay(1, "again")) == "committed 5");
  CHECK(house.outcome(house.pay(1, "before")) == "committed 3");
  CHECK(house.outcome(house.pay(1, "after")) == "committed 4");
  sg::ledger::TimeMs last = 0;
  for (const sg::ledger::Sequence sequence : {3, 4, 5}) {
    const auto stored = house.store().transaction(sequence);
    REQUIRE((stored && *stored));
    CHECK((*stored)->time >= last);
    last = (*stored)->time;
  }
  CHECK(house.balance(house.bob) == "balance 3");
  house.check_chain(100);
}

TEST_CASE("A key expires after the server has run for its retention, restarts not counted") {
  TwoShards house({.key_retention = 1h});
  CHECK(house.outcome(house.pay(1, "key")) == "committed 3");
  house.run_for(30min);
  CHECK(house.outcome(house.pay(1, "half")) == "committed 4");
  house.kill("journal");
  house.run();
  house.wall_clock += kYearMs;
  house.run_for(29min);
  CHECK(house.outcome(house.pay(1, "nearly")) == "committed 5");
  CHECK(house.outcome(house.pay(1, "key")) == "committed 3");
  house.run_for(2min);
  CHECK(house.outcome(house.pay(1, "over")) == "committed 6");
  CHECK(house.outcome(house.pay(1, "key")) == "committed 7");
  CHECK(house.outcome(house.pay(1, "half")) == "committed 4");
}

// The steady clock goes on while a process is stopped: the retry was booked a second time.
TEST_CASE("A process that was stopped for longer than keys are kept still knows them") {
  TwoShards house({.key_retention = 1h});
  CHECK(house.outcome(house.pay(1, "key")) == "committed 3");
  for (sg::ledger::Sequence next = 4; next < 8; ++next) {
    house.pass(48h);
    CHECK(house.outcome(house.pay(1)) == "committed " + std::to_string(next));
    CHECK(house.outcome(house.pay(1, "key")) == "committed 3");
  }
  CHECK(house.balance(house.bob) == "balance 5");
}
