// Balance sheets and pages of accounts beside commits: what the journal copies, and when.
#include <algorithm>

#include "actors/queries/reads.hpp"
#include "tests/simulated/simulation.hpp"

using namespace sg::test;
namespace ledger = sg::ledger;
namespace persistence = sg::persistence;

namespace {

// Three slices of accounts with a balance of 1 each, opened in one group.
struct ManyAccounts : Simulation {
  static constexpr int kAccounts = 40'000;

  explicit ManyAccounts(SimulationOptions options = {}) : Simulation(options) {
    auto group = store().begin_group(wall_clock, 0);
    for (int i = 0; i < kAccounts; ++i) {
      ledger::NewAccount account;
      account.id = name(i);
      account.initial_balance = 1;
      group.add(account);
      group.end_unit();
    }
    REQUIRE(store().append_now(std::move(group)));
    start();
  }
  static std::string name(int i) { return "account" + std::to_string(100'000 + i); }
};

const BalanceSheet& sheet_in(const TestQueryPtr& query) {
  REQUIRE(query->answered());
  REQUIRE(query->result);
  return std::get<BalanceSheet>(*query->result);
}

}  // namespace

// A million balances were copied in one go once, and each commit waited for it.
TEST_CASE("Commits come in between the slices of a snapshot, and it does not show them") {
  ManyAccounts house;
  house.hold<CopySlice>("journal");
  const auto sheet = house.ask(BalanceSheetOf{});
  house.run();
  REQUIRE(house.next_is<CopySlice>("journal"));
  // One account that the next slice copies, and one of the last slice.
  const auto paid = house.submit(
      transfer({{house.name(0), 1'000}, {house.name(ManyAccounts::kAccounts - 1), 10'000}}));
  const auto created = house.submit(new_account("late", 100'000));
  house.run();
  house.deliver<CopySlice>("journal");
  house.run();
  house.deliver<CopySlice>("journal");
  house.run();
  CHECK(answer_to(paid).starts_with("committed"));
  CHECK(answer_to(created).starts_with("committed"));
  CHECK(answer_to(sheet) == "open");
  house.release();
  house.run();
  CHECK(sheet_in(sheet).total == ManyAccounts::kAccounts);
  CHECK(sheet_in(sheet).totals.postings == ManyAccounts::kAccounts);
  const auto next = house.ask(BalanceSheetOf{});
  house.run();
  CHECK(sheet_in(next).total == ManyAccounts::kAccounts + 111'000);
}

TEST_CASE("Snapshots that overlap each show their own moment") {
  ManyAccounts house;
  const auto credit_last = [&] {
    house.submit(transfer({{house.name(ManyAccounts::kAccounts - 1), 1'000}}));
  };
  house.hold<CopySlice>("journal");
  const auto first = house.ask(BalanceSheetOf{});
  house.run();
  credit_last();
  house.run();
  house.deliver<CopySlice>("journal");
  const auto second = house.ask(BalanceSheetOf{});
  house.run();
  house.deliver<CopySlice>("journal");
  house.run();
  credit_last();
  house.release();
  house.run();
  CHECK(sheet_in(first).total == ManyAccounts::kAccounts);
  CHECK(sheet_in(first).totals.postings == ManyAccounts::kAccounts);
  CHECK(sheet_in(second).total == ManyAccounts::kAccounts + 1'000);
  CHECK(sheet_in(second).totals.postings == ManyAccounts::kAccounts + 1'000);
}

TEST_CASE("A verification compares what the shards hold, whatever they apply meanwhile") {
  // One shard, so that its accounts take three slices.
  ManyAccounts house({.shards = 1});
  const auto shard = house.shard_id(0);
  const auto mine = house.name_on(0);
  house.submit(new_account(mine, 5));
  house.run();
  house.hold<CopySlice>(shard);
  const auto verified = house.ask(VerifyChain{});
  house.run();
  REQUIRE(house.next_is<CopySlice>(shard));
  const auto paid = house.submit(transfer({{mine, 7}, {house.name(0), 1}, {house.name(1), 1}}));
  const auto created = house.submit(new_account(house.name_on(0, 1), 9));
  house.run();
  // Behind the first slice the locks are granted, behind the second the units are applied.
  house.deliver<CopySlice>(shard);
  house.run();
  house.deliver<CopySlice>(shard);
  house.run();
  REQUIRE(house.next_is<CopySlice>(shard));
  CHECK(answer_to(paid).starts_with("committed"));
  CHECK(answer_to(created).starts_with("committed"));
  SECTION("to its end") {}
  SECTION("the shard dies, and is left out") { house.kill(shard); }
  house.release();
  house.run();
  CHECK(answer_to(verified) == "another answer");
  CHECK(std::get<persistence::VerifyReport>(*verified->result).problems.empty());
}

TEST_CASE("A verification does not wait for a shard that hangs") {
  ManyAccounts house;
  const auto shard = house.shard_id(0);
  house.hold<CopyHeld>(shard);
  const auto verified = house.ask(VerifyChain{});
  house.run();
  REQUIRE(house.next_is<CopyHeld>(shard));
  CHECK(answer_to(verified) == "open");
  // Its successor takes its place, while the message lies with the one that hangs.
  const auto hung = house.peek<CopyHeld>(shard);
  house.kill(shard);
  house.run();
  CHECK(answer_to(verified) == "another answer");
  hung.snapshot->set_held(0, {});
}

TEST_CASE("A shard whose memory is not what the chain makes is told by a verification") {
  TwoShards house;
  house.hold<Snapshot>("queries");
  const auto query = house.ask(VerifyChain{});
  house.run();
  auto snapshot = house.peek<Snapshot>("queries");
  const auto problems = [&] {
    return std::get<persistence::VerifyReport>(verify_chain(house.store(), snapshot).value())
        .problems;
  };
  const std::size_t shard = snapshot.held[0]->numbers.empty() ? 1 : 0;
  const auto copy_of = [&snapshot](std::size_t i) {
    auto copy = std::make_shared<ledger::HeldBalances>(*snapshot.held[i]);
    snapshot.held[i] = copy;
    return copy;
  };
  auto& held = *copy_of(shard);
  CHECK(problems().empty());
  SECTION("a balance") {
    held.balances[0] += 1;
    REQUIRE(problems().size() == 1);
    CHECK(problems()[0].find("the chain says") != std::string::npos);
    CHECK(problems()[0].find("shard " + std::to_string(shard) + " holds") != std::string::npos);
  }
  SECTION("an account that no shard has") {
    held.numbers.clear();
    held.balances.clear();
    REQUIRE_FALSE(problems().empty());
    CHECK(problems()[0].find("is held by no shard") != std::string::npos);
  }
  SECTION("an account that two have") {
    auto& other = *copy_of(1 - shard);
    other.numbers.push_back(held.numbers[0]);
    other.balances.push_back(held.balances[0]);
    REQUIRE(problems().size() == 1);
    CHECK(problems()[0].find("more than one shard") != std::string::npos);
  }
}

TEST_CASE("A walk without a place is refused before the journal hears of it") {
  TwoShards house;
  std::vector<Places::Place> taken;
  for (int i = 0; i < Runtime::kMaxWalks; ++i) taken.push_back(house.runtime()->walks->take());
  house.hold<TakeSnapshot>("journal");
  const bool verifies = GENERATE(false, true);
  const auto ask = [&] {
    const auto query = verifies ? house.ask(VerifyChain{}) : house.ask(BalanceSheetOf{});
    house.run();
    return query;
  };
  CHECK(answer_to(ask()) == "OVERLOADED");
  CHECK_FALSE(house.next_is<TakeSnapshot>("journal"));
  // Pages of accounts need no place.
  const auto page = house.ask(AccountPage{});
  house.run();
  CHECK(answer_to(page) == "another answer");
  taken.pop_back();
  const auto walk = ask();
  CHECK(answer_to(walk) == "open");
  CHECK(answer_to(ask()) == "OVERLOADED");
  house.release();
  house.run();
  CHECK(answer_to(walk) == "another answer");
}

TEST_CASE("A walk that dies with the journal gives its place back") {
  TwoShards house;
  house.hold<CopySlice>("journal");
  const auto lost = house.ask(BalanceSheetOf{});
  house.run();
  REQUIRE(house.next_is<CopySlice>("journal"));
  house.kill("journal");
  house.release();
  house.run();
  CHECK(answer_to(lost) == "JOURNAL_UNAVAILABLE");
  std::vector<Places::Place> free;
  for (int i = 0; i < Runtime::kMaxWalks; ++i) free.push_back(house.runtime()->walks->take());
  CHECK(free.back());
  CHECK_FALSE(house.runtime()->walks->take());
}

TEST_CASE("A page of accounts waits until what it shows is durable, and shows one moment") {
  TwoShards house;
  const auto listed = [](const TestQueryPtr& query) {
    REQUIRE(query->answered());
    std::vector<ledger::Amount> balances;
    for (const auto& view : std::get<Page<AccountView>>(*query->result).items) {
      balances.push_back(view.balance);
    }
    std::sort(balances.begin(), balances.end());
    return balances;
  };
  house.hold<Commit>("journal");
  house.hold<Flush>("journal");
  const auto paid = house.submit(house.pay(60));
  house.run();
  const auto page = house.ask(AccountPage{});
  house.run();
  // The journal reads the balances between the commit and its sync.
  const auto before = house.store().durable();
  house.deliver<Commit>("journal");
  house.run();
  REQUIRE(house.next_is<Flush>("journal"));
  CHECK(answer_to(page) == "open");
  CHECK(house.store().durable() == before);
  const bool fails = GENERATE(false, true);
  if (fails) house.disk().fail_next_write();
  house.release();
  house.run();
  if (fails) {
    CHECK(answer_to(page) == "lost");
  } else {
    CHECK(listed(page) == std::vector<ledger::Amount>{40, 60});
  }
  const auto again = house.ask(AccountPage{});
  house.run();
  CHECK(listed(again) ==
        (fails ? std::vector<ledger::Amount>{0, 100} : std::vector<ledger::Amount>{40, 60}));
}

TEST_CASE("A read that was cancelled is dropped wherever it waits") {
  ManyAccounts house;
  const auto check_dropped = [&](const TestQueryPtr& query) {
    query->cancelled = true;
    house.release();
    house.run();
    CHECK(answer_to(query) == "CANCELLED");
    CHECK(house.runtime()->walks->take());
  };
  SECTION("in the reader's mailbox") {
    house.hold<AnswerQueries>("queries");
    check_dropped(house.ask(BalanceOf{house.name(0)}));
  }
  SECTION("in the journal's mailbox") {
    house.hold<ReadBalances>("journal");
    const auto page = house.ask(AccountPage{});
    house.run();
    REQUIRE(house.next_is<ReadBalances>("journal"));
    check_dropped(page);
  }
  SECTION("before its snapshot is begun") {
    house.hold<TakeSnapshot>("journal");
    const auto sheet = house.ask(BalanceSheetOf{});
    house.run();
    REQUIRE(house.next_is<TakeSnapshot>("journal"));
    check_dropped(sheet);
  }
  SECTION("while its balances are copied") {
    house.hold<CopySlice>("journal");
    const auto sheet = house.ask(BalanceSheetOf{});
    house.run();
    house.deliver<CopySlice>("journal");
    check_dropped(sheet);
  }
  SECTION("before the walk") {
    house.hold<Snapshot>("queries");
    const auto walk = house.ask(VerifyChain{});
    house.run();
    REQUIRE(house.next_is<Snapshot>("queries"));
    check_dropped(walk);
  }
}
