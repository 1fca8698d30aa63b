#include <rapidcheck/catch.h>

#include <deque>

#include "bed.hpp"
#include "persistence/medium/key_value.hpp"

namespace sg::persistence::test {

TEST_CASE("A key is bound to its transfer, also after a restart") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  store.create_account("a", 100);
  CHECK_FALSE(value_of(find_key(*store, "k")).has_value());
  const auto sequences = store.transfers({{{{0, 1}}, "", "k"}, {{{0, 2}}}});
  for (const bool restarted : {false, true}) {
    if (restarted) store.open();
    const auto binding = value_of(find_key(*store, "k"));
    REQUIRE(binding.has_value());
    CHECK(binding->sequence == sequences[0]);
    CHECK(binding->time == store.now);
    CHECK_FALSE(value_of(find_key(*store, "k2")).has_value());
    CHECK_FALSE(value_of(find_key(*store, "")).has_value());
  }
}

TEST_CASE("A binding tells whether the content is that of the transfer that asks") {
  using ledger::TransferKind;
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  store.create_account("a", 100);
  store.create_account("b", 100);
  store.transfers(
      {{{{0, -5}, {1, 5}}, "rent", "k"}, {{{0, 7}}, "", "credit", TransferKind::credit}});
  const auto same_as = [&](std::string_view key, TransferKind kind,
                           const std::vector<ledger::Entry>& entries, std::string_view reference) {
    auto transfer = keyed(key, key_hash(key));
    transfer.kind = kind;
    transfer.entries = entries;
    transfer.reference = reference;
    const auto binding = value_of(find_key(*store, transfer));
    REQUIRE(binding.has_value());
    return binding->same_content;
  };
  const auto same = [&](TransferKind kind, const std::vector<ledger::Entry>& entries,
                        std::string_view reference) {
    return same_as("k", kind, entries, reference);
  };
  for (const bool indexed : {false, true}) {
    if (indexed) {
      store.index_all();
      store.open();
    }
    CHECK(same_as("credit", TransferKind::credit, {{"a", 7}}, ""));
    CHECK_FALSE(same_as("credit", TransferKind::debit, {{"a", 7}}, ""));
    CHECK(same(TransferKind::transfer, {{"a", -5}, {"b", 5}}, "rent"));
    CHECK_FALSE(same(TransferKind::credit, {{"a", -5}, {"b", 5}}, "rent"));
    CHECK_FALSE(same(TransferKind::transfer, {{"b", 5}, {"a", -5}}, "rent"));
    CHECK_FALSE(same(TransferKind::transfer, {{"a", -5}, {"c", 5}}, "rent"));
    CHECK_FALSE(same(TransferKind::transfer, {{"a", -5}, {"b", 6}}, "rent"));
    CHECK_FALSE(same(TransferKind::transfer, {{"a", -5}, {"b", 5}}, "rents"));
    CHECK_FALSE(same(TransferKind::transfer, {{"a", -5}}, "rent"));
    CHECK_FALSE(same(TransferKind::transfer, {{"a", -5}, {"b", 5}, {"b", 5}}, "rent"));
  }
}

TEST_CASE("A key expires by the time that servers ran, not by the clock") {
  StoreOptions options;
  options.key_retention_ms = 1'000;
  Bed store(GENERATE(Backend::memory, Backend::rocksdb), options);
  store.create_account("a", 100);
  store.run_ms = 5'000;
  store.transfer({{{0, 1}}, "", "k"});

  store.now += 1'000'000'000;
  store.transfer({{{0, 1}}});
  CHECK(value_of(find_key(*store, "k")).has_value());

  store.run_ms = 6'000;
  store.transfer({{{0, 1}}});
  CHECK(value_of(find_key(*store, "k")).has_value());
  store.run_ms = 6'001;
  store.transfer({{{0, 1}}});
  CHECK_FALSE(value_of(find_key(*store, "k")).has_value());
  store.open();
  CHECK_FALSE(value_of(find_key(*store, "k")).has_value());

  const auto again = store.transfer({{{0, 1}}, "", "k"});
  CHECK(value_of(find_key(*store, "k"))->sequence == again);
}

TEST_CASE("The run clock of the chain never falls") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  store.run_ms = 500;
  store.create_account("a", 100);
  store.run_ms = 20;
  store.transfer({{{0, 1}}});
  CHECK(store->head().run_ms == 500);
}

TEST_CASE("Keys are found in the tail, in full chunks, in runs and in merged runs") {
  StoreOptions options;
  options.index_chunk = 4;
  Bed store(GENERATE(Backend::memory, Backend::rocksdb), options);
  store.create_account("a", 100);
  std::vector<Sequence> bound;
  const auto all_are_there = [&] {
    for (std::size_t i = 0; i < bound.size(); ++i) {
      const auto binding = value_of(find_key(*store, "key" + std::to_string(i)));
      if (!binding || binding->sequence != bound[i]) return false;
    }
    return !value_of(find_key(*store, "key")).has_value();
  };
  for (int i = 0; i < 90; ++i) {
    bound.push_back(store.transfer({{{0, 1}}, "", "key" + std::to_string(i)}));
    if (i % 7 == 0) value_of(store->index_some(false));
    CHECK(all_are_there());
  }
  store.index_all();
  CHECK(all_are_there());
  store.open();
  CHECK(store->unindexed() == 0);
  CHECK(all_are_there());
}

TEST_CASE("A key is looked for after a sequence only, when that is asked for") {
  StoreOptions options;
  options.index_chunk = 2;
  Bed store(GENERATE(Backend::memory, Backend::rocksdb), options);
  store.create_account("a", 100);
  const auto bound = store.transfer({{{0, 1}}, "", "k"});
  store.transfer({{{0, 1}}, "", "other"});
  for (const bool indexed : {false, true}) {
    if (indexed) store.index_all();
    CHECK(value_of(find_key(*store, "k", bound - 1)).has_value());
    CHECK_FALSE(value_of(find_key(*store, "k", bound)).has_value());
  }
}

TEST_CASE("Two keys of one hash are told apart by the block") {
  StoreOptions options;
  options.index_chunk = 2;
  Bed store(GENERATE(Backend::memory, Backend::rocksdb), options);
  store.create_account("a", 100);
  std::vector<Sequence> bound;
  for (const char* key : {"one", "two"}) {
    Group group = store->begin_group(store.now, store.run_ms);
    TransferSpec transfer{{{0, 1}}, "", key};
    auto record = transfer.record();
    record.key_hash = 7;
    bound.push_back(group.add(record));
    group.end_unit();
    store.append(std::move(group));
  }
  for (const bool indexed : {false, true}) {
    if (indexed) store.index_all();
    CHECK(value_of(find_key(*store, keyed("one", 7)))->sequence == bound[0]);
    CHECK(value_of(find_key(*store, keyed("two", 7)))->sequence == bound[1]);
    CHECK_FALSE(value_of(find_key(*store, keyed("three", 7))).has_value());
  }
}

TEST_CASE("Keys whose retention is over are given up with the run that holds them") {
  StoreOptions options;
  options.key_retention_ms = 1'000;
  options.index_chunk = 2;
  Bed store(Backend::memory, options);
  store.create_account("a", 100);
  const auto transfer_at = [&](std::int64_t run_ms, const char* key) {
    store.run_ms = run_ms;
    store.transfer({{{0, 1}}, "", key});
    store.index_all();
  };
  transfer_at(5'000, "old");
  const auto pages = store.disk().keys_of(Family::keys);
  transfer_at(5'500, "young");
  CHECK(store.disk().keys_of(Family::keys).size() == 2 * pages.size());
  store.run_ms = 6'300;
  store.transfer({{{0, 1}}});
  store.index_all();
  CHECK(store.disk().keys_of(Family::keys).size() == pages.size());
  CHECK(store.disk().keys_of(Family::keys) != pages);
  CHECK_FALSE(value_of(find_key(*store, "old")).has_value());
  CHECK(value_of(find_key(*store, "young")).has_value());
  store.open();
  CHECK(value_of(find_key(*store, "young")).has_value());
}

// As the indexer is: asked only while there is work.
static void work_while_there_is_any(Store& store) {
  for (int i = 0; store.has_index_work(); ++i) {
    REQUIRE(i < 1'000);
    value_of(store.index_some(false));
  }
}

// They were removed by the next opening only: nobody asked for it before.
TEST_CASE("The work that an index says it has leaves no merged and no expired run behind") {
  StoreOptions options;
  options.key_retention_ms = 1'000;
  options.index_chunk = 2;
  Bed store(Backend::memory, options);
  store.create_account("a", 100);
  store.run_ms = 5'000;
  for (int i = 0; i < 16; ++i) store.transfer({{{0, 1}}, "", "k" + std::to_string(i)});
  work_while_there_is_any(*store);
  // Two merged runs of each index, each with a page and a footer.
  CHECK(store.disk().keys_of(Family::history).size() == 4);
  CHECK(store.disk().keys_of(Family::keys).size() == 4);
  store.run_ms = 6'001;
  store.transfer({{{0, 1}}});
  work_while_there_is_any(*store);
  CHECK(store.disk().keys_of(Family::keys).empty());
  CHECK(store.disk().keys_of(Family::history).size() == 4);
}

TEST_CASE("After a power loss the list names no run that was removed") {
  StoreOptions options;
  options.index_chunk = 2;
  options.key_retention_ms = 1'000;
  Bed store(Backend::memory, options);
  store.create_account("a", 100);
  const bool expired = GENERATE(false, true);
  CAPTURE(expired);
  store.run_ms = 5'000;
  for (int i = 0; i < 8; ++i) {
    store.transfer({{{0, 1}}, "", "k" + std::to_string(i)});
    value_of(store->index_some(false));
  }
  // A synced write: the list of eight runs is durable. Whatever removes one has to do as much.
  store.run_ms = expired ? 7'000 : 5'000;
  store.transfer({{{0, 1}}});
  work_while_there_is_any(*store);
  CHECK(store.disk().keys_of(Family::keys).size() == (expired ? 0 : 2));
  CHECK(store.disk().keys_of(Family::history).size() == 2);
  store.disk().crash();
  succeeded(store->reopen());
  CHECK(value_of(find_key(*store, "k3")).has_value() == !expired);
  TransactionRange all;
  all.account = 0;
  CHECK(value_of(store->transactions(all)).size() == 9);
}

// Pages of a merge that were tried again got other numbers than its footer says: keys were lost.
TEST_CASE("An ingestion that fails at any moment loses no key and leaves nothing behind") {
  const int failing = GENERATE(range(1, 30));
  CAPTURE(failing);
  StoreOptions options;
  options.index_chunk = 2;
  Bed store(Backend::memory, options);
  store.create_account("a", 100);
  std::vector<Sequence> bound;
  for (int i = 0; i < 16; ++i) {
    bound.push_back(store.transfer({{{0, 1}}, "", "k" + std::to_string(i)}));
  }
  int failures = 0;
  for (int i = 1; store->has_index_work(); ++i) {
    REQUIRE(i < 1'000);
    // Sixteen chunks, then merges; a removal leaves the fault to the next that ingests.
    if (i == failing) store.disk().fail_next_ingest();
    failures += store->index_some(false) ? 0 : 1;
  }
  CHECK(failures <= 1);
  CHECK((failures == 1 || failing > 17));
  for (int i = 0; i < 16; ++i) {
    const auto binding = value_of(find_key(*store, "k" + std::to_string(i)));
    REQUIRE(binding.has_value());
    CHECK(binding->sequence == bound[static_cast<std::size_t>(i)]);
  }
  CHECK(store.disk().keys_of(Family::keys).size() == 4);
  CHECK(store.disk().keys_of(Family::history).size() == 4);
}

TEST_CASE("Keys that are looked up together are found as each alone") {
  rc::prop("bound, new, repeated and of one hash, in chunks and runs", [] {
    Bed store(Backend::memory, {.index_chunk = 40});
    store.create_account("a", 1'000'000);
    std::vector<std::string> keys;
    const auto transfers = *rc::gen::inRange(1, 150);
    for (int i = 0; i < transfers; ++i) {
      keys.push_back("key" + std::to_string(i));
      store.transfer({{{0, -1}}, "r", keys.back()});
      if (*rc::gen::inRange(0, 20) == 0) store.index_all();
    }
    const auto after = *rc::gen::inRange<Sequence>(0, store->durable() + 1);
    std::vector<std::string> asked;
    const auto count = *rc::gen::element(1, 2, 63, 64, 65, 130, 200);
    for (int i = 0; i < count; ++i) {
      asked.push_back("key" + std::to_string(*rc::gen::inRange(0, 2 * transfers)));
    }
    std::deque<ledger::Transfer> lookups;
    std::vector<const ledger::Transfer*> pointers;
    for (const auto& key : asked) {
      // Some are asked by the hash of another.
      const bool strange = *rc::gen::inRange(0, 10) == 0;
      lookups.push_back(keyed(key, key_hash(strange ? asked.front() : key)));
      pointers.push_back(&lookups.back());
    }
    std::vector<std::optional<Sequence>> together(lookups.size());
    for (const auto& found : value_of(store->find_keys(pointers, after))) {
      RC_ASSERT(found.binding.has_value());
      together[found.transfer] = found.binding->sequence;
    }
    for (std::size_t i = 0; i < lookups.size(); ++i) {
      const auto alone = value_of(find_key(*store, lookups[i], after));
      RC_ASSERT(together[i] == (alone ? std::optional(alone->sequence) : std::nullopt));
    }
  });
}

}  // namespace sg::persistence::test
