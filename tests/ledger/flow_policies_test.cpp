// Policies on their way: the exclusive lock, what waits behind it, and what is refused by them.
#include <catch2/catch.hpp>
#include <limits>

#include "tests/ledger/flow_bed.hpp"

using namespace sg;
using namespace sg::test;

namespace {

using ledger::AccountStatus;
using ledger::Amount;

template <class Set>
Order policy(std::string account, Set set) {
  Order order;
  auto& made = order.policy.emplace(PolicyOrder{std::move(account)});
  set(made);
  return order;
}
Order freeze(std::string account, bool frozen = true) {
  return policy(std::move(account), [&](auto& p) { p.change.debits_frozen = frozen; });
}
Order floor_of(std::string account, Amount floor) {
  return policy(std::move(account), [&](auto& p) { p.change.floor = floor; });
}
Order close_to(std::string account, std::string target) {
  return policy(std::move(account), [&](auto& p) {
    p.change.status = AccountStatus::closed;
    p.sweep_to = target;
  });
}
Order moved(std::vector<Posting> postings) { return {std::move(postings), {}, {}}; }

// The policy waits for the transfer before it, and the transfer behind it for the policy.
void check_waits(FlowBed& bed, std::vector<Posting> undecided) {
  bed.house.journal().full = false;
  const auto first = bed.submit(transfer(std::move(undecided)));
  bed.house.advance();
  const auto frozen = bed.submit(transfers({freeze(bed.a)}));
  const auto last = bed.submit(transfer({{bed.a, -1}, {bed.b, 1}}));
  bed.house.run();
  CHECK(told(first) == "OK");
  CHECK(told(frozen) == "OK");
  CHECK(told(last) == "ACCOUNT_FROZEN");
  CHECK(fact(last, "side") == "debits");
  CHECK(bed.house.waiting() == 0);
}

}  // namespace

TEST_CASE("A policy waits for what is undecided, and others wait behind it", "[ledger][flow]") {
  FlowBed bed;
  SECTION("a debit") { check_waits(bed, {{bed.a, -1}, {bed.b, 1}}); }
  SECTION("a credit") { check_waits(bed, {{bed.a, 1}}); }
  // It moves nothing, and is there all the same.
  SECTION("a net of zero") { check_waits(bed, {{bed.a, -1}, {bed.a, 1}, {bed.b, 1}}); }
}

TEST_CASE("An exclusive lock is given back when its unit ends without a commit", "[ledger][flow]") {
  FlowBed bed;
  bed.house.journal().full = true;
  CHECK(told(bed.ask(transfers({floor_of(bed.a, -5)}))) == "STORAGE_FULL");
  bed.house.journal().full = false;
  CHECK(told(bed.ask(transfers({floor_of(bed.a, 11)}))) == "POLICY_CONFLICT");
  CHECK(told(bed.ask(transfers({close_to(bed.a, "nobody")}))) == "ACCOUNT_NOT_FOUND");
  CHECK(told(bed.ask(transfer({{bed.a, -10}, {bed.b, 10}}))) == "OK");
}

TEST_CASE("A shard and a coordinator that start anew know the policies", "[ledger][flow]") {
  FlowBed bed;
  REQUIRE(told(bed.ask(transfers({floor_of(bed.a, -5), freeze(bed.b)}))) == "OK");
  bed.house.crash_shard(0);
  bed.house.crash_shard(1);
  bed.house.attach_shard(0);
  bed.house.attach_shard(1);
  bed.house.run();
  CHECK(told(bed.ask(transfer({{bed.a, -16}, {bed.b, 16}}))) == "INSUFFICIENT_FUNDS");
  CHECK(told(bed.ask(transfer({{bed.a, -15}, {bed.b, 15}}))) == "OK");
  CHECK(told(bed.ask(transfer({{bed.a, 1}, {bed.b, -1}}))) == "ACCOUNT_FROZEN");
  bed.house.crash_coordinator();
  CHECK(told(bed.ask(transfer({{bed.a, 1}, {bed.b, -1}}))) == "ACCOUNT_FROZEN");
  CHECK(told(bed.ask(transfers({freeze(bed.b, false)}))) == "OK");
  CHECK(told(bed.ask(transfer({{bed.a, 1}, {bed.b, -1}}))) == "OK");
}

TEST_CASE("Items of a unit find what the policies before them left", "[ledger][flow]") {
  FlowBed bed;
  const auto ask = [&](std::vector<Order> orders) {
    return told_all(bed.ask(transfers(std::move(orders), Atomic::yes)));
  };
  CHECK(ask({freeze(bed.a), moved({{bed.a, -1}, {bed.b, 1}})}) ==
        Told{"BATCH_ABORTED", "ACCOUNT_FROZEN"});
  CHECK(ask({moved({{bed.a, -1}, {bed.b, 1}}), freeze(bed.a)}) == Told{"OK", "OK"});
  CHECK(ask({freeze(bed.a, false), moved({{bed.a, -1}, {bed.b, 1}})}) == Told{"OK", "OK"});
  // Bounds hold at the end: the floor that the unit leaves, whoever comes first.
  CHECK(ask({moved({{bed.a, -3}, {bed.b, 3}}), floor_of(bed.a, -100), floor_of(bed.a, 0)}) ==
        Told{"OK", "OK", "OK"});
  CHECK(ask({floor_of(bed.a, 5), moved({{bed.a, -3}, {bed.b, 3}})}) ==
        Told{"BATCH_ABORTED", "INSUFFICIENT_FUNDS"});
  CHECK(bed.house.balance(bed.a) == 5);
  CHECK(ask({moved({{bed.a, -2}, {bed.b, 2}}), close_to(bed.a, bed.b),
             moved({{bed.a, 1}, {bed.b, -1}})}) ==
        Told{"BATCH_ABORTED", "BATCH_ABORTED", "ACCOUNT_CLOSED"});
  CHECK(ask({moved({{bed.a, -2}, {bed.b, 2}}), close_to(bed.a, bed.b)}) == Told{"OK", "OK"});
  CHECK(bed.house.balance(bed.a) == 0);
  CHECK(bed.house.balance(bed.b) == 10);
}

TEST_CASE("What a unit raises ends at or below the ceiling that it leaves", "[ledger][flow]") {
  constexpr auto kMax = std::numeric_limits<Amount>::max();
  constexpr auto kMin = std::numeric_limits<Amount>::min();
  FlowBed bed;
  const auto ask = [&](std::vector<Order> orders) {
    return told_all(bed.ask(transfers(std::move(orders), Atomic::yes)));
  };
  const auto ceiling = policy(bed.a, [](auto& p) { p.change.ceiling = 20; });
  CHECK(ask({ceiling, moved({{bed.a, 11}})}) == Told{"BATCH_ABORTED", "CEILING_EXCEEDED"});
  CHECK(ask({ceiling, moved({{bed.a, 11}}), moved({{bed.a, -1}})}) == Told{"OK", "OK", "OK"});
  CHECK(bed.house.balance(bed.a) == 20);
  CHECK(told(bed.ask(transfer({{bed.a, 1}}))) == "CEILING_EXCEEDED");
  // Without a bound of its own, the account has that of its type.
  CHECK(ask({policy(bed.a, [](auto& p) { p.change.clear_ceiling = true; }),
             moved({{bed.a, kMax}})}) == Told{"BATCH_ABORTED", "BALANCE_OVERFLOW"});
  CHECK(ask({floor_of(bed.a, kMin), moved({{bed.a, -kMax}}), moved({{bed.a, -kMax}})}) ==
        Told{"BATCH_ABORTED", "BATCH_ABORTED", "INSUFFICIENT_FUNDS"});
  CHECK(bed.house.balance(bed.a) == 20);
}

TEST_CASE("A policy with a key has one effect", "[ledger][flow]") {
  FlowBed bed;
  auto order = close_to(bed.a, bed.b);
  order.key = "k";
  const auto first = bed.submit(transfers({order}));
  const auto twin = bed.submit(transfers({order}));
  bed.house.run();
  CHECK(told(first) == "OK");
  CHECK(told(twin) == "OK");
  CHECK(twin->results[0].sequence == first->results[0].sequence);
  order.policy->sweep_to.clear();
  CHECK(told(bed.ask(transfers({order}))) == "IDEMPOTENCY_MISMATCH");
}

TEST_CASE("A ledger that has to balance lets no money come or go", "[ledger][flow]") {
  FlowBed bed;
  const auto require = [&](bool balanced) {
    return policy({}, [&](auto& p) { p.change.require_balanced = balanced; });
  };
  CHECK(told(bed.ask(transfers({require(true)}))) == "OK");
  CHECK(told(bed.ask(transfer({{bed.a, 1}}))) == "ENTRIES_UNBALANCED");
  CHECK(told(bed.ask(new_account("n", 1, 0))) == "ENTRIES_UNBALANCED");
  CHECK(told(bed.ask(new_account("n", 0, 0))) == "OK");
  CHECK(told(bed.ask(transfer({{bed.a, -1}, {bed.b, 1}}))) == "OK");
  const auto batch = bed.ask(transfers(
      {require(false), moved({{bed.a, 1}}), require(true), moved({{bed.a, 1}})}, Atomic::yes));
  CHECK(told_all(batch) ==
        Told{"BATCH_ABORTED", "BATCH_ABORTED", "BATCH_ABORTED", "ENTRIES_UNBALANCED"});
  bed.house.crash_coordinator();
  CHECK(told(bed.ask(transfer({{bed.a, 1}}))) == "ENTRIES_UNBALANCED");
  CHECK(told(bed.ask(transfers({require(false)}))) == "OK");
  CHECK(told(bed.ask(transfer({{bed.a, 1}}))) == "OK");
}
