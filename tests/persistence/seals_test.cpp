// Sealed keys: found for ever, counted, verified; and what is known of keys that have expired.
#include "bed.hpp"
#include "persistence/chain/block_cut.hpp"
#include "persistence/chain/format.hpp"

namespace sg::persistence::test {
namespace {

using Catch::Contains;

StoreOptions small_chunks() {
  StoreOptions options;
  options.index_chunk = 20;
  options.key_retention_ms = 1'000;
  return options;
}

Sequence seal(Bed& store, const std::string& key, std::uint64_t number,
              const ledger::Origin* origin = nullptr) {
  auto group = store->begin_group(store.now, store.run_ms);
  const auto sequence = group.add(SealRecord{key, number, origin});
  group.end_unit();
  store.append(std::move(group));
  return sequence;
}

std::string key_of(int i) { return "key " + std::to_string(i); }

TEST_CASE("A sealed key is found, in memory and in runs, and never expires",
          "[persistence][seals]") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb), small_chunks());
  store.create_account("a", 1'000);
  CHECK(store->format() == kOldestFormat);
  CHECK(value_of(store->seals()) == 0);
  std::vector<Sequence> seals;
  for (int i = 0; i < 50; ++i) {
    seals.push_back(seal(store, key_of(i), static_cast<std::uint64_t>(i) + 1));
    store.transfer({{{0, 1}}, "", "paid " + std::to_string(i)});
  }
  store.run_ms += 10'000;
  store.transfer({{{0, 1}}});
  CHECK(store->format() == kFormatOfCommands);
  for (const bool restarted : {false, true}) {
    if (restarted) {
      store.index_all();
      store.open();
    }
    CHECK(value_of(store->seals()) == 50);
    for (int i = 0; i < 50; ++i) {
      const auto binding = value_of(find_key(*store, key_of(i)));
      REQUIRE(binding.has_value());
      CHECK(binding->sealed);
      CHECK_FALSE(binding->same_content);
      CHECK(binding->sequence == seals[static_cast<std::size_t>(i)]);
      CHECK(binding->time == store.now);
      // The others have expired.
      CHECK_FALSE(value_of(find_key(*store, "paid " + std::to_string(i))).has_value());
    }
    CHECK_FALSE(value_of(find_key(*store, key_of(50))).has_value());
    CHECK_FALSE(value_of(find_key(*store, key_of(3), seals[3])).has_value());
    CHECK(value_of(find_key(*store, key_of(4), seals[3])).has_value());
    CHECK(value_of(store->verify({})).problems.empty());
  }
}

TEST_CASE("Seals are found among other keys, in the order that was asked for",
          "[persistence][seals]") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  store.create_account("a", 1'000);
  const auto first = store.transfer({{{0, 1}}, "", "b"});
  const auto second = seal(store, "c", 1);
  const auto third = store.transfer({{{0, 1}}, "", "d"});
  std::vector<ledger::Transfer> asked;
  for (const auto* key : {"a", "c", "b", "e", "d", "c"}) asked.push_back(keyed(key, key_hash(key)));
  std::vector<const ledger::Transfer*> pointers;
  for (const auto& one : asked) pointers.push_back(&one);
  const auto found = value_of(store->find_keys(pointers));
  std::vector<std::pair<std::size_t, Sequence>> places;
  for (const auto& one : found) places.emplace_back(one.transfer, one.binding->sequence);
  CHECK(places == std::vector<std::pair<std::size_t, Sequence>>{
                      {1, second}, {2, first}, {4, third}, {5, second}});
}

TEST_CASE("A seal is a record of its own", "[persistence][seals]") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  const ledger::Origin origin{"teller", "ipv4:10.0.0.1:1"};
  const auto sequence = seal(store, "the key", 1, &origin);
  store.open();
  CHECK_FALSE(value_of(store->transaction(sequence)).has_value());
  CHECK(value_of(store->transactions({})).empty());
  const auto portion = value_of(store->records({1, sequence, 1'000}));
  REQUIRE(portion.records.size() == 1);
  CHECK(std::get<SealedKey>(portion.records.front().content).key == "the key");
  const auto audit = value_of(store->audit({.limit = 10}));
  REQUIRE(audit.records.size() == 1);
  CHECK(audit.records.front().what == "seal");
  CHECK(audit.records.front().origin->caller == "teller");
  CHECK(store->head().totals.transactions == 0);
}

TEST_CASE("A block has the version of its seals, and when it is cut the one of what is left",
          "[persistence][seals]") {
  for (const bool seal_is_first : {false, true}) {
    BlockWriter writer;
    writer.begin(1);
    const auto add_seal = [&] { writer.add(SealRecord{"k", 1}); };
    if (seal_is_first) add_seal();
    if (seal_is_first) writer.mark_unit_end();
    writer.add(TransferRecord{ledger::TransferKind::credit, {}, "r", ""});
    writer.mark_unit_end();
    if (!seal_is_first) add_seal();
    if (!seal_is_first) writer.mark_unit_end();
    BlockStamp stamp;
    stamp.totals.transactions = 1;
    writer.seal(stamp);
    const auto block = BlockView::parse(writer.bytes_of(writer.blocks().front())).value();
    CHECK(block.format() == kFormatOfCommands);
    CHECK(has_mentions(block.kind_at(0)));
    CHECK(block.is_transaction_at(0) == !seal_is_first);
    const auto cut = value_of(cut_block(block, 1));
    const auto left = BlockView::parse(cut).value();
    CHECK(left.format() == (seal_is_first ? kFormatOfCommands : kOldestFormat));
    CHECK(left.stamp().totals.transactions == (seal_is_first ? 0 : 1));
  }
}

TEST_CASE("A verification reports seals that do not fit", "[persistence][seals]") {
  Bed store(Backend::memory);
  store.create_account("a", 1'000);
  const auto problems = [&] {
    std::string all;
    for (const auto& one : value_of(store->verify({})).problems) all += one + '\n';
    return all;
  };
  seal(store, "a", 1);
  CHECK(problems().empty());
  SECTION("a number is left out") {
    seal(store, "b", 3);
    CHECK_THAT(problems(), Contains("is seal number 3, 2 is the next"));
  }
  SECTION("a key is sealed twice") {
    seal(store, "a", 2);
    CHECK_THAT(problems(), Contains("seals the key 'a', which record 2 has sealed"));
  }
  SECTION("a transfer has the key") {
    store.transfer({{{0, 1}}, "", "a"});
    CHECK_THAT(problems(), Contains("has the key 'a', which record 2 has sealed"));
  }
}

TEST_CASE("Keys that were given up stay unknown under a longer retention", "[persistence][seals]") {
  auto options = small_chunks();
  const auto disk = make_memory_disk();
  const auto opened = [&] { return value_of(open_memory_store(disk, options)); };
  TimeMs time = 1'000;
  std::int64_t run_ms = 0;
  const auto append = [&](Store& store, const std::string& key) {
    auto group = store.begin_group(time += 50, run_ms += 100);
    if (key.empty()) {
      ledger::NewAccount account;
      account.id = "a";
      group.add(account);
    } else {
      const TransferSpec spec{{{0, 1}}, "", key};
      group.add(spec.record());
    }
    group.end_unit();
    succeeded(store.append_now(std::move(group)));
  };
  {
    const auto store = opened();
    append(*store, "");
    for (int i = 0; i < 100; ++i) append(*store, key_of(i));
    for (int left = 1'000; left > 0 && value_of(store->index_some(true)); --left) {
    }
    CHECK(value_of(store->keys_kept_since()) > 0);
  }
  options.key_retention_ms = 1'000'000;
  const auto store = opened();
  const auto since = value_of(store->keys_kept_since());
  CHECK(since > 0);
  // Whatever is not found was asked for before.
  for (int i = 0; i < 100; ++i) {
    const auto asked = 1'000 + 50 * (i + 2);
    if (asked >= since) CHECK(value_of(find_key(*store, key_of(i))).has_value());
  }
  CHECK_FALSE(value_of(find_key(*store, key_of(0))).has_value());
}

TEST_CASE("It is told from which time on keys are known", "[persistence][seals]") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb), small_chunks());
  CHECK(value_of(store->keys_kept_since()) == 0);
  store.run_ms = 0;
  store.create_account("a", 1'000);
  const auto first = store.now;
  for (int i = 1; i <= 30; ++i) {
    store.now += 50;
    store.run_ms += 100;
    store.transfer({{{0, 1}}, "", key_of(i)});
  }
  // The clock stands at 3,000: what was written at 2,000 or later is known.
  for (int i = 0; i < 2; ++i) {
    CHECK(value_of(store->keys_kept_since()) == first + 20 * 50);
    CHECK_FALSE(value_of(find_key(*store, key_of(19))).has_value());
    CHECK(value_of(find_key(*store, key_of(20))).has_value());
    store.index_all();
    store.open();
  }
}

}  // namespace
}  // namespace sg::persistence::test
