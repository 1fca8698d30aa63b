// Atomic batches: one lock unit, netted and refused as one transfer.
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

TEST_CASE("The first item that debits the short account carries the refusal",
          "[ledger][flow][atomic]") {
  Bed bed;
  auto asked = bed.ask({{{{bed.a, 1}, {bed.b, 5}}, {}, {}},
                        {{{bed.a, -6}}, {}, {}},
                        {{{bed.a, -6}, {bed.b, 1}}, {}, {}}});
  CHECK(told_all(asked) == Told{"BATCH_ABORTED", "INSUFFICIENT_FUNDS", "BATCH_ABORTED"});
  CHECK(fact(asked, "amount", 1) == "-11");
  asked = bed.ask({{{{bed.a, -11}}, {}, {}}, {{{"nobody", 1}}, {}, {}}});
  CHECK(told_all(asked) == Told{"BATCH_ABORTED", "ACCOUNT_NOT_FOUND"});
  CHECK(bed.house.journal().chain().empty());
}

TEST_CASE("An atomic batch may use one key twice for the same content", "[ledger][flow][atomic]") {
  Bed bed;
  const Order order{{{bed.a, -6}}, "key", {}};
  const auto asked = bed.ask({order, order, {{{bed.b, 6}}, {}, {}}});
  CHECK(told_all(asked) == Told{"OK", "OK", "OK"});
  CHECK(asked->results[0].sequence == asked->results[1].sequence);
  CHECK(asked->results[2].sequence == 2);
  CHECK(bed.house.balance(bed.a) == 4);
}

TEST_CASE("An atomic batch with one key for two contents is refused", "[ledger][flow][atomic]") {
  Bed bed;
  const auto asked = bed.ask({{{{bed.a, -1}}, "key", {}}, {{{bed.a, -2}}, "key", {}}});
  CHECK(told_all(asked) == Told{"BATCH_ABORTED", "IDEMPOTENCY_MISMATCH"});
  CHECK(bed.house.flow().keys_in_flight() == 0);
}

TEST_CASE("An atomic batch replays what its keys stand for, and commits the rest",
          "[ledger][flow][atomic]") {
  Bed bed;
  const Order bound{{{bed.a, -5}}, "key", {}};
  bed.ask({bound});
  const auto asked = bed.ask({bound, {{{bed.b, 1}}, "other", {}}, bound});
  CHECK(told_all(asked) == Told{"OK", "OK", "OK"});
  CHECK(asked->results[0].sequence == 1);
  CHECK(asked->results[1].sequence == 2);
  CHECK(asked->results[2].sequence == 1);
  CHECK(bed.house.balance(bed.a) == 5);
  const auto wrong = bed.ask({{{{bed.b, 1}}, {}, {}}, {{{bed.a, -4}}, "key", {}}});
  CHECK(told_all(wrong) == Told{"BATCH_ABORTED", "IDEMPOTENCY_MISMATCH"});
}

TEST_CASE("An atomic batch waits as a whole for a key in flight", "[ledger][flow][atomic]") {
  Bed bed;
  const Order order{{{bed.a, -6}}, "key", {}};
  const auto first = transfers({order});
  const auto batch = transfers({{{{bed.b, 1}}, {}, {}}, order}, Atomic::yes);
  bed.house.submit(first);
  bed.house.submit(batch);
  bed.house.run();
  CHECK(told(first) == "OK");
  CHECK(told_all(batch) == Told{"OK", "OK"});
  CHECK(batch->results[1].sequence == 1);
  CHECK(bed.house.journal().image().last == 2);
}

// A lone duplicate was told BATCH_ABORTED, or short of what only the whole batch asked for.
TEST_CASE("A duplicate of an item does not share the refusal of its atomic batch",
          "[ledger][flow][atomic]") {
  Bed bed;
  const Order order{{{bed.a, -6}}, "key", {}};
  const auto batch = transfers({order, {{{bed.a, -6}}, {}, {}}}, Atomic::yes);
  const auto lone = transfers({order});
  bed.house.submit(batch);
  bed.house.submit(lone);
  bed.house.run();
  CHECK(told_all(batch) == Told{"INSUFFICIENT_FUNDS", "BATCH_ABORTED"});
  CHECK(told(lone) == "OK");
  CHECK(bed.house.balance(bed.a) == 4);
}

// The batch went back into the queue once for the twin and once for itself: what had no key was
// committed twice.
TEST_CASE("An atomic batch with twins whose key the journal finds bound has one effect",
          "[ledger][flow][atomic]") {
  Bed bed;
  const Order order{{{bed.a, -3}}, "key", {}};
  // Sequenced, but its coordinator ends before it is durable: the next one cannot know of it.
  bed.house.submit(transfers({order}));
  bed.house.run_unsynced();
  bed.house.crash_coordinator(Fence::unsynced);
  const auto batch = bed.ask({order, order, {{{bed.b, 1}}, {}, {}}});
  CHECK(told_all(batch) == Told{"OK", "OK", "OK"});
  CHECK(batch->results[0].sequence == 1);
  CHECK(bed.house.balance(bed.a) == 7);
  CHECK(bed.house.balance(bed.b) == 1);
  CHECK(bed.house.flow().unanswered() == 0);
}

// A batch whose first item was decided was taken for one that does not wait, and never answered.
TEST_CASE("An atomic batch that replayed its first item and waits for a key is answered",
          "[ledger][flow][atomic]") {
  Bed bed;
  const Order replayed{{{bed.b, 1}}, "replayed", {}};
  const Order lost{{{bed.a, -1}}, "lost", {}};
  const Order shared{{{bed.a, -2}}, "shared", {}};
  bed.ask({replayed});
  bed.house.submit(transfers({lost}));
  bed.house.run_unsynced();
  bed.house.crash_coordinator(Fence::unsynced);
  const auto batch = transfers({replayed, lost, shared}, Atomic::yes);
  const auto joiner = transfers({shared});
  bed.house.submit(batch);
  bed.house.submit(joiner);
  bed.house.run();
  CHECK(told_all(batch) == Told{"OK", "OK", "OK"});
  CHECK(told(joiner) == "OK");
  CHECK(batch->results[2].sequence == joiner->results[0].sequence);
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
