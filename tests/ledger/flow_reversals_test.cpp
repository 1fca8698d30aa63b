// Transactions that are taken back: what is left of them, and who may take it.
#include <catch2/catch.hpp>

#include "tests/ledger/flow_bed.hpp"

using namespace sg;
using namespace sg::test;

namespace {

using ledger::Amount;

struct Bed : FlowBed {
  ledger::TransactionPlace original;

  // 6 from a to b, committed.
  Bed() { original = moved({{a, -6}, {b, 6}}); }

  ledger::TransactionPlace moved(std::vector<Posting> postings) {
    return place_of(ask(transfer(std::move(postings))));
  }
  ledger::TransactionPlace place_of(const TestSubmissionPtr& committed) const {
    REQUIRE(told(committed) == "OK");
    return {committed->results[0].time, committed->results[0].sequence};
  }
  // All that is left, or these.
  TestSubmissionPtr reversal(std::vector<Posting> postings = {}, std::string key = {}) const {
    return transfers({order(std::move(postings), std::move(key))});
  }
  Order order(std::vector<Posting> postings = {}, std::string key = {}) const {
    Order one{std::move(postings), std::move(key), {}};
    one.reverses = original;
    return one;
  }
  std::pair<Amount, Amount> balances() const { return {house.balance(a), house.balance(b)}; }
};

using Balances = std::pair<Amount, Amount>;

}  // namespace

TEST_CASE("A reversal without entries takes back all, once", "[ledger][flow]") {
  Bed bed;
  const auto first = bed.ask(bed.reversal());
  CHECK(told(first) == "OK");
  CHECK(bed.balances() == Balances{10, 0});
  // The answer shows what it moved.
  REQUIRE(first->transfers()[0].entries.size() == 2);
  CHECK(first->transfers()[0].entries[0].account_id == bed.a);
  CHECK(first->transfers()[0].entries[0].amount == 6);
  CHECK(first->transfers()[0].entries[1].amount == -6);

  const auto again = bed.ask(bed.reversal());
  CHECK(told(again) == "REVERSAL_EXCEEDED");
  CHECK(fact(again, "reversible") == "0");
  CHECK(bed.balances() == Balances{10, 0});
  CHECK(bed.house.flow().claims_in_flight() == 0);
  CHECK(bed.house.flow().reversed_entries() == 0);
}

TEST_CASE("Reversals in part never take back more than was moved", "[ledger][flow]") {
  Bed bed;
  CHECK(told(bed.ask(bed.reversal({{bed.a, 2}, {bed.b, -2}}))) == "OK");
  const auto much = bed.ask(bed.reversal({{bed.a, 5}, {bed.b, -5}}));
  CHECK(told(much) == "REVERSAL_EXCEEDED");
  CHECK(fact(much, "account_id") == bed.a);
  CHECK(fact(much, "reversible") == "4");
  CHECK(fact(much, "amount") == "5");
  // In the direction of the original, and on an account that it did not touch.
  CHECK(told(bed.ask(bed.reversal({{bed.a, -1}}))) == "REVERSAL_EXCEEDED");
  const auto other = on_shard(0, bed.house, 1);
  bed.ask(new_account(other, 5));
  const auto foreign = bed.ask(bed.reversal({{other, -1}, {bed.a, 1}}));
  CHECK(told(foreign) == "REVERSAL_EXCEEDED");
  CHECK(fact(foreign, "reversible") == "0");
  // One side alone may be taken back.
  CHECK(told(bed.ask(bed.reversal({{bed.b, -3}}))) == "OK");
  // What is left is not the same on both.
  CHECK(told(bed.ask(bed.reversal())) == "OK");
  CHECK(bed.balances() == Balances{10, 0});
  CHECK(told(bed.ask(bed.reversal({{bed.a, 1}}))) == "REVERSAL_EXCEEDED");
}

TEST_CASE("An original that is not there, or moved nothing", "[ledger][flow]") {
  Bed bed;
  const auto known = bed.original;
  bed.original.sequence += 100;
  const auto missing = bed.ask(bed.reversal());
  CHECK(told(missing) == "TRANSACTION_NOT_FOUND");
  CHECK(fact(missing, "transaction_id") ==
        ledger::transaction_id(bed.original.time, bed.original.sequence));
  // The id of a record tells its time too.
  bed.original = {known.time + 1, known.sequence};
  CHECK(told(bed.ask(bed.reversal())) == "TRANSACTION_NOT_FOUND");
  const auto created = bed.ask(new_account(on_shard(0, bed.house, 1), 0));
  bed.original = bed.place_of(created);
  CHECK(told(bed.ask(bed.reversal())) == "NOT_REVERSIBLE");
  // An account that does not exist comes first.
  CHECK(told(bed.ask(bed.reversal({{"nobody", 1}}))) == "ACCOUNT_NOT_FOUND");
  bed.original = known;
  CHECK(told(bed.ask(bed.reversal({{"nobody", 1}, {bed.a, 9}}))) == "ACCOUNT_NOT_FOUND");
}

TEST_CASE("A reversal is judged as a transfer, and can be taken back itself", "[ledger][flow]") {
  Bed bed;
  bed.moved({{bed.b, -4}});
  const auto poor = bed.ask(bed.reversal());
  CHECK(told(poor) == "INSUFFICIENT_FUNDS");
  CHECK(fact(poor, "account_id") == bed.b);
  CHECK(bed.house.flow().claims_in_flight() == 0);
  const auto part = bed.ask(bed.reversal({{bed.a, 2}, {bed.b, -2}}));
  CHECK(bed.balances() == Balances{6, 0});
  const auto first = bed.original;
  bed.original = bed.place_of(part);
  CHECK(told(bed.ask(bed.reversal())) == "OK");
  CHECK(bed.balances() == Balances{4, 2});
  // What was taken back stays so for the first one, whatever became of the reversal.
  bed.original = first;
  CHECK(told(bed.ask(bed.reversal({{bed.a, 5}}))) == "REVERSAL_EXCEEDED");
}

TEST_CASE("One reversal of an original runs at a time", "[ledger][flow]") {
  Bed bed;
  const auto first = bed.submit(bed.reversal({{bed.b, -4}}));
  const auto second = bed.submit(bed.reversal({{bed.b, -4}}));
  const auto third = bed.submit(bed.reversal({{bed.b, -2}}));
  const auto other = bed.submit(transfer({{bed.a, 1}}));
  bed.house.run();
  CHECK(told(first) == "OK");
  CHECK(told(second) == "REVERSAL_EXCEEDED");
  CHECK(told(third) == "OK");
  CHECK(told(other) == "OK");
  CHECK(bed.house.balance(bed.b) == 0);
  CHECK(bed.house.flow().claims_in_flight() == 0);
}

TEST_CASE("The first of many that wait tries when one has committed", "[ledger][flow]") {
  Bed bed;
  std::vector<TestSubmissionPtr> all;
  for (int i = 0; i < 50; ++i) all.push_back(bed.submit(bed.reversal({{bed.b, -1}})));
  bed.house.run();
  int committed = 0;
  for (const auto& one : all) committed += told(one) == "OK" ? 1 : 0;
  CHECK(committed == 6);
  CHECK(bed.house.balance(bed.b) == 0);
  CHECK(bed.house.flow().claims_in_flight() == 0);
  CHECK(bed.house.flow().reversed_entries() == 0);
}

TEST_CASE("A retry is told the one reversal", "[ledger][flow]") {
  Bed bed;
  const auto first = bed.submit(bed.reversal({}, "refund"));
  const auto joined = bed.submit(bed.reversal({}, "refund"));
  bed.house.run();
  const auto later = bed.ask(bed.reversal({}, "refund"));
  for (const auto& one : {first, joined, later}) {
    CHECK(told(one) == "OK");
    CHECK(one->results[0].sequence == first->results[0].sequence);
  }
  CHECK_FALSE(first->results[0].replayed);
  CHECK(joined->results[0].replayed);
  CHECK(later->results[0].replayed);
  // The same entries are not the same request: all that is left was asked for.
  CHECK(told(bed.ask(bed.reversal({{bed.a, 6}, {bed.b, -6}}, "refund"))) == "IDEMPOTENCY_MISMATCH");
  CHECK(bed.balances() == Balances{10, 0});
}

TEST_CASE("In an atomic batch one reversal leaves less for the next", "[ledger][flow]") {
  Bed bed;
  const auto fits = transfers(
      {bed.order({{bed.b, -4}}), bed.order({{bed.b, -2}}), bed.order({{bed.a, 6}})}, Atomic::yes);
  CHECK(told_all(bed.ask(fits)) == Told{"OK", "OK", "OK"});
  CHECK(bed.balances() == Balances{10, 0});

  Bed other;
  const auto much =
      transfers({other.order({{other.b, -4}}), other.order({{other.b, -3}})}, Atomic::yes);
  CHECK(told_all(other.ask(much)) == Told{"BATCH_ABORTED", "REVERSAL_EXCEEDED"});
  const auto all_twice = transfers({other.order(), other.order()}, Atomic::yes);
  CHECK(told_all(other.ask(all_twice)) == Told{"BATCH_ABORTED", "REVERSAL_EXCEEDED"});
  // The item that comes first is to blame.
  const auto poor_first =
      transfers({{{{other.a, -50}}, {}, {}}, other.order({{other.b, -9}})}, Atomic::yes);
  CHECK(told_all(other.ask(poor_first)) == Told{"INSUFFICIENT_FUNDS", "BATCH_ABORTED"});
  const auto poor_last =
      transfers({other.order({{other.b, -9}}), {{{other.a, -50}}, {}, {}}}, Atomic::yes);
  CHECK(told_all(other.ask(poor_last)) == Told{"REVERSAL_EXCEEDED", "BATCH_ABORTED"});
  // An account that does not exist comes before all states.
  const auto missing =
      transfers({other.order({{other.b, -9}}), {{{"nobody", 1}}, {}, {}}}, Atomic::yes);
  CHECK(told_all(other.ask(missing)) == Told{"BATCH_ABORTED", "ACCOUNT_NOT_FOUND"});
  // Two with one key are one.
  const auto twins = transfers({other.order({}, "refund"), other.order({}, "refund")}, Atomic::yes);
  CHECK(told_all(other.ask(twins)) == Told{"OK", "OK"});
  CHECK(other.balances() == Balances{10, 0});
  CHECK(other.house.flow().claims_in_flight() == 0);
}

TEST_CASE("A reversal that is cancelled lets the next one go", "[ledger][flow]") {
  Bed bed;
  // Waits for its lock behind a debit that is undecided.
  bed.house.journal_stalled = true;
  const auto debit = bed.submit(transfer({{bed.b, -5}}));
  bed.house.run_unsynced();
  const auto first = bed.submit(bed.reversal());
  const auto second = bed.submit(bed.reversal({{bed.b, -1}}));
  bed.house.run_unsynced();
  bed.house.cancel(*first);
  bed.house.journal_stalled = false;
  bed.house.run();
  CHECK(told(first) == "CANCELLED");
  CHECK(told(debit) == "OK");
  CHECK(told(second) == "OK");
  CHECK(bed.house.flow().claims_in_flight() == 0);
}

TEST_CASE("The journal lets no reversal pass that its coordinator did not know", "[ledger][flow]") {
  Bed bed;
  bed.moved({{bed.b, 20}});
  const auto first = bed.submit(bed.reversal());
  bed.house.run_unsynced();
  // The next one begins before that is durable.
  bed.house.crash_coordinator(sg::test::Fence::unsynced);
  const auto second = bed.submit(bed.reversal());
  bed.house.run();
  CHECK(first->lost);
  CHECK(told(second) == "REVERSAL_EXCEEDED");
  CHECK(bed.balances() == Balances{10, 20});
}

TEST_CASE("What small requests may hold of large transactions is bounded", "[ledger][flow]") {
  constexpr int kAccounts = 2'000;
  constexpr int kReversals = 101;  // 202,000 accounts in all
  FlowBed bed;
  std::vector<Posting> credits;
  for (int i = 0; i < kAccounts; ++i) {
    const auto id = "many-" + std::to_string(i);
    bed.house.open_account(id, 0);
    credits.push_back({id, 200});
  }
  const auto paid = bed.ask(transfer(std::move(credits)));
  REQUIRE(told(paid) == "OK");
  std::vector<Order> orders(kReversals);
  for (auto& order : orders) {
    order.postings = {{"many-0", -1}};
    order.reverses = {paid->results[0].time, paid->results[0].sequence};
  }
  // As one unit: each of them keeps what it leaves of all accounts.
  const auto as_one = bed.ask(transfers(orders, Atomic::yes));
  CHECK(told(as_one, kReversals - 1) == "TOO_MANY_ENTRIES");
  CHECK(told(as_one, 0) == "BATCH_ABORTED");
  CHECK(bed.house.flow().reversed_entries() == 0);
  // One after the other.
  const auto apart = bed.ask(transfers(orders));
  CHECK(told_all(apart) == Told(kReversals, "OK"));
  CHECK(bed.house.balance("many-0") == 200 - kReversals);
  CHECK(bed.house.flow().reversed_entries() == 0);
  CHECK(bed.house.flow().claims_in_flight() == 0);
}

TEST_CASE("What can be taken back of amounts at the ends of the range", "[ledger][flow]") {
  constexpr auto kMin = std::numeric_limits<Amount>::min();
  constexpr auto kMax = std::numeric_limits<Amount>::max();
  FlowBed bed;
  const auto wide = on_shard(0, bed.house, 2);
  bed.house.open_account(wide, kMax, kMin);
  // 2^64 - 1, in three entries.
  const auto moved = bed.ask(transfer({{wide, -kMax}, {wide, -kMax}, {wide, -1}}));
  REQUIRE(told(moved) == "OK");
  REQUIRE(bed.house.balance(wide) == kMin);
  Order all{{}, {}, {}};
  all.reverses = {moved->results[0].time, moved->results[0].sequence};
  CHECK(told(bed.ask(transfers({all}))) == "OK");
  CHECK(bed.house.balance(wide) == kMax);
  CHECK(told(bed.ask(transfers({all}))) == "REVERSAL_EXCEEDED");
}
