// What a dead journal had said, delivered after its successor is up.
#include "actors/account_shard/account_shard.hpp"
#include "actors/coordinator/coordinator.hpp"
#include "tests/simulated/hand_coordinator.hpp"

using namespace sg::test;

namespace {

constexpr std::uint64_t kFuture = 1'000'000;

// Alice and bob; the journal has been replaced once.
struct Replaced : TwoShards {
  Replaced() {
    dead = handle("journal");
    kill("journal");
    run();
    REQUIRE(handle("journal") != dead);
  }
  template <class Message>
  void dead_journal_says(std::string_view to, Message message) {
    caf::send_as(dead, handle(to), std::move(message));
    run();
  }
  caf::actor dead;
};

}  // namespace

TEST_CASE("A coordinator ignores a dead journal's fence and its word on shards") {
  Replaced house;
  house.dead_journal_says("coordinator", Fenced{kFuture, kFuture, 0, false});
  CHECK(house.outcome(house.pay(1)) == "committed 3");
  house.dead_journal_says("coordinator", ShardDetached{0});
  CHECK(house.outcome(house.pay(1)) == "committed 4");
  house.dead_journal_says("coordinator", ShardAttached{0, house.handle("queries")});
  CHECK(house.outcome(house.pay(1)) == "committed 5");
}

TEST_CASE("A coordinator answers nothing because a dead journal calls it durable") {
  Replaced house;
  house.hold<Commit>("journal");
  const auto paid = house.submit(house.pay(60));
  house.run();
  const auto units = house.peek<Commit>("journal").units;
  house.hold<Flush>("journal");
  house.release<Commit>("journal");
  house.run();
  const auto refused = house.submit(house.pay(41));
  house.run();
  house.dead_journal_says("coordinator", Durable{kFuture, {{units[0], 1}}, {}});
  CHECK(answer_to(paid) == "open");
  CHECK(answer_to(refused) == "open");
  house.dead_journal_says(
      "coordinator",
      Durable{0, {}, {{units[0], sg::ledger::RejectedUnits::Why::storage_full, {}}}});
  CHECK(answer_to(paid) == "open");
  house.release();
  house.run();
  CHECK(answer_to(paid) == "committed 3");
  CHECK(answer_to(refused) == "INSUFFICIENT_FUNDS");
}

TEST_CASE("A shard ignores a dead journal's state and its fence") {
  Replaced house;
  const auto rich = std::make_shared<const std::vector<sg::ledger::Amount>>(
      std::vector<sg::ledger::Amount>{7, 7});
  for (const auto& shard : {house.shard_id(0), house.shard_id(1)}) {
    house.dead_journal_says(shard, Attached{kFuture, kFuture, kFuture, 2, nullptr, rich, nullptr});
    house.dead_journal_says(shard, FenceOlder{kFuture});
  }
  CHECK(house.balance(house.alice) == "balance 100");
  CHECK(house.outcome(house.pay(100)) == "committed 3");
  CHECK(house.balance(house.bob) == "balance 100");
}

TEST_CASE("A shard ignores what a dead journal says was applied") {
  Replaced house;
  house.hold<Commit>("journal");
  const auto paid = house.submit(house.pay(60));
  house.run();
  const auto units = house.peek<Commit>("journal").units;
  const auto applied =
      std::make_shared<const std::vector<AppliedUnits>>(std::vector<AppliedUnits>{{units[0], 3}});
  house.dead_journal_says("account_shard/0", Apply{applied});
  house.dead_journal_says("account_shard/1", Apply{applied});
  CHECK(house.balance(house.alice) == "balance 100");
  const auto waits = house.submit(house.pay(41));  // the 60 are still undecided
  house.run();
  CHECK_FALSE(waits->results[0].error);
  house.release();
  house.run();
  CHECK(answer_to(paid) == "committed 3");
  CHECK(answer_to(waits) == "INSUFFICIENT_FUNDS");
  CHECK(house.balance(house.alice) == "balance 40");
}

TEST_CASE("The queries actor ignores a dead journal's word on shards") {
  Replaced house;
  house.dead_journal_says("queries", ShardDetached{0});
  CHECK(house.balance(house.alice) == "balance 100");
  house.dead_journal_says("queries", ShardAttached{0, house.handle("coordinator")});
  CHECK(house.balance(house.alice) == "balance 100");
}

// As when it hangs: it is not dead, and what it was asked lies with it.
TEST_CASE("A read that a shard has not answered when its successor attaches is told so") {
  TwoShards house;
  house.hold<ReadAccounts>(house.shard_id(0));
  const auto read = house.ask(BalanceOf{house.alice});
  const auto other = house.ask(BalanceOf{house.bob});
  house.run();
  CHECK(answer_to(other) == "balance 0");
  REQUIRE_FALSE(read->answered());
  // Another handle: the successor's.
  caf::anon_send(house.handle("journal"),
                 Attach{0, house.handle("account_shard/1"), house.runtime()->next_incarnation()});
  house.run();
  CHECK(answer_to(read) == "SHARD_UNAVAILABLE");
  // It wakes, and answers too late.
  house.release();
  house.run();
  CHECK(answer_to(read) == "SHARD_UNAVAILABLE");
}

// Broken once: its successor was fenced, and was never told.
TEST_CASE("A coordinator that was left behind and wakes does not fence its successor") {
  TwoShards house;
  constexpr std::uint64_t kOldLife = 0;
  const auto left_behind =
      house.spawn(sg::actors::coordinator, house.runtime(), house.root(), kOldLife);
  caf::anon_send(left_behind, sg::supervisor::Init{});
  house.run();
  CHECK(house.outcome(house.pay(10)) == "committed 3");
}

TEST_CASE("A shard that was left behind and wakes does not take its successor's place") {
  TwoShards house;
  constexpr std::uint64_t kOldLife = 0;
  const auto left_behind = house.spawn(sg::actors::account_shard, house.runtime(), house.root(),
                                       std::uint32_t{0}, kOldLife);
  caf::anon_send(left_behind, sg::supervisor::Init{});
  house.run();
  // It is told to go, as its supervisor did when it left it behind.
  caf::anon_send_exit(left_behind, caf::exit_reason::kill);
  house.run();
  CHECK(house.balance(house.alice) == "balance 100");
  CHECK(house.outcome(house.pay(10)) == "committed 3");
}

TEST_CASE("The indexer writes no balances that a dead journal sent") {
  Replaced house;
  const auto before = house.store().checkpoint();
  house.dead_journal_says("indexer", DirtyBalances{{{0, 2, {7}}}, 2, false});
  CHECK(house.store().checkpoint() == before);
  house.kill("journal");
  house.run();
  CHECK(house.balance(house.alice) == "balance 100");
  house.check_chain(100);
}
