#include <rapidcheck/catch.h>

#include <algorithm>

#include "bed.hpp"

namespace sg::persistence::test {
namespace {

using Sequences = std::vector<Sequence>;

Sequences history(Bed& store, std::optional<AccountNumber> account, Sequence first = 1,
                  Sequence before = ~Sequence{0}, std::size_t limit = 1'000) {
  TransactionRange range;
  range.account = account;
  range.first = first;
  range.before = before;
  range.limit = limit;
  Sequences sequences;
  for (const auto& one : value_of(store->transactions(range))) sequences.push_back(one.sequence);
  return sequences;
}

StoreOptions chunks_of(std::size_t postings) {
  StoreOptions options;
  options.index_chunk = postings;
  return options;
}

}  // namespace

TEST_CASE("A history is the same from the tail, from full chunks and from the index") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb), chunks_of(8));
  store.create_account("a", 100);
  store.create_account("b", 100);
  store.create_account("c", 100);
  // Sequences 4 to 11; account 2 has only the fourth of them.
  for (int i = 0; i < 8; ++i) {
    const AccountNumber other = i == 3 ? 2 : 1;
    store.transfer({{{0, -1}, {other, 1}, {0, -1}, {other, 1}}});
  }
  const Sequences of_a{11, 10, 9, 8, 7, 6, 5, 4};
  const Sequences of_b{11, 10, 9, 8, 6, 5, 4};
  const auto check_all = [&] {
    CHECK(history(store, 0) == of_a);
    CHECK(history(store, 1) == of_b);
    CHECK(history(store, 2) == Sequences{7});
    CHECK(history(store, std::nullopt) == of_a);
    CHECK(history(store, 3).empty());
    CHECK(history(store, 0, 6, 9) == Sequences{8, 7, 6});
    CHECK(history(store, 1, 6, 9) == Sequences{8, 6});
    CHECK(history(store, std::nullopt, 6, 9) == Sequences{8, 7, 6});
    CHECK(history(store, 1, 1, 12, 3) == Sequences{11, 10, 9});
    CHECK(history(store, 1, 1, 9, 2) == Sequences{8, 6});
    CHECK(history(store, 1, 0, 5) == Sequences{4});
    CHECK(history(store, 1, 7, 8).empty());
    CHECK(history(store, 1, 8, 8).empty());
    CHECK(history(store, 1, 9, 3).empty());
    CHECK(history(store, 1, 1, 0).empty());
    CHECK(history(store, 1, 1, 12, 0).empty());
    CHECK(history(store, std::nullopt, 1, 12, 0).empty());
    CHECK(history(store, 1, 12).empty());
  };
  CHECK(store->unindexed() == 32);
  check_all();
  store.open();
  CHECK(store->unindexed() == 32);
  check_all();
  for (std::size_t left = 24; value_of(store->index_some(false)); left -= 8) {
    CHECK(store->unindexed() == left);
    check_all();
  }
  CHECK(store->unindexed() == 0);
  check_all();
  store.open();
  CHECK(store->unindexed() == 0);
  check_all();
}

TEST_CASE("Less than a chunk is indexed only when everything is asked for") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb), chunks_of(10));
  store.create_account("a", 100);
  CHECK_FALSE(value_of(store->index_some(true)));
  store.transfer({{{0, 1}}});
  CHECK_FALSE(value_of(store->index_some(false)));
  CHECK(store->unindexed() == 1);
  CHECK(value_of(store->index_some(true)));
  CHECK(store->unindexed() == 0);
  CHECK_FALSE(value_of(store->index_some(true)));
  store.transfer({{{0, 1}}});
  CHECK(history(store, 0) == Sequences{3, 2});
  store.open();
  CHECK(store->unindexed() == 1);
  CHECK(history(store, 0) == Sequences{3, 2});
}

TEST_CASE("What waits to be indexed is bounded: the store says when it cannot keep up") {
  auto options = chunks_of(4);
  options.index_backlog = 20;
  Bed store(GENERATE(Backend::memory, Backend::rocksdb), options);
  store.create_account("a", 100);
  for (int i = 0; i < 19; ++i) store.transfer({{{0, 1}}});
  CHECK(store->keeps_up());
  store.transfer({{{0, 1}}});
  CHECK_FALSE(store->keeps_up());
  CHECK(value_of(store->index_some(false)));
  CHECK(store->keeps_up());
}

TEST_CASE("Creations and initial balances are not in the history") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  store.create_account("a", 100);
  store.transfer({{{0, 1}}});
  store.create_account("b", 100);
  CHECK(history(store, std::nullopt) == Sequences{2});
  CHECK(history(store, 0) == Sequences{2});
  CHECK(history(store, 1).empty());
  store.index_all();
  CHECK(history(store, 1).empty());
}

TEST_CASE("A failed ingestion leaves the history as it was, and is made up for") {
  Bed store(Backend::memory, chunks_of(2));
  store.create_account("a", 100);
  store.transfers({{{{0, 1}}}, {{{0, 1}}}});
  store.disk().fail_next_ingest();
  CHECK_FALSE(store->index_some(false).has_value());
  CHECK(history(store, 0) == Sequences{3, 2});
  succeeded(store->reopen());
  store.index_all();
  CHECK(history(store, 0) == Sequences{3, 2});
}

TEST_CASE("A crash between ingestion and watermark is harmless") {
  Bed store(Backend::memory, chunks_of(2));
  store.create_account("a", 100);
  store.transfers({{{{0, 1}}}, {{{0, 1}}}});
  store.disk().fail_next_write();
  CHECK_FALSE(store->index_some(false).has_value());
  // A page and a footer that no list names.
  CHECK(store.disk().keys_of(Family::history).size() == 2);
  store.disk().crash();
  succeeded(store->reopen());
  CHECK(store.disk().keys_of(Family::history).empty());
  CHECK(store->unindexed() == 2);
  CHECK(history(store, 0) == Sequences{3, 2});
  store.index_all();
  CHECK(store.disk().keys_of(Family::history).size() == 2);
  CHECK(history(store, 0) == Sequences{3, 2});
}

TEST_CASE("A watermark that was not synced is found behind after a crash, and that is harmless") {
  Bed store(Backend::memory, chunks_of(2));
  store.create_account("a", 100);
  store.transfers({{{{0, 1}}}, {{{0, 1}}}});
  store.index_all();
  store.disk().crash();
  succeeded(store->reopen());
  CHECK(store->unindexed() == 2);
  CHECK(history(store, 0) == Sequences{3, 2});
  store.transfer({{{0, 1}}});
  store.index_all();
  CHECK(history(store, 0) == Sequences{4, 3, 2});
}

TEST_CASE("A history is what a walk over all transactions finds") {
  rc::prop("whatever is indexed when", [] {
    const auto backend = *rc::gen::inRange(0, 16) == 0 ? Backend::rocksdb : Backend::memory;
    Bed store(backend, chunks_of(*rc::gen::inRange<std::size_t>(1, 12)));
    Group accounts = store->begin_group(1, 1);
    for (const auto* id : {"a", "b", "c", "d"}) {
      ledger::NewAccount wanted;
      wanted.id = id;
      accounts.add(wanted);
      accounts.end_unit();
    }
    store.append(std::move(accounts));
    std::vector<std::pair<Sequence, std::vector<Posting>>> all;
    const auto steps = *rc::gen::inRange(1, 30);
    for (int step = 0; step < steps; ++step) {
      const auto what = *rc::gen::inRange(0, 8);
      if (what == 0) {
        value_of(store->index_some(*rc::gen::arbitrary<bool>()));
      } else if (what == 1) {
        store.open();
      } else {
        std::vector<TransferSpec> group;
        const auto size = *rc::gen::inRange(1, 5);
        for (int i = 0; i < size; ++i) {
          TransferSpec transfer;
          const auto touched = *rc::gen::container<std::vector<AccountNumber>>(
              rc::gen::inRange<AccountNumber>(0, 4));
          for (const auto account : touched) transfer.postings.push_back({account, 1});
          group.push_back(transfer);
        }
        const auto sequences = store.transfers(group);
        for (std::size_t i = 0; i < group.size(); ++i) {
          all.emplace_back(sequences[i], group[i].postings);
        }
      }
    }
    const auto account = *rc::gen::inRange<AccountNumber>(0, 4);
    const auto first = *rc::gen::inRange<Sequence>(0, 40);
    const auto before = *rc::gen::inRange<Sequence>(0, 80);
    const auto limit = *rc::gen::inRange<std::size_t>(0, 30);
    Sequences expected;
    for (auto one = all.rbegin(); one != all.rend() && expected.size() < limit; ++one) {
      const bool touches = std::any_of(one->second.begin(), one->second.end(),
                                       [&](const Posting& p) { return p.account == account; });
      if (touches && one->first >= first && one->first < before) expected.push_back(one->first);
    }
    RC_ASSERT(history(store, account, first, before, limit) == expected);
  });
}

}  // namespace sg::persistence::test
