#include "tests/simulated/hand_coordinator.hpp"

using namespace sg::test;

TEST_CASE(
    "In the simulated house a transfer commits, and a held message waits with all behind it") {
  Simulation house;
  const auto alice = house.name_on(0);
  const auto bob = house.name_on(1);
  house.open_account(alice, 100);
  house.open_account(bob, 0);
  house.start();
  CHECK(house.outcome(transfer({{alice, -5}, {bob, 5}})) == "committed 3");

  house.hold<Flush>("journal");
  const auto held = house.submit(transfer({{alice, -5}, {bob, 5}}));
  house.run();
  CHECK(answer_to(held) == "open");
  CHECK(house.next_is<Flush>("journal"));
  CHECK(house.store().durable() == 3);
  house.release();
  house.run();
  CHECK(answer_to(held) == "committed 4");
  CHECK(house.balance(alice) == "balance 90");
  CHECK(house.balance(bob) == "balance 10");
  CHECK(house.outcome(transfer({{alice, -91}, {bob, 91}})) == "INSUFFICIENT_FUNDS");
  house.check_chain(100);
}

TEST_CASE("An actor of the simulated house handles one message at a time") {
  Simulation house({.coordinator = false});
  house.start();
  HandCoordinator first(house);
  house.hold<Fence>("journal");
  first.fence();
  first.fence();
  REQUIRE(house.next_is<Fence>("journal"));
  house.deliver<Fence>("journal");
  CHECK(house.next_is<Fence>("journal"));
  house.deliver<Fence>("journal");
  CHECK_FALSE(house.next_is<Fence>("journal"));
}

TEST_CASE("Every actor of the simulated house comes back after a kill and serves again") {
  const std::string id = GENERATE("journal", "shards", "account_shard/0", "account_shard/1",
                                  "coordinator", "queries", "indexer");
  CAPTURE(id);
  Simulation house;
  const auto alice = house.name_on(0);
  const auto bob = house.name_on(1);
  house.open_account(alice, 100);
  house.open_account(bob, 0);
  house.start();
  const auto before = house.handle(id);
  for (int round = 1; round <= 3; ++round) {
    house.kill(id);
    house.run();
    CHECK(house.outcome(transfer({{alice, -5}, {bob, 5}})) ==
          "committed " + std::to_string(2 + round));
    CHECK(house.balance(bob) == "balance " + std::to_string(5 * round));
  }
  CHECK(house.handle(id) != before);
  house.check_chain(100);
}
