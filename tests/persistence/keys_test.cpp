#include "bed.hpp"
#include "persistence/directory_medium.hpp"
#include "persistence/key_index.hpp"

namespace sg::persistence::test {

TEST_CASE("A key is bound to its transfer, also after a restart") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  store.create_account("a", 100);
  CHECK_FALSE(value_of(store->find_key("k")).has_value());
  const Digest digest{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  const auto sequences = store.transfers({{{{0, 1}}, "", "k", digest}, {{{0, 2}}}});
  for (const bool restarted : {false, true}) {
    if (restarted) store.open();
    const auto binding = value_of(store->find_key("k"));
    REQUIRE(binding.has_value());
    CHECK(binding->sequence == sequences[0]);
    CHECK(binding->time == store.now);
    CHECK(binding->digest == digest);
    CHECK_FALSE(value_of(store->find_key("k2")).has_value());
    CHECK_FALSE(value_of(store->find_key("")).has_value());
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
  CHECK(value_of(store->find_key("k")).has_value());

  store.run_ms = 6'000;
  store.transfer({{{0, 1}}});
  CHECK(value_of(store->find_key("k")).has_value());
  store.run_ms = 6'001;
  store.transfer({{{0, 1}}});
  CHECK_FALSE(value_of(store->find_key("k")).has_value());
  store.open();
  CHECK_FALSE(value_of(store->find_key("k")).has_value());

  const auto again = store.transfer({{{0, 1}}, "", "k"});
  CHECK(value_of(store->find_key("k"))->sequence == again);
}

TEST_CASE("The run clock of the chain never falls") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  store.run_ms = 500;
  store.create_account("a", 100);
  store.run_ms = 20;
  store.transfer({{{0, 1}}});
  CHECK(store->head().run_ms == 500);
}

TEST_CASE("A merge of the keys drops what has expired, and that only") {
  const bool on_rocksdb = GENERATE(false, true);
  StoreOptions options;
  options.key_retention_ms = 1'000;
  Bed store(on_rocksdb ? Backend::rocksdb : Backend::memory, options);
  store.create_account("a", 100);
  store.run_ms = 5'000;
  store.transfer({{{0, 1}}, "", "old"});
  store.run_ms = 9'000;
  store.transfer({{{0, 1}}, "", "new"});
  store.close();

  KeyIndex keys(options.key_retention_ms);
  keys.advance(9'000);
  if (!on_rocksdb) {
    const auto old_row = store.disk().row(Family::keys, "old");
    REQUIRE(old_row.has_value());
    CHECK(keys.expiry()(*old_row));
    CHECK_FALSE(keys.expiry()(*store.disk().row(Family::keys, "new")));
    CHECK_FALSE(keys.expiry()("no row"));
    return;
  }
  const auto medium = make_directory_medium(store.directory(), options);
  succeeded(medium->prepare());
  const auto rows = value_of(medium->open(Access::read_write, keys.expiry()));
  CHECK(value_of(rows->get(Family::keys, "old")).has_value());
  succeeded(rows->compact(Family::keys));
  CHECK_FALSE(value_of(rows->get(Family::keys, "old")).has_value());
  CHECK(value_of(rows->get(Family::keys, "new")).has_value());
}

}  // namespace sg::persistence::test
