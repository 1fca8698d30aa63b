// Atomic batches: one lock unit, netted and refused as one transfer.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/ledger/flow_bed.hpp"

namespace sg::test {
namespace {

struct Bed {
  LedgerHouse house{2};
  std::string a = on_shard(0, house), b = on_shard(1, house);

  Bed() {
    house.open_account(a, 10);
    house.open_account(b, 0);
  }
  TestSubmissionPtr ask(TestSubmissionPtr submission) {
    house.submit(submission);
    house.run();
    return submission;
  }
  TestSubmissionPtr ask(std::vector<Order> orders) {
    return ask(transfers(std::move(orders), Atomic::yes));
  }
};

TEST_CASE("An atomic batch is netted like one transfer", "[ledger][flow][atomic]") {
  Bed bed;
  const auto asked = bed.ask(
      {{{{bed.a, -30}, {bed.b, 30}}, {}, {}}, {{{bed.b, -30}}, {}, {}}, {{{bed.a, 20}}, {}, {}}});
  CHECK(told_all(asked) == Told{"OK", "OK", "OK"});
  CHECK(asked->results[0].sequence == 1);
  CHECK(asked->results[2].sequence == 3);
  CHECK(bed.house.balance(bed.a) == 0);
  CHECK(bed.house.journal().chain().size() == 1);
}

TEST_CASE("The first item that takes the running balance below the floor carries the refusal",
          "[ledger][flow][atomic]") {
  Bed bed;
  auto asked = bed.ask({{{{bed.a, 1}, {bed.b, 5}}, {}, {}},
                        {{{bed.a, -6}}, {}, {}},
                        {{{bed.a, -6}, {bed.b, 1}}, {}, {}}});
  CHECK(told_all(asked) == Told{"BATCH_ABORTED", "BATCH_ABORTED", "INSUFFICIENT_FUNDS"});
  CHECK(fact(asked, "amount", 2) == "-6");
  CHECK(fact(asked, "balance", 2) == "10");
  CHECK(asked->results[2].error->message ==
        "account " + bed.a +
            " has 10, 5 after the transfers before this one: -6 would take it "
            "below its floor");
  // Two accounts are short: the one that falls first counts, on whichever shard it is.
  asked = bed.ask(
      {{{{bed.a, -3}}, {}, {}}, {{{bed.b, -1}}, {}, {}}, {{{bed.a, -30}, {bed.b, -7}}, {}, {}}});
  CHECK(told_all(asked) == Told{"BATCH_ABORTED", "INSUFFICIENT_FUNDS", "BATCH_ABORTED"});
  CHECK(fact(asked, "account_id", 1) == bed.b);
  CHECK(fact(asked, "amount", 1) == "-1");
  // An item's own net counts, not one entry of it.
  asked = bed.ask({{{{bed.a, -2}, {bed.a, 5}, {bed.a, -14}}, {}, {}}});
  CHECK(fact(asked, "amount", 0) == "-11");
  asked = bed.ask({{{{bed.a, -11}}, {}, {}}, {{{"nobody", 1}}, {}, {}}});
  CHECK(told_all(asked) == Told{"BATCH_ABORTED", "ACCOUNT_NOT_FOUND"});
  CHECK(bed.house.journal().chain().empty());
}

TEST_CASE("An atomic batch may use one key twice for the same content", "[ledger][flow][atomic]") {
  Bed bed;
  const Order order{{{bed.a, -6}}, "key", {}};
  const std::vector<Order> orders{order, order, {{{bed.b, 6}}, "other", {}}};
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto asked = bed.ask(orders);
    CHECK(told_all(asked) == Told{"OK", "OK", "OK"});
    CHECK(asked->results[0].sequence == 1);
    CHECK(asked->results[1].sequence == 1);
    CHECK(asked->results[2].sequence == 2);
  }
  CHECK(bed.house.balance(bed.a) == 4);
  CHECK(bed.house.balance(bed.b) == 6);
}

TEST_CASE("An atomic batch with one key for two contents is refused", "[ledger][flow][atomic]") {
  Bed bed;
  const auto asked = bed.ask({{{{bed.a, -1}}, "key", {}}, {{{bed.a, -2}}, "key", {}}});
  CHECK(told_all(asked) == Told{"BATCH_ABORTED", "IDEMPOTENCY_MISMATCH"});
  CHECK(bed.house.flow().keys_in_flight() == 0);
}

TEST_CASE("Twins of an atomic batch that say different things beside are refused",
          "[ledger][flow][atomic]") {
  Bed bed;
  const ledger::Details details{{}, 7, false};
  const Order order{{{bed.a, -6}}, "key", {}};
  auto asked = transfers({order, order}, Atomic::yes);
  std::get<ledger::TransferBatch>(asked->operation).transfers[1].details = &details;
  bed.house.submit(asked);
  bed.house.run();
  CHECK(told_all(asked) == Told{"BATCH_ABORTED", "IDEMPOTENCY_MISMATCH"});
  CHECK(bed.house.balance(bed.a) == 10);
}

// The items whose keys were bound were replayed, and the others committed alone: money was
// invented.
TEST_CASE("An atomic batch of which some keys are bound is refused, and does nothing",
          "[ledger][flow][atomic]") {
  Bed bed;
  const Order bound{{{bed.a, -5}}, "key", {}};
  const Order fresh{{{bed.b, 1}}, "other", {}};
  bed.ask({bound});
  CHECK(told_all(bed.ask({bound, fresh})) == Told{"IDEMPOTENCY_MISMATCH", "BATCH_ABORTED"});
  CHECK(told_all(bed.ask({fresh, bound})) == Told{"BATCH_ABORTED", "IDEMPOTENCY_MISMATCH"});
  CHECK(told_all(bed.ask({bound, fresh, bound})) ==
        Told{"IDEMPOTENCY_MISMATCH", "BATCH_ABORTED", "BATCH_ABORTED"});
  // The gateway refuses a batch that mixes items with and without keys; so it must not pay here.
  const Order unkeyed{{{bed.b, 1}}, {}, {}};
  CHECK(told_all(bed.ask({bound, unkeyed})) == Told{"IDEMPOTENCY_MISMATCH", "BATCH_ABORTED"});
  CHECK(bed.house.balance(bed.a) == 5);
  CHECK(bed.house.balance(bed.b) == 0);
  CHECK(bed.house.flow().keys_in_flight() == 0);
}

TEST_CASE("An atomic batch is replayed only as it was committed: same items, same order",
          "[ledger][flow][atomic]") {
  Bed bed;
  const Order first{{{bed.a, -5}}, "first", {}};
  const Order second{{{bed.b, 5}}, "second", {}};
  const Order third{{{bed.b, 1}}, "third", {}};
  const Order fourth{{{bed.b, 2}}, "fourth", {}};
  REQUIRE(told_all(bed.ask({first, second, third})) == Told{"OK", "OK", "OK"});
  REQUIRE(told_all(bed.ask({fourth})) == Told{"OK"});

  const auto again = bed.ask({first, second, third});
  CHECK(told_all(again) == Told{"OK", "OK", "OK"});
  CHECK(again->results[0].sequence == 1);
  CHECK(again->results[2].sequence == 3);

  const Order changed{{{bed.b, 6}}, "second", {}};
  const std::vector<std::vector<Order>> others{
      {second, first, third},          // another order
      {first, second},                 // the end is missing
      {second, third},                 // the beginning is missing
      {first, third},                  // an item is missing
      {first, second, third, fourth},  // one more
      {first, changed, third}          // other content
  };
  for (const auto& orders : others) {
    const auto asked = bed.ask(orders);
    const auto all = told_all(asked);
    CHECK(std::count(all.begin(), all.end(), "IDEMPOTENCY_MISMATCH") == 1);
    CHECK(std::count(all.begin(), all.end(), "BATCH_ABORTED") ==
          static_cast<std::ptrdiff_t>(all.size()) - 1);
  }
  // Alone, each is a plain transfer.
  for (const auto& order : {first, second, third, fourth}) {
    CHECK(told_all(bed.ask({order})) == Told{"OK"});
    CHECK(told(bed.ask(transfers({order}))) == "OK");
  }
  CHECK(bed.house.journal().image().last == 4);
}

TEST_CASE("Transfers that were committed one by one are no atomic batch",
          "[ledger][flow][atomic]") {
  Bed bed;
  const Order first{{{bed.a, -5}}, "first", {}};
  const Order second{{{bed.b, 5}}, "second", {}};
  REQUIRE(told_all(bed.ask(transfers({first, second}))) == Told{"OK", "OK"});
  CHECK(told_all(bed.ask({first, second})) == Told{"IDEMPOTENCY_MISMATCH", "BATCH_ABORTED"});
}

TEST_CASE("An atomic batch waits as a whole for a key in flight", "[ledger][flow][atomic]") {
  Bed bed;
  const Order order{{{bed.a, -6}}, "key", {}};
  const Order other{{{bed.b, 1}}, "other", {}};
  const auto first = transfers({other, order}, Atomic::yes);
  const auto again = transfers({other, order}, Atomic::yes);
  const auto more = transfers({order, {{{bed.b, 1}}, "more", {}}}, Atomic::yes);
  for (const auto& submission : {first, again, more}) bed.house.submit(submission);
  bed.house.run();
  CHECK(told_all(first) == Told{"OK", "OK"});
  CHECK(told_all(again) == Told{"OK", "OK"});
  CHECK(again->results[0].sequence == 1);
  CHECK(again->results[1].sequence == 2);
  CHECK(told_all(more) == Told{"IDEMPOTENCY_MISMATCH", "BATCH_ABORTED"});
  CHECK(bed.house.journal().image().last == 2);
  CHECK(bed.house.balance(bed.b) == 1);
}

// A lone duplicate was told BATCH_ABORTED, or short of what only the whole batch asked for.
TEST_CASE("A duplicate of an item does not share the refusal of its atomic batch",
          "[ledger][flow][atomic]") {
  Bed bed;
  const Order order{{{bed.a, -6}}, "key", {}};
  const auto batch = transfers({order, {{{bed.a, -6}}, "other", {}}}, Atomic::yes);
  const auto lone = transfers({order});
  bed.house.submit(batch);
  bed.house.submit(lone);
  bed.house.run();
  CHECK(told_all(batch) == Told{"BATCH_ABORTED", "INSUFFICIENT_FUNDS"});
  CHECK(told(lone) == "OK");
  CHECK(bed.house.balance(bed.a) == 4);
}

// The batch went back into the queue once for the twin and once for itself, and was committed
// twice.
TEST_CASE("An atomic batch with twins whose key the journal finds bound has one effect",
          "[ledger][flow][atomic]") {
  Bed bed;
  const Order order{{{bed.a, -3}}, "key", {}};
  const Order other{{{bed.b, 1}}, "other", {}};
  const std::vector<Order> orders{order, order, other};
  // Sequenced, but its coordinator ends before it is durable: the next one cannot know of it.
  bed.house.submit(transfers(orders, Atomic::yes));
  bed.house.run_unsynced();
  bed.house.crash_coordinator(Fence::unsynced);
  const auto batch = bed.ask(orders);
  CHECK(told_all(batch) == Told{"OK", "OK", "OK"});
  CHECK(batch->results[1].sequence == 1);
  CHECK(batch->results[2].sequence == 2);
  CHECK(bed.house.balance(bed.a) == 7);
  CHECK(bed.house.balance(bed.b) == 1);
  CHECK(bed.house.flow().unanswered() == 0);
}

// A batch whose first key the journal found bound was taken for one that does not wait.
TEST_CASE("An atomic batch that meets a lost key and another's joiner is refused as a whole",
          "[ledger][flow][atomic]") {
  Bed bed;
  const Order lost{{{bed.a, -1}}, "lost", {}};
  const Order shared{{{bed.a, -2}}, "shared", {}};
  bed.house.submit(transfers({lost}));
  bed.house.run_unsynced();
  bed.house.crash_coordinator(Fence::unsynced);
  const auto batch = transfers({lost, shared}, Atomic::yes);
  const auto joiner = transfers({shared});
  bed.house.submit(batch);
  bed.house.submit(joiner);
  bed.house.run();
  CHECK(told_all(batch) == Told{"IDEMPOTENCY_MISMATCH", "BATCH_ABORTED"});
  CHECK(told(joiner) == "OK");
  CHECK(bed.house.balance(bed.a) == 7);
  CHECK(bed.house.flow().keys_in_flight() == 0);
}

// The twin was told CANCELLED while the item that it repeats was committed.
TEST_CASE("Cancelling an atomic batch that the journal has changes none of its items",
          "[ledger][flow][atomic]") {
  Bed bed;
  const Order order{{{bed.a, -6}}, "key", {}};
  const auto batch = transfers({order, order}, Atomic::yes);
  bed.house.submit(batch);
  bed.house.run_unsynced();
  bed.house.cancel(*batch);
  bed.house.run();
  CHECK(told_all(batch) == Told{"OK", "OK"});
}

}  // namespace
}  // namespace sg::test
