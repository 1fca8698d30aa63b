// All records by sequence, portion by portion: what an export sends.
#include <catch2/catch.hpp>

#include "tests/persistence/bed.hpp"

using namespace sg::persistence;
using namespace sg::persistence::test;
using sg::ledger::TransferKind;

namespace {

constexpr std::size_t kMuch = 1 << 20;

// Two accounts and a participant, a keyed credit, and an atomic batch of two.
void fill(Bed& bed) {
  bed.create_account("alice", 100, -5);
  auto group = bed->begin_group(bed.now, bed.run_ms);
  sg::ledger::NewParticipant seb;
  seb.id = "seb";
  seb.name = "SEB";
  seb.metadata = {{"k", "v"}};
  group.add(seb);
  group.end_unit();
  sg::ledger::NewAccount owned;
  owned.id = "seb:fees";
  owned.participant_id = "seb";
  owned.type = sg::ledger::AccountType::fees;
  group.add(owned);
  bed.append(std::move(group));
  bed.transfer({{{0, 5}}, "invoice", "key", TransferKind::credit});
  auto batch = bed->begin_group(bed.now + 7, bed.run_ms);
  const TransferSpec first{{{0, -9}, {1, 9}}};
  const TransferSpec second{{{1, -9}, {0, 9}}};
  batch.add(first.record());
  batch.add(second.record());
  batch.end_unit();
  bed.append(std::move(batch));
}

std::vector<Sequence> sequences(const RecordPortion& portion) {
  std::vector<Sequence> all;
  for (const auto& record : portion.records) all.push_back(record.sequence);
  return all;
}

}  // namespace

TEST_CASE("Records come by sequence, as they were committed") {
  Bed bed(GENERATE(Backend::memory, Backend::rocksdb));
  CHECK(value_of(bed->records({1, 100, kMuch})).records.empty());
  CHECK_FALSE(value_of(bed->first_hash()));
  fill(bed);
  const auto all = value_of(bed->records({1, 100, kMuch}));
  REQUIRE(sequences(all) == std::vector<Sequence>{1, 2, 3, 4, 5, 6});
  CHECK(all.next == 7);
  const auto& alice = std::get<sg::ledger::Account>(all.records[0].content);
  CHECK((alice.id == "alice" && alice.initial_balance == 100 && alice.floor == -5));
  const auto& seb = std::get<sg::ledger::Participant>(all.records[1].content);
  CHECK((seb.name == "SEB" && seb.metadata.at("k") == "v"));
  CHECK(std::get<sg::ledger::Account>(all.records[2].content).participant_id == "seb");
  const auto& credit = std::get<KeyedTransaction>(all.records[3].content);
  CHECK(credit.key == "key");
  CHECK(credit.transaction.kind == TransferKind::credit);
  CHECK(credit.transaction.reference == "invoice");
  const auto& moved = std::get<KeyedTransaction>(all.records[4].content);
  REQUIRE(moved.transaction.entries.size() == 2);
  CHECK(moved.transaction.entries[0].account_id == "alice");
  CHECK(moved.transaction.entries[1].amount == 9);
  CHECK(all.records[4].time == bed.now + 7);
  // Only the first of the batch goes on with the next.
  for (const auto& record : all.records) {
    INFO(record.sequence);
    CHECK(record.ends_unit == (record.sequence != 5));
  }
}

TEST_CASE("A portion has at least one record, and goes on where the last one ended") {
  Bed bed(GENERATE(Backend::memory, Backend::rocksdb));
  fill(bed);
  for (const std::size_t max_bytes : {std::size_t{1}, std::size_t{100}, kMuch}) {
    std::vector<Sequence> all;
    Sequence next = 1;
    while (next <= 6) {
      const auto portion = value_of(bed->records({next, 6, max_bytes}));
      REQUIRE_FALSE(portion.records.empty());
      CHECK(portion.next == portion.records.back().sequence + 1);
      for (const auto sequence : sequences(portion)) all.push_back(sequence);
      next = portion.next;
    }
    CHECK(all == std::vector<Sequence>{1, 2, 3, 4, 5, 6});
  }
  CHECK(sequences(value_of(bed->records({2, 4, kMuch}))) == std::vector<Sequence>{2, 3, 4});
  CHECK(sequences(value_of(bed->records({7, 100, kMuch}))).empty());
}

TEST_CASE("The first block tells a chain from others, and stays") {
  Bed bed(GENERATE(Backend::memory, Backend::rocksdb));
  bed.create_account("bob");
  const auto first = value_of(bed->first_hash());
  REQUIRE(first);
  bed.create_account("alice");
  bed.close();
  bed.open();
  CHECK(value_of(bed->first_hash()) == first);
  Bed other(Backend::memory);
  other.now += 1;
  other.create_account("alice");
  CHECK(value_of(other->first_hash()) != first);
}
