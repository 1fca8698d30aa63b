// A shard's votes on transfers: netting, blame, units over several accounts, rollback.
#include <catch2/catch.hpp>
#include <limits>

#include "tests/ledger/shard_bed.hpp"

namespace sg::test {
namespace {

using ledger::Amount;
using ledger::Reason;
using ledger::Vote;

constexpr Amount kMax = std::numeric_limits<Amount>::max();
constexpr Amount kMin = std::numeric_limits<Amount>::min();

ShardBed bed_with_alice_and_bob() {
  ShardBed bed;
  bed.shard.load_account("alice", 1, 10, ledger::Policy{0});
  bed.shard.load_account("bob", 2, 0, ledger::Policy{-5});
  return bed;
}

TEST_CASE("Entries of a unit on one account are netted", "[ledger][shard]") {
  auto bed = bed_with_alice_and_bob();
  const auto asked = bed.ask({{"alice", -100}, {"bob", 1}, {"alice", 95}});
  CHECK(asked.vote() == Vote::granted);
  CHECK(asked.batch->account_numbers == std::vector<ledger::AccountNumber>{1, 2, 1});
  bed.commit(asked);
  CHECK(bed.shard.read("alice")->balance == 5);
  CHECK(bed.shard.read("bob")->balance == 1);
  CHECK(bed.shard.read("bob")->observed == 1);
  CHECK(bed.at_rest());
}

TEST_CASE("Netting has 128 bits", "[ledger][shard]") {
  auto bed = bed_with_alice_and_bob();
  std::vector<Posting> postings;
  for (int i = 0; i < 1000; ++i) postings.push_back({"alice", kMin});
  for (int i = 0; i < 1000; ++i) postings.push_back({"alice", kMax});
  postings.push_back({"alice", 993});
  CHECK(bed.ask(postings).vote() == Vote::granted);
  const auto wide = bed.ask({{"bob", kMax}, {"bob", kMax}, {"bob", kMax}});
  CHECK(wide.vote() == Vote::refused);
  CHECK(wide.refusal().reason == Reason::balance_overflow);
  CHECK(wide.refusal().amount == ledger::WideAmount{kMax} * 3);
}

TEST_CASE("A unit with many accounts nets and numbers them as one with few", "[ledger][shard]") {
  ShardBed bed;
  std::vector<Posting> postings;
  for (int i = 0; i < 40; ++i) {
    const auto id = "account-" + std::to_string(i);
    bed.shard.load_account(id, static_cast<ledger::AccountNumber>(i), 10, ledger::Policy{0});
    postings.push_back({id, -20});
    postings.push_back({id, 15});
  }
  const auto asked = bed.ask(postings);
  CHECK(asked.vote() == Vote::granted);
  CHECK(asked.batch->account_numbers[79] == 39);
  bed.commit(asked);
  CHECK(bed.shard.read("account-7")->balance == 5);
}

TEST_CASE("The first debiting entry carries a refusal, the first crediting one an overflow",
          "[ledger][shard]") {
  auto bed = bed_with_alice_and_bob();
  const auto low = bed.ask({{"alice", 2}, {"bob", 1}, {"alice", -10}, {"alice", -5}});
  REQUIRE(low.vote() == Vote::refused);
  CHECK(low.refusal().reason == Reason::insufficient_funds);
  CHECK(low.refusal().entry == 2);
  CHECK(low.refusal().balance == 10);
  CHECK(low.refusal().amount == -13);

  const auto high = bed.ask({{"alice", -1}, {"bob", -1}, {"alice", kMax}});
  REQUIRE(high.vote() == Vote::refused);
  CHECK(high.refusal().reason == Reason::balance_overflow);
  CHECK(high.refusal().entry == 2);
  CHECK(bed.at_rest());
}

TEST_CASE("Not found comes before funds, each in entry order", "[ledger][shard]") {
  auto bed = bed_with_alice_and_bob();
  const auto missing = bed.ask({{"alice", -11}, {"carol", 1}, {"dave", 1}});
  REQUIRE(missing.vote() == Vote::refused);
  CHECK(missing.refusal().reason == Reason::account_not_found);
  CHECK(missing.refusal().entry == 1);

  const auto short_of = bed.ask({{"bob", -6}, {"alice", -11}});
  REQUIRE(short_of.vote() == Vote::refused);
  CHECK(short_of.refusal().entry == 0);
  CHECK(bed.is_free("alice", 10));
  CHECK(bed.at_rest());
}

TEST_CASE("A unit that is refused on one account holds nothing on the others", "[ledger][shard]") {
  auto bed = bed_with_alice_and_bob();
  CHECK(bed.ask({{"alice", -10}, {"bob", -6}}).vote() == Vote::refused);
  CHECK(bed.is_free("alice", 10));
  CHECK(bed.is_free("bob", 0));
}

TEST_CASE("A unit waits until the last of its accounts grants", "[ledger][shard]") {
  auto bed = bed_with_alice_and_bob();
  const auto first = bed.ask({{"alice", 5}});
  const auto second = bed.ask({{"bob", 5}});
  const auto both = bed.ask({{"alice", -15}, {"bob", -10}});
  CHECK(both.vote() == Vote::waiting);
  bed.commit(first);
  CHECK(bed.late().empty());
  SECTION("granted") {
    bed.commit(second);
    const auto late = bed.late();
    REQUIRE(late.size() == 1);
    CHECK(late[0].batch == both.batch);
    CHECK(late[0].vote == Vote::granted);
    CHECK(both.batch->account_numbers == std::vector<ledger::AccountNumber>{1, 2});
    bed.commit(both);
    CHECK(bed.shard.read("bob")->balance == -5);
  }
  SECTION("refused, and what was granted meanwhile is free again") {
    bed.abort(second);
    const auto late = bed.late();
    REQUIRE(late.size() == 1);
    CHECK(late[0].vote == Vote::refused);
    CHECK(late[0].refusal.entry == 1);
    CHECK(late[0].refusal.observed == 1);
    CHECK(bed.is_free("alice", 15));
  }
  SECTION("cancelled") {
    bed.abort(both);
    bed.abort(second);
    CHECK(bed.late().empty());
    CHECK(bed.is_free("alice", 15));
  }
  CHECK(bed.at_rest());
}

TEST_CASE("A refusal that frees another account's queue decides that one too", "[ledger][shard]") {
  auto bed = bed_with_alice_and_bob();
  const auto credit = bed.ask({{"alice", 5}});
  const auto bobs = bed.ask({{"bob", 1}});
  const auto head = bed.ask({{"alice", -15}, {"bob", -6}});
  const auto next = bed.ask({{"bob", -5}});
  CHECK(head.vote() == Vote::waiting);
  CHECK(next.vote() == Vote::waiting);
  bed.abort(credit);
  const auto late = bed.late();
  REQUIRE(late.size() == 2);
  CHECK(late[0].batch == head.batch);
  CHECK(late[0].vote == Vote::refused);
  CHECK(late[1].batch == next.batch);
  CHECK(late[1].vote == Vote::granted);
  bed.abort(next);
  bed.abort(bobs);
  CHECK(bed.at_rest());
}

TEST_CASE("What the loaded state shows already is not applied again", "[ledger][shard]") {
  ShardBed bed(7);
  bed.shard.load_account("alice", 1, 10, ledger::Policy{0});
  const auto asked = bed.ask({{"alice", -4}});
  std::vector<ledger::LateVote> late;
  const std::uint32_t unit = 0;
  bed.shard.apply(*asked.batch, {&unit, 1}, 7, late);
  CHECK(bed.shard.read("alice")->balance == 10);
  CHECK(bed.shard.applied_sequence() == 7);
  asked.batch->set_sequence(0, 8);
  bed.shard.apply(*asked.batch, {&unit, 1}, 8, late);
  CHECK(bed.shard.read("alice")->balance == 6);
  bed.shard.apply(*asked.batch, {&unit, 1}, 9, late);
  CHECK(bed.shard.read("alice")->balance == 6);
}

// Units that had to wait are decided in any order; those behind a later one were not applied.
TEST_CASE("Units are applied in the order in which they were decided", "[ledger][shard]") {
  auto bed = bed_with_alice_and_bob();
  auto batch = std::make_shared<ledger::LockBatch>();
  batch->id = 100;
  batch->parts.resize(1);
  const auto asked =
      transfers({{{{"alice", -1}}, {}, {}}, {{{"alice", -2}}, {}, {}}, {{{"bob", 3}}, {}, {}}});
  for (std::uint32_t i = 0; i < 3; ++i) ledger::add_unit(*batch, *asked, i, 1);
  std::vector<ledger::LateVote> late;
  bed.shard.lock(batch, late);
  const std::vector<std::uint32_t> units{2, 0, 1};
  for (std::uint32_t i = 0; i < units.size(); ++i) batch->set_sequence(units[i], i + 1);
  bed.shard.apply(*batch, units, 3, late);
  CHECK(bed.shard.read("alice")->balance == 7);
  CHECK(bed.shard.read("bob")->balance == 3);
  CHECK(bed.at_rest());
}

// A shard that goes through its own part meets units whose sequence it was not told of yet: their
// balances are not durable with this message's last sequence.
TEST_CASE("Units that the journal sequenced later wait for their own message", "[ledger][shard]") {
  auto bed = bed_with_alice_and_bob();
  auto batch = std::make_shared<ledger::LockBatch>();
  batch->id = 100;
  batch->parts.resize(1);
  const auto asked = transfers({{{{"alice", -1}}, {}, {}}, {{{"alice", -2}}, {}, {}}});
  for (std::uint32_t i = 0; i < 2; ++i) ledger::add_unit(*batch, *asked, i, 1);
  std::vector<ledger::LateVote> late;
  bed.shard.lock(batch, late);
  batch->set_sequence(1, 1);
  batch->set_sequence(0, 2);
  const std::vector<std::uint32_t> units{1, 0};
  bed.shard.apply(*batch, std::span(units).first(1), 1, late);
  CHECK(bed.shard.read("alice")->balance == 8);
  CHECK(bed.shard.read("alice")->observed == 1);
  bed.shard.apply(*batch, std::span(units).last(1), 2, late);
  CHECK(bed.shard.read("alice")->balance == 7);
  CHECK(bed.at_rest());
}

TEST_CASE("drop_undecided leaves no lock and no queue behind", "[ledger][shard]") {
  auto bed = bed_with_alice_and_bob();
  bed.ask({{"alice", -10}, {"bob", 7}});
  bed.ask({{"alice", 4}});
  bed.ask({{"alice", -4}, {"bob", -12}});
  bed.ask({{"bob", -1}, {"alice", -1}});
  bed.shard.drop_undecided();
  CHECK(bed.at_rest());
  CHECK(bed.late().empty());
  CHECK(bed.is_free("alice", 10));
  CHECK(bed.is_free("bob", 0));
}

// A restarted coordinator counts its batches from 1 again: an abort that its predecessor had sent
// once ended the newer batch with the same number, so its `applied` found nothing to apply.
TEST_CASE("An abort of a fenced coordinator leaves a batch with the same number alone",
          "[ledger][shard]") {
  auto bed = bed_with_alice_and_bob();
  const auto old = bed.ask({{"alice", -11}});
  REQUIRE(old.vote() == Vote::refused);
  bed.shard.drop_undecided();
  auto fresh = std::make_shared<ledger::LockBatch>();
  fresh->id = old.batch->id;
  fresh->coordinator = 2;
  fresh->parts.resize(1);
  const auto submission = transfer({{"alice", -3}});
  ledger::add_unit(*fresh, *submission, 0, 1);
  std::vector<ledger::LateVote> late;
  bed.shard.lock(fresh, late);
  bed.abort(old);
  CHECK(bed.shard.undecided_batches() == 1);
  bed.commit({submission, fresh});
  CHECK(bed.shard.read("alice")->balance == 7);
}

}  // namespace
}  // namespace sg::test
