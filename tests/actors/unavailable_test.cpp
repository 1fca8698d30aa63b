// The rows of the status table for what is away, full or broken. Crashes are made at a known place:
// the journal is held inside a sync meanwhile.
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <catch2/catch.hpp>
#include <future>
#include <sstream>

#include "tests/support/held_store.hpp"
#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

namespace {

struct World {
  std::shared_ptr<persistence::MemoryDisk> disk = persistence::make_memory_disk();
  std::shared_ptr<HeldStore> store = std::make_shared<HeldStore>(memory_store(disk));
  RunningLedger ledger{ledger_settings(), store};
  LedgerClient& client = ledger.client;
  std::string a = on_shard("a", 0);
  std::string other = on_shard("other", 1);

  World() {
    REQUIRE(told(client.create_account(a, 100)) == "OK");
    REQUIRE(told(client.create_account(other, 100)) == "OK");
  }
};

template <class Call>
auto later(Call call) {
  return std::async(std::launch::async, std::move(call));
}

// As a client does: until the one true answer comes.
template <class Call>
std::string told_in_the_end(Call call) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  std::string line;
  do {
    line = told(call());
  } while (line.rfind("UNAVAILABLE", 0) == 0 && std::chrono::steady_clock::now() < give_up);
  return line;
}

}  // namespace

TEST_CASE("A failed sync is JOURNAL_UNAVAILABLE with an unknown outcome; the retry tells it") {
  World w;
  const bool written = GENERATE(false, true);
  CAPTURE(written);
  if (written) {
    w.disk->fail_next_sync();
  } else {
    w.disk->fail_next_write();
  }
  CHECK(told(w.client.debit(w.a, 60, "k")) == "UNAVAILABLE JOURNAL_UNAVAILABLE outcome=unknown");
  // One effect, whether the group had reached the disk or not.
  CHECK(told_in_the_end([&] { return w.client.debit(w.a, 60, "k"); }) == "OK");
  CHECK(told(w.client.debit(w.a, 60, "k")) == "OK");
  CHECK(w.client.transactions(w.a).body.transactions_size() == 1);
}

TEST_CASE("A shard that crashes takes its undecided transfers along, and only those") {
  World w;
  auto hold = w.store->hold();
  auto held = later([&] { return w.client.credit(w.other, 1); });
  w.store->await_held();
  w.ledger.tree.kill_child("account_shard/0");
  auto items = later([&] {
    return w.client.batch({transfer_of({{w.a, -60}}, "lost"),
                           transfer_of({{w.other, -1}, {w.a, 1}}, "across"),
                           transfer_of({{w.other, -1}}, "elsewhere")});
  });
  w.store->await_lookup("elsewhere");
  // The queries actor asks a shard that is not there any more.
  wire::GetBalanceRequest request;
  request.set_account_id(w.a);
  CHECK(told(w.client.ask(&LedgerStub::GetBalance, request)) == "UNAVAILABLE NODE_UNAVAILABLE");
  hold.release();
  CHECK(told(held.get()) == "OK");
  const std::string away = "UNAVAILABLE SHARD_UNAVAILABLE outcome=none shard=0";
  CHECK(told(items.get().body) == std::vector<std::string>{away, away, "OK"});

  CHECK(told_in_the_end([&] { return w.client.debit(w.a, 60, "lost"); }) == "OK");
  CHECK(w.client.balance(w.a) == 40);
  CHECK(w.client.balance(w.other) == 100);
}

TEST_CASE("What a crashed coordinator had is NODE_UNAVAILABLE or done, and the retry tells which") {
  World w;
  auto hold = w.store->hold();
  auto held = later([&] { return w.client.credit(w.other, 1, "held"); });
  w.store->await_held();
  w.ledger.tree.kill_child("coordinator");
  hold.release();
  CHECK(told(held.get()) == "UNAVAILABLE NODE_UNAVAILABLE outcome=unknown");
  CHECK(told_in_the_end([&] { return w.client.credit(w.other, 1, "held"); }) == "OK");
  CHECK(w.client.balance(w.other) == 101);
}

TEST_CASE("A full disk refuses transfers with STORAGE_FULL, serves reads, and recovers") {
  World w;
  w.disk->set_free_bytes(0);
  const std::string full = "RESOURCE_EXHAUSTED STORAGE_FULL outcome=none";
  CHECK(told(w.client.debit(w.a, 60, "k")) == full);
  CHECK(told(w.client.create_account("new")) == full);
  CHECK(told(w.client.create_participant("new")) == full);
  CHECK(told(w.client.batch({transfer_of({{w.a, -1}}), transfer_of({{w.a, -1}})}).body) ==
        std::vector<std::string>{full, full});
  CHECK(w.client.balance(w.a) == 100);
  w.disk->set_free_bytes(~std::uint64_t{0});
  CHECK(told(w.client.debit(w.a, 60, "k")) == "OK");
  CHECK(told(w.client.create_account("new")) == "OK");
  CHECK(w.client.balance(w.a) == 40);
}

TEST_CASE("While the indexes are too far behind nothing is taken: OVERLOADED, and reads go on") {
  persistence::StoreOptions options;
  options.index_chunk = 1000;  // more than this test writes: nothing is indexed
  options.index_backlog = 4;
  const auto store = memory_store(persistence::make_memory_disk(), options);
  RunningLedger ledger(ledger_settings(), store);
  REQUIRE(told(ledger.client.create_account("a", 100)) == "OK");
  for (int i = 0; i < 4; ++i) CHECK(told(ledger.client.debit("a", 1)) == "OK");
  CHECK(told(ledger.client.debit("a", 1, "k")) == "RESOURCE_EXHAUSTED OVERLOADED outcome=none");
  CHECK(ledger.client.balance("a") == 96);
  while (store->index_some(true).value()) {
  }
  CHECK(told(ledger.client.debit("a", 1, "k")) == "OK");
}

// It was INTERNAL, as if it were a bug. An earlier attempt with the key may have had its effect, so
// the outcome is unknown.
TEST_CASE("A key that the journal cannot look up is JOURNAL_UNAVAILABLE and changes nothing") {
  World w;
  w.store->fail_second_lookup("k");
  const std::string away = "UNAVAILABLE JOURNAL_UNAVAILABLE outcome=unknown";
  SECTION("of a unary call") { CHECK(told(w.client.debit(w.a, 60, "k")) == away); }
  SECTION("of a batch") {
    CHECK(told(w.client
                   .batch({transfer_of({{w.a, -60}}, "k"), transfer_of({{w.a, -1}}),
                           transfer_of({{w.a, -1}}, "other")})
                   .body) == std::vector<std::string>{away, "OK", "OK"});
    CHECK(told(w.client.credit(w.a, 2)) == "OK");
  }
  CHECK(w.client.balance(w.a) == 100);
  CHECK(told(w.client.debit(w.a, 60, "k")) == "OK");
}

// The journal's own refusals were INTERNAL without an id, so nobody could find them in the log.
TEST_CASE("An internal error has a correlation id that stands in the log too") {
  std::ostringstream log;
  const auto before = spdlog::default_logger();
  const auto restore = [&before](void*) { spdlog::set_default_logger(before); };
  World w;
  const std::unique_ptr<void, decltype(restore)> guard(&w, restore);
  spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log)));
  // The journal's last check of floors finds what the shards did not: a bug, wherever it is.
  w.store->raise_floors_of_journal(1000);
  w.ledger.tree.restart_child("journal");
  REQUIRE(told_in_the_end([&] { return w.client.credit(w.a, 950); }) == "OK");
  // Who reads learns later than who writes that a shard serves again.
  REQUIRE(told_in_the_end([&] { return w.client.account(w.a); }) == "OK");

  std::string told_of;
  SECTION("of a unary call") { told_of = told(w.client.debit(w.a, 60, "k")); }
  SECTION("of a batch") {
    told_of = told(w.client.batch({transfer_of({{w.a, -60}}, "k")}).body.results(0));
  }
  CAPTURE(told_of);
  const std::string start = "INTERNAL INTERNAL correlation_id=";
  REQUIRE(told_of.rfind(start, 0) == 0);
  const auto id = told_of.substr(start.size(), told_of.find(' ', start.size()) - start.size());
  CHECK_FALSE(id.empty());
  CHECK_THAT(log.str(), Catch::Contains(id));
  CHECK_THAT(told_of, Catch::EndsWith("outcome=none"));
  CHECK(w.client.balance(w.a) == 1050);
  w.store->raise_floors_of_journal(0);
  w.ledger.tree.restart_child("journal");
  CHECK(told_in_the_end([&] { return w.client.debit(w.a, 60, "k"); }) == "OK");
}
