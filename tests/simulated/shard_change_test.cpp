// What an account shard that died leaves behind: votes, waiting units, locks on other shards; and
// how its successor loads beside a journal that has not synced.
#include "actors/account_shard/account_shard.hpp"
#include "tests/simulated/hand_coordinator.hpp"

using namespace sg::test;

TEST_CASE("A commit built on a dead shard's vote is refused, and nothing of it is applied") {
  TwoShards house({.coordinator = false});
  HandCoordinator hand(house);
  hand.fence();
  const auto batch = hand.granted(house.pay(100));
  const bool successor_is_up = GENERATE(true, false);
  CAPTURE(successor_is_up);
  house.kill("account_shard/0");
  if (successor_is_up) {
    house.run();
    hand.commit(batch);
  } else {
    // The journal hears of the end, and has nobody in its place yet.
    house.hold<sg::supervisor::Init>("account_shard/0");
    house.run();
    hand.commit(batch);
    house.run();
    house.release();
  }
  house.run();
  CHECK(hand.verdict(batch) == "shard_changed");
  CHECK(house.store().durable() == 2);
  CHECK(house.balance(house.alice) == "balance 100");
  CHECK(house.balance(house.bob) == "balance 0");
  hand.abort(batch);
  const auto again = hand.granted(house.pay(100));
  hand.commit(again);
  house.run();
  CHECK(hand.verdict(again) == "committed 3");
  house.check_chain(100);
}

TEST_CASE("A client whose transfer had a dead shard's vote is told that nothing changed") {
  TwoShards house;
  house.hold<Voted>("coordinator");
  const auto paid = house.submit(house.pay(100, "key"));
  house.run();
  REQUIRE(house.next_is<Voted>("coordinator"));
  const auto shard = GENERATE(0, 1);
  CAPTURE(shard);
  house.kill(house.shard_id(static_cast<std::size_t>(shard)));
  house.run();
  house.hold<ShardDetached>("coordinator");  // behind the votes, so the commit is on its way
  house.release<Voted>("coordinator");
  house.run();
  CHECK(answer_to(paid) == "open");
  house.release();
  house.run();
  CHECK(answer_to(paid) == "SHARD_UNAVAILABLE");
  CHECK(house.balance(house.alice) == "balance 100");
  // Neither shard keeps a lock of it, and the key is free.
  CHECK(house.outcome(house.pay(100, "key")) == "committed 3");
  CHECK(house.outcome(house.pay_back(100)) == "committed 4");
  house.check_chain(100);
}

TEST_CASE("A commit that the journal has before the word of a shard's end stands") {
  TwoShards house;
  house.hold<Commit>("journal");
  const auto paid = house.submit(house.pay(100));
  house.run();
  const auto shard = GENERATE(0, 1);
  CAPTURE(shard);
  house.kill(house.shard_id(static_cast<std::size_t>(shard)));
  house.run();
  house.release();
  house.run();
  CHECK(answer_to(paid) == "committed 3");
  CHECK(house.balance(house.alice) == "balance 0");
  CHECK(house.balance(house.bob) == "balance 100");
  CHECK(house.outcome(house.pay_back(100)) == "committed 4");
}

TEST_CASE("A dead shard's late vote commits nothing") {
  TwoShards house;
  house.hold<Commit>("journal");
  const auto back = house.submit(house.pay(50));
  house.run();
  // Bob's 50 are incoming: this waits for them, and its vote comes late.
  const auto waits = house.submit(house.pay_back(50));
  house.run();
  house.hold<VotedLate>("coordinator");
  house.release<Commit>("journal");
  house.run();
  REQUIRE(house.next_is<VotedLate>("coordinator"));
  house.kill("account_shard/1");
  house.run();
  house.release();
  house.run();
  CHECK(answer_to(back) == "committed 3");
  CHECK(answer_to(waits) == "SHARD_UNAVAILABLE");
  CHECK(house.balance(house.bob) == "balance 50");
  CHECK(house.outcome(house.pay_back(50)) == "committed 4");
  CHECK(house.outcome(house.pay(100)) == "committed 5");
}

TEST_CASE("A shard that restarts ends the units that wait on it") {
  TwoShards house;
  house.hold<Commit>("journal");
  const auto holder = house.submit(house.pay(50));
  house.run();
  const auto waits = house.submit(house.pay_back(50, "key"));
  const auto joined = house.submit(house.pay_back(50, "key"));
  house.run();
  REQUIRE(answer_to(waits) == "open");
  house.kill("account_shard/1");
  house.hold<sg::supervisor::Init>("account_shard/1");  // its successor is not up yet
  house.release<Commit>("journal");
  house.run();
  CHECK(answer_to(holder) == "committed 3");
  CHECK(answer_to(waits) == "SHARD_UNAVAILABLE");
  CHECK(answer_to(joined) == "SHARD_UNAVAILABLE");
  CHECK(house.balance(house.bob) == "SHARD_UNAVAILABLE");
  house.release();
  house.run();
  CHECK(house.outcome(house.pay(50)) == "committed 4");
  CHECK(house.outcome(house.pay_back(100)) == "committed 5");
}

TEST_CASE("While a shard is away transfers of the others commit") {
  TwoShards house;
  const auto carol = house.name_on(0, 1);
  CHECK(house.outcome(new_account(carol, 0)) == "committed 3");
  house.hold<sg::supervisor::Init>("account_shard/1");
  house.kill("account_shard/1");
  house.run();
  CHECK(house.outcome(house.pay(100)) == "SHARD_UNAVAILABLE");
  CHECK(house.outcome(transfer({{house.alice, -100}, {carol, 100}})) == "committed 4");
  house.release();
  house.run();
  CHECK(house.outcome(transfer({{carol, -100}, {house.bob, 100}})) == "committed 5");
}

TEST_CASE("A shard that attaches behind unsynced transfers loads them, each once") {
  TwoShards house;
  house.hold<Commit>("journal");
  const auto paid = house.submit(house.pay(30));
  house.run();
  // A second shard 0 asks while the first one's vote still stands.
  const auto second = house.spawn(sg::actors::account_shard, house.runtime(), house.root(),
                                  std::uint32_t{0}, house.runtime()->next_incarnation());
  caf::anon_send(second, sg::supervisor::Init{});
  house.run();
  // What the journal tells the first shard of the transfer, for later.
  house.hold<Apply>("account_shard/0");
  house.hold<Flush>("journal");
  house.deliver<Commit>("journal");
  REQUIRE(house.next_is<Attach>("journal"));
  CHECK(house.store().durable() == 2);
  house.deliver<Attach>("journal");
  CHECK(house.store().durable() == 3);  // synced before it answered
  house.run();
  CHECK(answer_to(paid) == "committed 3");
  CHECK(house.balance(house.alice) == "balance 70");

  // The same again, from the journal that serves: it stands in the loaded state already.
  caf::send_as(house.handle("journal"), second, house.peek<Apply>("account_shard/0"));
  house.release<Commit>("journal");
  house.release<Flush>("journal");
  house.run();
  CHECK(house.balance(house.alice) == "balance 70");
  CHECK(house.outcome(house.pay(71)) == "INSUFFICIENT_FUNDS");
  CHECK(house.outcome(house.pay(70)) == "committed 4");
  house.release();
  house.run();
  house.check_chain(100);
}

// Each shard read the names of all accounts to find its own: a start cost shards x accounts.
TEST_CASE("A start hands each shard its own accounts, and a later shard reads what is new") {
  TwoShards house;
  const auto first = house.shard_id(0);
  CHECK(house.outcome(house.pay(30)) == "committed 3");
  house.hold<Attached>(first);
  house.kill("journal");
  house.run();
  const auto at_start = house.peek<Attached>(first);
  REQUIRE(at_start.roster);
  CHECK_FALSE(at_start.balances);
  std::vector<std::pair<std::string, sg::ledger::Amount>> loaded;
  at_start.roster->for_each_account(
      [&](std::string_view id, const auto& account) { loaded.emplace_back(id, account.balance); });
  CHECK(loaded == std::vector<std::pair<std::string, sg::ledger::Amount>>{{house.alice, 70}});
  house.release();
  house.run();

  const auto carol = house.name_on(0, 1);
  CHECK(house.outcome(new_account(carol, 5)) == "committed 4");
  house.hold<Attached>(first);
  house.kill(first);
  house.run();
  CHECK_FALSE(house.peek<Attached>(first).roster);
  house.release();
  house.run();
  CHECK(house.outcome(transfer({{carol, -5}, {house.alice, 5}})) == "committed 5");
  CHECK(house.balance(house.alice) == "balance 75");
  house.check_chain(105);
}
