// Policies: kept with the account, found again by a start, listed by account, verified.
#include "bed.hpp"
#include "persistence/chain/block_cut.hpp"
#include "persistence/chain/format.hpp"

namespace sg::persistence::test {
namespace {

using Catch::Contains;
using ledger::AccountStatus;
using ledger::Policy;
using ledger::PolicyChange;
using ledger::PolicyResult;

// Writes what the journal would write of a policy, or something else.
Sequence change(Bed& store, const PolicyChange& asked, const PolicyResult& made,
                std::vector<Posting> postings = {}) {
  ledger::Details details;
  details.policy = asked;
  TransferRecord record;
  record.kind = ledger::TransferKind::policy;
  record.postings = postings;
  record.details = &details;
  record.policy = &made;
  auto group = store->begin_group(store.now, store.run_ms);
  const auto sequence = group.add(record);
  group.end_unit();
  store.append(std::move(group));
  return sequence;
}

PolicyChange floor_of(std::string_view account, Amount floor) {
  PolicyChange change;
  change.account_id = account;
  change.floor = floor;
  return change;
}

std::vector<Sequence> listed(Bed& store, std::optional<AccountNumber> account,
                             std::size_t limit = 100) {
  TransactionRange range;
  range.account = account;
  range.limit = limit;
  std::vector<Sequence> sequences;
  for (const auto& one : value_of(store->policies(range))) sequences.push_back(one.sequence);
  return sequences;
}

TEST_CASE("A policy is read back with all that it asked for and has made",
          "[persistence][policies]") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  store.create_account("a", 100);
  store.create_account("b");
  CHECK(store->format() == kOldestFormat);
  PolicyChange asked;
  asked.account_id = "a";
  asked.floor = -5;
  asked.ceiling = 1'000;
  asked.debits_frozen = true;
  asked.credits_frozen = false;
  asked.status = AccountStatus::closed;
  asked.sweep_to = "b";
  asked.allow_beyond = true;
  asked.note = "why";
  const PolicyResult made{0, Policy{-5, 1'000, ledger::kDebits, true}, 0};
  const auto sequence = change(store, asked, made, {{0, -100}, {1, 100}});
  CHECK(store->format() == kFormatOfCommands);
  for (const bool restarted : {false, true}) {
    if (restarted) store.open();
    const auto read = value_of(store->transaction(sequence));
    REQUIRE(read.has_value());
    CHECK(read->kind == ledger::TransferKind::policy);
    CHECK(read->entries.size() == 2);
    REQUIRE(read->details.policy.has_value());
    CHECK(read->details.policy->view() == asked);
    CHECK(read->policy == made);
    CHECK(read->account->id == "a");
    const auto state = value_of(store->load_state());
    CHECK(state.policies == ledger::Policies{{0, made.policy}});
    CHECK_FALSE(state.require_balanced);
  }
}

TEST_CASE("A start finds the last policy of each account, and of the ledger",
          "[persistence][policies]") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  store.create_account("a");
  store.create_account("b");
  auto group = store->begin_group(store.now, store.run_ms);
  ledger::NewAccount opened;
  opened.id = "c";
  opened.ceiling = 7;
  const auto number = group.add(opened).number;
  group.end_unit();
  store.append(std::move(group));
  std::vector<Sequence> of_a;
  for (Amount floor = -1; floor > -6; --floor) {
    of_a.insert(of_a.begin(), change(store, floor_of("a", floor), {0, Policy{floor}, 0}));
    change(store, floor_of("b", 2 * floor), {1, Policy{2 * floor}, 0});
  }
  std::vector<Sequence> of_ledger;
  for (const bool balanced : {true, false, true}) {
    PolicyChange asked;
    asked.require_balanced = balanced;
    of_ledger.insert(of_ledger.begin(),
                     change(store, asked, {ledger::kNoAccount, {}, 0, balanced}));
  }
  for (const bool restarted : {false, true}) {
    if (restarted) store.open();
    const auto state = value_of(store->load_state());
    CHECK(state.policies ==
          ledger::Policies{{0, Policy{-5}}, {1, Policy{-10}}, {number, Policy{0, 7}}});
    CHECK(state.require_balanced);
    CHECK(listed(store, 0) == of_a);
    CHECK(listed(store, 0, 2) == std::vector<Sequence>{of_a[0], of_a[1]});
    CHECK(listed(store, std::nullopt) == of_ledger);
    CHECK(value_of(store->verify({})).problems.empty());
  }
  // They move no money, and so are not listed as movements.
  CHECK(value_of(store->transactions({})).empty());
}

TEST_CASE("A verification finds policies that do not follow, and records that break them",
          "[persistence][policies]") {
  Bed store(Backend::memory);
  store.create_account("a", 10);
  store.create_account("b", 10);
  const auto problem = [&](const std::string& part) {
    const auto report = value_of(store->verify({}));
    INFO((report.problems.empty() ? std::string("none") : report.problems.front()));
    REQUIRE_FALSE(report.problems.empty());
    CHECK_THAT(report.problems.front(), Contains(part));
  };
  SECTION("another result") {
    change(store, floor_of("a", -5), {0, Policy{-6}, 10});
    problem("tells another policy");
  }
  SECTION("another balance") {
    change(store, floor_of("a", -5), {0, Policy{-5}, 11});
    problem("tells another policy");
  }
  SECTION("what does not fit") {
    change(store, floor_of("a", 11), {0, Policy{11}, 10});
    problem("does not fit");
  }
  SECTION("no such account") {
    change(store, floor_of("nobody", 0), {0, Policy{0}, 10});
    problem("does not exist");
  }
  SECTION("money beside it") {
    change(store, floor_of("a", -5), {0, Policy{-5}, 10}, {{0, -1}, {1, 1}});
    problem("moves other money");
  }
  SECTION("a frozen side") {
    PolicyChange asked;
    asked.account_id = "a";
    asked.debits_frozen = true;
    change(store, asked, {0, Policy{0, Policy().ceiling, ledger::kDebits}, 10});
    store.transfer({{{0, 5}}});
    CHECK(value_of(store->verify({})).problems.empty());
    store.transfer({{{0, -5}, {1, 5}}});
    problem("ACCOUNT_FROZEN");
  }
  SECTION("a ceiling") {
    PolicyChange asked;
    asked.account_id = "a";
    asked.ceiling = 12;
    change(store, asked, {0, Policy{0, 12}, 10});
    store.transfer({{{0, 2}}});
    CHECK(value_of(store->verify({})).problems.empty());
    store.transfer({{{0, 1}}});
    problem("its ceiling 12");
  }
  SECTION("a floor that was put above the balance") {
    auto asked = floor_of("a", 50);
    asked.allow_beyond = true;
    change(store, asked, {0, Policy{50}, 10});
    store.transfer({{{0, 5}}});
    CHECK(value_of(store->verify({})).problems.empty());
    store.transfer({{{0, -1}}});
    problem("its floor is 50");
  }
  SECTION("a ledger that has to balance") {
    PolicyChange asked;
    asked.require_balanced = true;
    change(store, asked, {ledger::kNoAccount, {}, 0, true});
    store.transfer({{{0, -5}, {1, 5}}});
    CHECK(value_of(store->verify({})).problems.empty());
    store.transfer({{{0, 1}}});
    problem("has to balance");
  }
}

TEST_CASE("A block that is cut has the version of what is left", "[persistence][policies]") {
  BlockWriter writer;
  writer.begin(1);
  writer.add(TransferRecord{ledger::TransferKind::credit, {}, "r", ""});
  writer.mark_unit_end();
  ledger::Details details;
  details.policy = floor_of("a", 1);
  const PolicyResult made{0, Policy{1}, 1};
  TransferRecord record;
  record.kind = ledger::TransferKind::policy;
  record.details = &details;
  record.policy = &made;
  writer.add(record);
  writer.mark_unit_end();
  writer.seal({});
  const std::string bytes(writer.bytes_of(writer.blocks().front()));
  const auto block = BlockView::parse(bytes);
  REQUIRE(block);
  CHECK(block->format() == kFormatOfCommands);
  const auto cut = value_of(cut_block(*block, 1));
  CHECK(BlockView::parse(cut)->format() == kOldestFormat);
}

}  // namespace
}  // namespace sg::persistence::test
