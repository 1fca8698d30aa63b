// What a coordinator that died leaves behind: lock requests, locks, commits on their way.
#include "tests/simulated/hand_coordinator.hpp"

using namespace sg::test;

TEST_CASE("A commit that comes after the fence of its coordinator's successor changes nothing") {
  TwoShards house({.coordinator = false});
  HandCoordinator old(house);
  old.fence();
  const auto late = old.granted(house.pay(100));
  HandCoordinator successor(house);
  successor.fence();
  REQUIRE(successor.incarnation() > old.incarnation());
  old.commit(late);
  house.run();
  CHECK(old.verdict(late).empty());
  CHECK(house.store().durable() == 2);
  CHECK(house.balance(house.alice) == "balance 100");
  CHECK(house.balance(house.bob) == "balance 0");
  // Nothing of it holds anything: the successor moves it all, and back.
  const auto there = successor.granted(house.pay(100));
  successor.commit(there);
  house.run();
  CHECK(successor.verdict(there) == "committed 3");
  const auto back = successor.granted(house.pay_back(100));
  successor.commit(back);
  house.run();
  CHECK(successor.verdict(back) == "committed 4");
  house.check_chain(100);
}

TEST_CASE("A commit that comes before the fence stands, and the successor's shards keep it") {
  TwoShards house({.coordinator = false});
  HandCoordinator old(house);
  old.fence();
  const auto early = old.granted(house.pay(100));
  const auto undecided = old.lock(transfer({{house.bob, -100}, {house.alice, 100}}));
  house.run();
  HandCoordinator successor(house);
  house.hold<Commit>("journal");
  house.hold<Apply>("account_shard/0");
  house.hold<Apply>("account_shard/1");
  old.commit(early);
  successor.fence();  // behind the commit
  house.release<Commit>("journal");
  house.run();
  REQUIRE(house.next_is<Apply>("account_shard/0"));
  house.release();
  house.run();
  CHECK(undecided->sequence_of(0) == 0);
  CHECK(house.balance(house.alice) == "balance 0");
  CHECK(house.balance(house.bob) == "balance 100");
  const auto back = successor.granted(house.pay_back(100));
  successor.commit(back);
  house.run();
  CHECK(successor.verdict(back) == "committed 4");
  house.check_chain(100);
}

TEST_CASE("Shards ignore a fenced coordinator's lock requests and aborts") {
  TwoShards house({.coordinator = false});
  HandCoordinator old(house);
  old.fence();
  HandCoordinator successor(house);
  successor.fence();
  const auto late = old.lock(house.pay(100));
  house.run();
  CHECK(old.votes(late) == 0);
  const auto batch = successor.granted(house.pay(100));
  // The batches of both are numbered alike.
  REQUIRE(batch->id == late->id);
  old.abort(late);
  house.run();
  const auto second = successor.lock(house.pay(100));
  house.run();
  CHECK(second->parts[0].units[0].vote == sg::ledger::Vote::waiting);  // the first still holds
  successor.commit(batch);
  house.run();
  CHECK(successor.verdict(batch) == "committed 3");
}

TEST_CASE("A restarted coordinator drops what its predecessor had locked and not decided") {
  TwoShards house;
  const auto carol = house.name_on(0, 1);
  // Granted on shard 0 and its vote not heard; a creation; and one that waits for both.
  house.hold<Voted>("coordinator");
  const auto granted = house.submit(house.pay(100, "key"));
  const auto creates = house.submit(new_account(carol, 5));
  const auto waits = house.submit(house.pay(100));
  house.run();
  REQUIRE(house.next_is<Voted>("coordinator"));
  house.kill("coordinator");
  house.release();
  house.run();
  CHECK(answer_to(granted) == "lost");
  CHECK(answer_to(creates) == "lost");
  CHECK(answer_to(waits) == "lost");
  // Held and incoming are nothing again on both accounts: the whole balance moves, both ways.
  CHECK(house.outcome(house.pay(100, "key")) == "committed 3");
  CHECK(house.outcome(house.pay_back(100)) == "committed 4");
  CHECK(house.outcome(transfer({{house.alice, -101}})) == "INSUFFICIENT_FUNDS");
  CHECK(house.outcome(new_account(carol, 7)) == "committed 5");
  CHECK(house.balance(carol) == "balance 7");
  house.check_chain(107);
}

TEST_CASE("What a coordinator handed to the journal before it died happens once, unanswered") {
  TwoShards house;
  house.hold<Commit>("journal");
  const auto paid = house.submit(house.pay(100));
  house.run();
  house.kill("coordinator");
  house.run();
  house.release();
  house.run();
  CHECK(answer_to(paid) == "lost");
  CHECK(house.balance(house.alice) == "balance 0");
  CHECK(house.outcome(house.pay(100)) == "INSUFFICIENT_FUNDS");
  CHECK(house.outcome(house.pay_back(100)) == "committed 4");
  house.check_chain(100);
}

// Each shard's vote brought a commit of its own, and each commit a message to every shard: with 64
// shards a third of the throughput of 2.
TEST_CASE("What the votes of many shards decide goes to the journal at once") {
  constexpr std::size_t kShards = 8;
  Simulation house({.shards = kShards});
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kShards; ++i) {
    names.push_back(house.name_on(i));
    house.open_account(names.back(), 100);
  }
  house.start();
  std::vector<Order> orders;
  for (std::size_t i = 0; i < kShards; ++i) {
    orders.push_back({{{names[i], -1}, {names[(i + 1) % kShards], 1}}, {}, {}});
  }
  house.hold<Commit>("journal");
  const auto paid = house.submit(transfers(std::move(orders)));
  house.run();
  const auto commit = house.peek<Commit>("journal");
  REQUIRE(commit.units.size() == 1);
  CHECK(commit.units.front().units.size() == kShards);
  house.release();
  house.run();
  CHECK(answer_to(paid, kShards - 1) == "committed " + std::to_string(2 * kShards));
}

TEST_CASE("A shard that does not vote holds nobody else's transfers back") {
  TwoShards house;
  const auto carol = house.name_on(0, 1);
  CHECK(house.outcome(new_account(carol, 5)) == "committed 3");
  house.hold<LockUnits>(house.shard_id(1));
  const auto paid = house.submit(
      transfers({{{{house.alice, -1}, {carol, 1}}, {}, {}}, {{{house.bob, 1}}, {}, {}}}));
  house.run();
  CHECK(house.store().durable() == 4);
  house.release();
  house.run();
  CHECK(answer_to(paid, 1) == "committed 5");
}
