// Groups that become durable later than they are handed over, as in a replicated log: what is told
// when, and what waits.
#include "tests/simulated/hand_coordinator.hpp"

using namespace sg::test;

namespace {

struct LateShards : TwoShards {
  explicit LateShards(bool coordinator = true)
      : TwoShards({.coordinator = coordinator, .late_appends = true}) {}
};

}  // namespace

TEST_CASE("The journal fills a group while others are under way, and each is told when durable") {
  LateShards house;
  const auto first = house.submit(house.pay(10));
  house.run();
  const auto second = house.submit(house.pay(20));
  house.run();
  CHECK(house.late().under_way() == 2);
  CHECK(house.store().durable() == 2);
  CHECK(answer_to(first) == "open");
  house.late().complete_one();
  house.run();
  CHECK(answer_to(first) == "committed 3");
  CHECK(answer_to(second) == "open");
  house.late().complete_one();
  house.run();
  CHECK(answer_to(second) == "committed 4");
  house.check_chain(100);
}

TEST_CASE("The store has four groups at most; what comes meanwhile is one more group") {
  LateShards house;
  std::vector<TestSubmissionPtr> paid;
  for (int i = 0; i < 7; ++i) {
    paid.push_back(house.submit(house.pay(1)));
    house.run();
  }
  CHECK(house.late().under_way() == 4);
  house.late().complete_one();
  house.run();
  CHECK(house.late().under_way() == 4);
  while (house.late().under_way() > 0) {
    house.late().complete_one();
    house.run();
  }
  for (std::size_t i = 0; i < paid.size(); ++i) {
    CHECK(answer_to(paid[i]) == "committed " + std::to_string(3 + i));
  }
  house.check_chain(100);
}

TEST_CASE("A key of a group under way is bound for the groups after it") {
  LateShards house(false);
  HandCoordinator hand(house);
  hand.fence();
  const auto first = hand.granted(house.pay(10, "key"));
  const auto second = hand.granted(house.pay(10, "key"));
  hand.commit(first);
  house.run();
  REQUIRE(house.late().under_way() == 1);
  hand.commit(second);
  house.run();
  CHECK(hand.verdict(second).empty());
  house.late().complete_one();
  house.run();
  CHECK(hand.verdict(first) == "committed 3");
  CHECK(hand.verdict(second) == "key_bound");
  CHECK(house.store().durable() == 3);
}

// Without the postponement each commit would put off the attaching shard once more.
TEST_CASE("A shard attaches at a durable state, though commits go on coming") {
  LateShards house(false);
  HandCoordinator hand(house);
  hand.fence();
  const auto first = hand.granted(house.pay(10));
  const auto second = hand.granted(transfer({{house.alice, -20}}));
  hand.commit(first);
  house.run();
  house.kill(house.shard_id(1));
  house.hold<Attached>(house.shard_id(1));
  house.run();
  hand.commit(second);
  house.run();
  CHECK_FALSE(house.next_is<Attached>(house.shard_id(1)));
  house.late().complete_one();
  house.run();
  REQUIRE(house.next_is<Attached>(house.shard_id(1)));
  CHECK(house.peek<Attached>(house.shard_id(1)).sequence == 3);
  // The postponed commit, behind it.
  CHECK(house.late().under_way() == 1);
  house.late().complete_one();
  house.run();
  CHECK(hand.verdict(second) == "committed 4");
}

TEST_CASE("When a group fails, all that are under way are unknown, and none of them happens") {
  LateShards house;
  const auto first = house.submit(house.pay(10, "first"));
  house.run();
  const auto second = house.submit(house.pay(20, "second"));
  house.run();
  REQUIRE(house.late().under_way() == 2);
  house.disk().fail_next_write();
  house.late().complete_one();
  house.run();
  CHECK(answer_to(first) == "JOURNAL_UNAVAILABLE unknown");
  CHECK(answer_to(second) == "JOURNAL_UNAVAILABLE unknown");
  CHECK(house.late().under_way() == 0);
  CHECK(house.balance(house.alice) == "balance 100");
  const auto retry = house.submit(house.pay(20, "second"));
  house.run();
  house.late().complete_one();
  house.run();
  CHECK(answer_to(retry) == "committed 3");
  house.check_chain(100);
}

TEST_CASE("A read waits for the group under way that it shows") {
  LateShards house;
  const auto paid = house.submit(house.pay(10));
  house.run();
  const auto read = house.ask(BalanceOf{house.bob});
  house.run();
  CHECK(answer_to(read) == "open");
  house.late().complete_one();
  house.run();
  CHECK(answer_to(paid) == "committed 3");
  CHECK(answer_to(read) == "balance 10");
}

// Broken once in review: the successor did not reopen for want of room, and the group of the dead
// journal became durable after the retry had been told that nothing changed.
TEST_CASE("On a full disk too, what a dead journal handed over never becomes durable") {
  LateShards house;
  const auto paid = house.submit(house.pay(10, "key"));
  house.run();
  REQUIRE(house.late().under_way() == 1);
  house.disk().set_free_bytes(0);
  house.kill("journal");
  house.run();
  CHECK(answer_to(paid) == "JOURNAL_UNAVAILABLE unknown");
  CHECK(house.late().under_way() == 0);
  const auto retry = house.submit(house.pay(10, "key"));
  house.run();
  CHECK(answer_to(retry) == "STORAGE_FULL");
  CHECK(house.store().durable() == 2);
  CHECK(house.balance(house.bob) == "balance 0");
  house.disk().set_free_bytes(~std::uint64_t{0});
  house.run_for(std::chrono::seconds(2));
  const auto again = house.submit(house.pay(10, "key"));
  house.run();
  house.late().complete_one();
  house.run();
  CHECK(answer_to(again) == "committed 3");
  house.check_chain(100);
}

// Broken once in review: pages that a dead indexer had asked for were handed to it once the groups
// were durable, after its successor had made the journal mark all of them. No checkpoint had them.
TEST_CASE("An indexer that has ended is handed no pages, so its successor gets them all") {
  LateShards house;
  const auto journal = house.handle("journal");
  const auto ended = house.handle("indexer");
  house.submit(house.pay(10));
  house.run();
  REQUIRE(house.late().under_way() == 1);
  caf::anon_send(journal, TakeDirtyBalances{true, 256, ended});
  house.run();
  house.kill("indexer");
  house.run();
  REQUIRE(house.handle("indexer") != ended);
  house.late().complete_one();
  house.run();
  house.hold<DirtyBalances>("indexer");
  caf::anon_send(journal, TakeDirtyBalances{true, 256, house.handle("indexer")});
  house.run();
  CHECK(house.peek<DirtyBalances>("indexer").pages.size() == 1);
}
