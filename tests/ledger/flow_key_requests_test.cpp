// What became of a key: asked, and sealed, before, while and after a request with it is carried
// out.
#include <catch2/catch.hpp>

#include "tests/ledger/flow_bed.hpp"

namespace sg::test {
namespace {

using Bed = FlowBed;

TestSubmissionPtr pay(const Bed& bed, ledger::Amount amount, std::string key = "key") {
  return transfer({{bed.a, -amount}, {bed.b, amount}}, std::move(key));
}

TEST_CASE("A key that nothing has bound is told so, and may still be bound",
          "[ledger][flow][key requests]") {
  Bed bed;
  REQUIRE(told(bed.ask(pay(bed, 1, "other"))) == "OK");
  const auto asked = bed.ask(key_outcome("key"));
  CHECK(told(asked) == "UNBOUND");
  CHECK(asked->results[0].sequence == 1);
  CHECK(bed.house.journal().chain().size() == 1);
  CHECK(told(bed.ask(pay(bed, 5))) == "OK");
}

TEST_CASE("A key that a transfer has bound cannot be sealed", "[ledger][flow][key requests]") {
  Bed bed;
  const auto paid = bed.ask(pay(bed, 5));
  for (const auto& request : {key_outcome("key"), seal_key("key"), key_outcome("key")}) {
    CHECK(told(bed.ask(request)) == "OK");
    CHECK(request->results[0].sequence == paid->results[0].sequence);
    CHECK(request->results[0].time == paid->results[0].time);
  }
  CHECK(told(bed.ask(pay(bed, 5))) == "OK");
  CHECK(bed.house.balance(bed.b) == 5);
}

TEST_CASE("Nothing commits with a sealed key, ever", "[ledger][flow][key requests]") {
  Bed bed;
  const auto seal = bed.ask(seal_key("key"));
  CHECK(told(seal) == "SEALED");
  CHECK(seal->results[0].sequence == 1);
  const bool crashes = GENERATE(false, true);
  if (crashes) bed.house.crash_journal();
  bed.house.run();
  const auto late = bed.ask(pay(bed, 5));
  CHECK(told(late) == "KEY_SEALED");
  CHECK(fact(late, "idempotency_key") == "key");
  CHECK(late->results[0].error->outcome == ledger::Outcome::none);
  for (const auto& request : {key_outcome("key"), seal_key("key")}) {
    CHECK(told(bed.ask(request)) == "SEALED");
    CHECK(request->results[0].sequence == 1);
  }
  CHECK(bed.house.journal().chain().size() == 1);
  CHECK(bed.house.balance(bed.a) == 10);
}

TEST_CASE("An atomic batch with a sealed key is refused whole", "[ledger][flow][key requests]") {
  Bed bed;
  bed.ask(seal_key("sealed"));
  const auto batch = bed.ask(transfers(
      {{{{bed.a, -1}}, "one", {}}, {{{bed.a, -1}}, "sealed", {}}, {{{bed.a, -1}}, "two", {}}},
      Atomic::yes));
  CHECK(told_all(batch) == Told{"BATCH_ABORTED", "KEY_SEALED", "BATCH_ABORTED"});
  CHECK(told(bed.ask(key_outcome("one"))) == "UNBOUND");
  CHECK(bed.house.balance(bed.a) == 10);
}

TEST_CASE("A request in flight is waited for", "[ledger][flow][key requests]") {
  Bed bed;
  const bool is_paid = GENERATE(true, false);
  const auto payment = bed.submit(pay(bed, is_paid ? 5 : 11));
  bed.house.advance();
  const auto question = bed.submit(key_outcome("key"));
  const auto seal = bed.submit(seal_key("key"));
  bed.house.advance();
  CHECK_FALSE(question->answered());
  CHECK_FALSE(seal->answered());
  bed.house.run();
  if (is_paid) {
    CHECK(told(payment) == "OK");
    CHECK(told(question) == "OK");
    CHECK(told(seal) == "OK");
    CHECK(seal->results[0].sequence == payment->results[0].sequence);
    return;
  }
  // A refusal binds nothing.
  CHECK(told(payment) == "INSUFFICIENT_FUNDS");
  CHECK(told(question) == "UNBOUND");
  CHECK(told(seal) == "SEALED");
}

TEST_CASE("What comes while a key is being sealed waits for the seal",
          "[ledger][flow][key requests]") {
  Bed bed;
  const auto seal = bed.submit(seal_key("key"));
  bed.house.advance();
  const auto late = bed.submit(pay(bed, 5));
  const auto question = bed.submit(key_outcome("key"));
  const auto batch =
      bed.submit(transfers({{{{bed.a, -1}}, "one", {}}, {{{bed.a, -1}}, "key", {}}}, Atomic::yes));
  bed.house.advance();
  bed.house.run_unsynced();
  CHECK_FALSE(seal->answered());
  CHECK_FALSE(late->answered());
  bed.house.run();
  CHECK(told(seal) == "SEALED");
  CHECK(told(late) == "KEY_SEALED");
  CHECK(told(question) == "SEALED");
  CHECK(told_all(batch) == Told{"BATCH_ABORTED", "KEY_SEALED"});
}

TEST_CASE("A seal that cannot be written seals nothing", "[ledger][flow][key requests]") {
  Bed bed;
  const bool is_full = GENERATE(true, false);
  if (is_full) {
    bed.house.journal().full = true;
  } else {
    bed.house.journal().max_seals = 0;
  }
  const auto seal = bed.submit(seal_key("key"));
  bed.house.advance();
  // They waited for it, and are not refused with it.
  const auto payment = bed.submit(pay(bed, 5, "key"));
  const auto question = bed.submit(key_outcome("key"));
  bed.house.run();
  CHECK(told(seal) == (is_full ? "STORAGE_FULL" : "TOO_MANY_SEALS"));
  CHECK(seal->results[0].error->outcome == ledger::Outcome::none);
  CHECK(told(payment) == (is_full ? "STORAGE_FULL" : "OK"));
  CHECK(told(question) == (is_full ? "UNBOUND" : "OK"));
}

TEST_CASE("Who waits to seal a key shares a refusal that lasts", "[ledger][flow][key requests]") {
  Bed bed;
  bed.house.journal().max_seals = 0;
  std::vector<TestSubmissionPtr> seals;
  for (int i = 0; i < 1'000; ++i) seals.push_back(bed.submit(seal_key("key")));
  bed.house.run();
  for (const auto& seal : seals) CHECK(told(seal) == "TOO_MANY_SEALS");
  CHECK(bed.house.flow().undecided_batches() == 0);
}

TEST_CASE("Without the journal a seal is of unknown outcome, and no shard is needed for it",
          "[ledger][flow][key requests]") {
  Bed bed;
  for (std::uint32_t shard = 0; shard < 2; ++shard) bed.house.crash_shard(shard);
  CHECK(told(bed.ask(seal_key("one"))) == "SEALED");
  bed.house.journal_stalled = true;
  const auto seal = bed.submit(seal_key("key"));
  bed.house.advance();
  bed.house.crash_journal();
  bed.house.journal_stalled = false;
  bed.house.run();
  CHECK(seal->results[0].error->outcome == ledger::Outcome::unknown);
  CHECK(told(bed.ask(key_outcome("key"))) == "UNBOUND");
}

TEST_CASE("A question may be given up while it waits", "[ledger][flow][key requests]") {
  Bed bed;
  const auto payment = bed.submit(pay(bed, 5));
  bed.house.advance();
  const auto question = bed.submit(key_outcome("key"));
  bed.house.advance();
  bed.house.cancel(*question);
  bed.house.run();
  CHECK(told(question) == "CANCELLED");
  CHECK(told(payment) == "OK");
}

TEST_CASE("A seal that is cancelled before its batch is formed seals nothing",
          "[ledger][flow][key requests]") {
  Bed bed;
  const auto seal = bed.submit(seal_key("key"));
  bed.house.cancel(*seal);
  bed.house.run();
  CHECK(told(seal) == "CANCELLED");
  CHECK(told(bed.ask(key_outcome("key"))) == "UNBOUND");
}

TEST_CASE("That nothing has bound a key is true only of a node that leads",
          "[ledger][flow][key requests]") {
  Bed bed;
  bed.house.confirms = true;
  bed.house.crash_coordinator();
  bed.house.run();
  const auto question = bed.ask(key_outcome("key"));
  CHECK_FALSE(question->answered());
  REQUIRE(bed.house.flow().wants_round());
  bed.house.flow().begin_round();
  bed.house.flow().round_ended();
  CHECK(told(question) == "UNBOUND");
  // A seal is a commit, and proof enough.
  CHECK(told(bed.ask(seal_key("key"))) == "SEALED");
}

// Its reference has to be unique, and somebody has it already who is not decided yet.
TEST_CASE("A request that waits for a claim is in flight with all of its keys",
          "[ledger][flow][key requests]") {
  Bed bed;
  const auto order = [&](ledger::Amount amount, std::string key) {
    Order one{{{bed.a, -amount}, {bed.b, amount}}, std::move(key), "r"};
    one.unique_reference = true;
    return one;
  };
  // Too much for what a has, unless the credit before it commits.
  const bool first_commits = GENERATE(false, true);
  const bool is_atomic = GENERATE(false, true);
  if (!first_commits) bed.house.journal().full = true;
  const auto credit = bed.submit(transfer({{bed.a, 5}}));
  bed.house.advance();
  const auto first = bed.submit(transfers({order(12, {})}));
  bed.house.advance();
  std::vector<Order> orders{order(1, "key")};
  if (is_atomic) orders.push_back({{{bed.a, -1}}, "other key", {}});
  const auto second = bed.submit(transfers(orders, is_atomic ? Atomic::yes : Atomic::no));
  bed.house.advance();
  const auto question = bed.submit(key_outcome("key"));
  const auto other = bed.submit(key_outcome(is_atomic ? "other key" : "key"));
  const auto seal = bed.submit(seal_key("key"));
  bed.house.advance();
  CHECK(told(second).empty());
  CHECK(told(question).empty());
  CHECK(told(other).empty());
  CHECK(told(seal).empty());
  const bool cancels = GENERATE(false, true);
  if (cancels) bed.house.cancel(*second);
  bed.house.journal().full = false;
  bed.house.run();
  bed.house.drain();
  if (cancels) {
    CHECK(told(second) == "CANCELLED");
    CHECK(told(question) == "UNBOUND");
    CHECK(told(other) == "UNBOUND");
    CHECK(told(seal) == "SEALED");
  } else if (told(first) == "OK") {
    CHECK(told(second) == "REFERENCE_EXISTS");
    CHECK(told(question) == "UNBOUND");
    CHECK(told(seal) == "SEALED");
  } else {
    CHECK(told(second) == "OK");
    CHECK(told(question) == "OK");
    CHECK(told(other) == "OK");
    CHECK(told(seal) == "OK");
    CHECK(question->results[0].sequence == second->results[0].sequence);
  }
  CHECK(bed.house.flow().keys_in_flight() == 0);
  CHECK(bed.house.flow().claims_in_flight() == 0);
}

}  // namespace
}  // namespace sg::test
