#include <atomic>
#include <thread>

#include "bed.hpp"
#include "persistence/encoding/bytes.hpp"

namespace sg::persistence::test {
namespace {

StoreResult<void> try_transfer(Bed& store) {
  Group group = store->begin_group(store.now, store.run_ms);
  group.add(TransferSpec{{{0, 1}}, "", "key"}.record());
  return store->append_now(std::move(group));
}

}  // namespace

TEST_CASE("A crash keeps what was synced") {
  Bed store(Backend::memory);
  store.create_account("a", 1);
  store.transfer({{{0, 1}}});
  store.disk().crash();
  CHECK_FALSE(store->transaction(2).has_value());
  CHECK_FALSE(try_transfer(store).has_value());
  succeeded(store->reopen());
  CHECK(store->durable() == 2);
  CHECK(value_of(store->load_balances()) == std::vector<Amount>{2});
}

TEST_CASE("A log in two files may keep a later write without an earlier one") {
  Bed store(Backend::memory);
  store.create_account("a", 1);
  for (const char* key : {"1", "2", "3"}) {
    const BalancePage page{static_cast<std::uint32_t>(key[0] - '1'), 1, {1}};
    succeeded(store->write_balances({&page, 1}));
  }
  REQUIRE(store.disk().unsynced() == 3);
  SECTION("of the older file the first, of the younger one none") {
    store.disk().crash({1, 2, 0});
    CHECK(store.disk().keys_of(Family::balances) == std::vector{be32(0)});
  }
  SECTION("of the older file none, of the younger one the first") {
    store.disk().crash({0, 1, 1});
    CHECK(store.disk().keys_of(Family::balances) == std::vector{be32(1)});
  }
  SECTION("all of one file") {
    store.disk().crash(3);
    CHECK(store.disk().keys_of(Family::balances).size() == 3);
  }
}

TEST_CASE("After a failed sync the group is gone with a crash and there without one") {
  const bool crash = GENERATE(false, true);
  CAPTURE(crash);
  Bed store(Backend::memory);
  store.create_account("a", 1);
  store.disk().fail_next_sync();
  const auto failed = try_transfer(store);
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().fault == StoreFault::io);

  // Unsynced rows lie in the store below, but are not shown.
  CHECK(store->durable() == 1);
  CHECK_FALSE(value_of(store->transaction(2)).has_value());
  CHECK(value_of(store->transactions({})).empty());
  CHECK(value_of(store->first_at_or_after(0)) == 1);
  CHECK(value_of(store->load_balances()) == std::vector<Amount>{1});
  CHECK_FALSE(try_transfer(store).has_value());
  // Its key is neither bound nor free.
  CHECK_FALSE(find_key(*store, "key").has_value());

  if (crash) store.disk().crash();
  succeeded(store->reopen());
  CHECK(store->durable() == (crash ? 1 : 2));
  CHECK(value_of(find_key(*store, "key")).has_value() == !crash);
  succeeded(try_transfer(store));
  CHECK(value_of(store->verify(nullptr)).problems.empty());
}

TEST_CASE("Accounts of a group whose sync failed are not shown") {
  Bed store(Backend::memory);
  store.create_account("a", 1);
  store.disk().fail_next_sync();
  Group group = store->begin_group(1, 1);
  ledger::NewParticipant participant;
  participant.id = "p";
  group.add(participant);
  ledger::NewAccount account;
  account.id = "p:fees";
  account.participant_id = "p";
  group.add(account);
  REQUIRE_FALSE(store->append_now(std::move(group)).has_value());
  CHECK_FALSE(value_of(store->participant("p")).has_value());
  CHECK_FALSE(value_of(store->account("p:fees")).has_value());
  CHECK(value_of(store->accounts("", 9)).size() == 1);
  CHECK(value_of(store->accounts_of("p")).empty());
  CHECK(value_of(store->participants(ledger::ParticipantRole::unspecified, "", 9)).empty());
  CHECK(value_of(store->load_state()).floors.size() == 1);
}

TEST_CASE("A failed write changes nothing, and nothing is written before the store is reopened") {
  Bed store(Backend::memory);
  store.create_account("a", 1);
  store.disk().fail_next_write();
  CHECK_FALSE(try_transfer(store).has_value());
  CHECK_FALSE(try_transfer(store).has_value());
  succeeded(store->reopen());
  CHECK(store->durable() == 1);
  succeeded(try_transfer(store));
  CHECK(store->durable() == 2);
}

TEST_CASE("A mark that cannot be written fails the append") {
  Bed store(Backend::memory);
  store.create_account("a", 1);
  store.disk().fail_next_mark();
  CHECK_FALSE(try_transfer(store).has_value());
  CHECK(store->durable() == 1);
  succeeded(store->reopen());
  CHECK(store->durable() == 2);
}

TEST_CASE("A full disk is told apart, reads work, and it recovers") {
  Bed store(Backend::memory);
  store.create_account("a", 1);
  CHECK(store->has_room());
  store.disk().set_free_bytes(1 << 20);
  CHECK_FALSE(store->has_room());
  store.disk().set_full(true);
  CHECK_FALSE(store->has_room());
  const auto failed = try_transfer(store);
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().fault == StoreFault::no_space);
  CHECK(value_of(store->account("a")).has_value());
  store.disk().set_full(false);
  store.disk().set_free_bytes(~std::uint64_t{0});
  CHECK(store->has_room());
  succeeded(store->reopen());
  succeeded(try_transfer(store));
}

TEST_CASE("A reopening that fails leaves the store closed until one succeeds") {
  Bed store(Backend::memory);
  store.create_account("a", 1);
  store.disk().fail_next_open();
  CHECK_FALSE(store->reopen().has_value());
  const auto read = store->account("a");
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().message.find("not open") != std::string::npos);
  CHECK(store->unindexed() == 0);
  CHECK_FALSE(store->index_some(true).has_value());
  CHECK_FALSE(try_transfer(store).has_value());
  succeeded(store->reopen());
  CHECK(value_of(store->account("a")).has_value());
}

TEST_CASE("One store at a time is open on a memory disk") {
  Bed store(Backend::memory);
  const auto second = store.try_open();
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().fault == StoreFault::locked);
  store.close();
  CHECK(store.try_open().has_value());
}

TEST_CASE("Reads from other threads go on while the store is reopened, indexed and written") {
  StoreOptions options;
  options.index_chunk = 8;
  Bed store(GENERATE(Backend::memory, Backend::rocksdb), options);
  store.create_account("a", 1);
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      TransactionRange range;
      range.account = 0;
      range.limit = 1'000;
      while (!stop) {
        const Sequence durable = store->durable();
        const auto listed = store->transactions(range);
        if (!listed || listed->size() + 1 < durable) ++wrong;
        if (!store->verify(nullptr).value_or(VerifyReport{}).problems.empty()) ++wrong;
      }
    });
  }
  std::thread indexer([&] {
    while (!stop) {
      if (!store->index_some(false)) ++wrong;
      std::this_thread::yield();
    }
  });
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 20; ++i) store.transfer({{{0, 1}}});
    succeeded(store->reopen());
  }
  stop = true;
  for (auto& reader : readers) reader.join();
  indexer.join();
  CHECK(wrong == 0);
}

}  // namespace sg::persistence::test
