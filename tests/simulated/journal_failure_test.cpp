// A journal whose disk fails, or that is killed: what was not durable never happened, and those who
// asked are told that they cannot know.
#include "tests/simulated/hand_coordinator.hpp"

using namespace sg::test;

namespace {

enum class Failure { write, sync_lost, sync_kept, kill };

std::string name_of(Failure failure) {
  switch (failure) {
    case Failure::write:
      return "the write fails";
    case Failure::sync_lost:
      return "the sync fails, the power goes";
    case Failure::sync_kept:
      return "the sync fails, the block is there";
    default:
      return "the journal is killed";
  }
}

// Ends the journal with what it has sequenced not yet synced; its successor is not up yet.
void fail(TwoShards& house, Failure failure) {
  if (failure == Failure::kill) {
    house.kill("journal");
    return;
  }
  if (failure == Failure::write) house.disk().fail_next_write();
  if (failure != Failure::write) house.disk().fail_next_sync();
  house.deliver<Flush>("journal");
  if (failure == Failure::sync_lost) house.disk().crash();
}

}  // namespace

TEST_CASE("After a journal's end everything unsynced never happened, or all of it did") {
  const auto failure =
      GENERATE(Failure::write, Failure::sync_lost, Failure::sync_kept, Failure::kill);
  CAPTURE(name_of(failure));
  TwoShards house;
  const auto carol = house.name_on(1, 1);
  CHECK(house.outcome(house.pay(10, "durable")) == "committed 3");
  house.hold<Flush>("journal");
  const auto sequenced = house.submit(house.pay(60, "sequenced"));
  const auto created = house.submit(new_account(carol, 5));
  house.run();
  const auto joined = house.submit(house.pay(60, "sequenced"));
  // The shards show the 60 as gone already.
  const auto refused = house.submit(house.pay(31));
  house.run();
  house.hold<Commit>("journal");
  const auto handed_over = house.submit(house.pay(20, "handed over"));
  house.run();
  const auto waits = house.submit(house.pay(30, "waits"));
  house.run();
  for (const auto& s : {sequenced, created, joined, refused, handed_over, waits}) {
    CHECK(answer_to(s) == "open");
  }
  fail(house, failure);
  house.release();
  house.run();
  CHECK(answer_to(sequenced) == "JOURNAL_UNAVAILABLE unknown");
  CHECK(answer_to(created) == "JOURNAL_UNAVAILABLE unknown");
  CHECK(answer_to(joined) == "JOURNAL_UNAVAILABLE unknown");
  CHECK(answer_to(refused) == "JOURNAL_UNAVAILABLE");
  CHECK(answer_to(handed_over) == "JOURNAL_UNAVAILABLE unknown");
  CHECK(answer_to(waits) == "JOURNAL_UNAVAILABLE");

  const bool kept = failure == Failure::sync_kept;
  CHECK(house.balance(house.alice) == (kept ? "balance 30" : "balance 90"));
  CHECK(house.balance(carol) == (kept ? "balance 5" : "ACCOUNT_NOT_FOUND"));
  // Retries: each key has its one effect.
  CHECK(house.outcome(house.pay(60, "sequenced")) == "committed 4");
  CHECK(house.outcome(house.pay(10, "durable")) == "committed 3");
  CHECK(house.outcome(new_account(carol, 5)) == (kept ? "ACCOUNT_EXISTS" : "committed 5"));
  CHECK(house.outcome(house.pay(20, "handed over")) == "committed 6");
  CHECK(house.outcome(house.pay(20, "handed over")) == "committed 6");
  CHECK(house.balance(house.bob) == "balance 90");
  CHECK(house.outcome(house.pay(10)) == "committed 7");
  CHECK(house.outcome(house.pay(1)) == "INSUFFICIENT_FUNDS");
  house.check_chain(105);
}

TEST_CASE("A journal whose store does not open is tried again; until then all is UNAVAILABLE") {
  TwoShards house;
  house.hold<Flush>("journal");
  const auto paid = house.submit(house.pay(60, "key"));
  house.run();
  house.disk().fail_next_write();
  house.disk().fail_next_open();
  house.deliver<Flush>("journal");
  house.hold<sg::supervisor::Init>("journal");
  house.run();
  CHECK(answer_to(paid) == "JOURNAL_UNAVAILABLE unknown");
  CHECK(house.outcome(house.pay(60, "key")) == "JOURNAL_UNAVAILABLE unknown");
  CHECK(house.outcome(house.pay(60)) == "JOURNAL_UNAVAILABLE");
  CHECK(house.balance(house.alice) == "SHARD_UNAVAILABLE");
  house.release();
  house.run();
  CHECK(house.outcome(house.pay(60, "key")) == "committed 3");
  CHECK(house.balance(house.alice) == "balance 40");
}

TEST_CASE(
    "A full disk is told before a transfer is sequenced, and takes transfers once it is not") {
  TwoShards house;
  house.disk().set_free_bytes(0);
  CHECK(house.outcome(house.pay(60, "key")) == "STORAGE_FULL");
  CHECK(house.balance(house.alice) == "balance 100");
  house.disk().set_free_bytes(~std::uint64_t{0});
  CHECK(house.outcome(house.pay(60, "key")) == "committed 3");
  CHECK(house.outcome(house.pay(40)) == "committed 4");
}

// The next group met it, and ended with an unknown outcome.
TEST_CASE(
    "A failed write of the indexer makes the journal open the store anew, once there is room") {
  TwoShards house;
  house.disk().fail_next_write();
  CHECK_FALSE(house.store().write_checkpoint(house.store().durable()).has_value());
  SECTION("there is room") {}
  SECTION("the disk is full") {
    house.disk().set_free_bytes(0);
    house.kill("indexer");
    house.run();
    // Until the store is opened anew nobody knows which keys the failed write bound.
    CHECK(house.outcome(house.pay(60, "key")) == "STORAGE_FULL unknown");
    CHECK(house.outcome(house.pay(60)) == "STORAGE_FULL");
    CHECK(house.balance(house.alice) == "balance 100");
    house.disk().set_free_bytes(~std::uint64_t{0});
    // An opening writes: it is not begun before.
    CHECK_FALSE(house.store().write_checkpoint(house.store().durable()).has_value());
  }
  house.kill("indexer");
  house.run();
  CHECK(house.outcome(house.pay(60, "key")) == "committed 3");
}

TEST_CASE("A shard that dies while the journal restarts finds the new one") {
  TwoShards house;
  house.hold<sg::supervisor::Init>("journal");
  house.kill("journal");
  house.run();
  house.kill("account_shard/0");
  house.kill("coordinator");
  house.run();
  house.release();
  house.run();
  CHECK(house.outcome(house.pay(100)) == "committed 3");
  CHECK(house.balance(house.bob) == "balance 100");
}
