// Idempotency keys: one effect, one answer; a refusal binds no key.
#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

namespace {

std::string mismatch(const std::string& key) {
  return "ALREADY_EXISTS IDEMPOTENCY_MISMATCH idempotency_key=" + key + " outcome=none";
}

}  // namespace

TEST_CASE("A retry with its key has one effect and gets the first answer") {
  RunningLedger ledger;
  auto& client = ledger.client;
  REQUIRE(told(client.create_account("a", 100)) == "OK");
  REQUIRE(told(client.create_account("b")) == "OK");
  const auto check = [&](auto call, std::int64_t after) {
    const auto first = call();
    REQUIRE(told(first) == "OK");
    ledger.tree.set_time(first.body.timestamp() + 1'000);
    const auto again = call();
    CHECK(told(again) == "OK");
    CHECK(again.body.SerializeAsString() == first.body.SerializeAsString());
    CHECK(client.balance("a") == after);
  };
  check([&] { return client.credit("a", 10, "credit"); }, 110);
  check([&] { return client.debit("a", 30, "debit"); }, 80);
  check([&] { return client.transfer({{"a", -80}, {"b", 80}}, "transfer"); }, 0);
  CHECK(client.balance("b") == 80);
  CHECK(client.transactions().body.transactions_size() == 3);
}

TEST_CASE("Without a key the same request is another transfer") {
  RunningLedger ledger;
  REQUIRE(told(ledger.client.create_account("a")) == "OK");
  const auto first = ledger.client.credit("a", 1);
  CHECK(ledger.client.credit("a", 1).body.id() != first.body.id());
  CHECK(ledger.client.balance("a") == 2);
}

TEST_CASE("A key stands for method, entries in their order and reference") {
  RunningLedger ledger;
  auto& client = ledger.client;
  REQUIRE(told(client.create_account("a", 100)) == "OK");
  REQUIRE(told(client.create_account("b", 100)) == "OK");
  const auto transfer = [&](const Entries& entries, const std::string& reference) {
    return told(client.ask(&LedgerStub::Transfer, transfer_of(entries, "k", reference)));
  };
  REQUIRE(transfer({{"a", -1}, {"b", 1}}, "r") == "OK");
  CHECK(transfer({{"a", -1}, {"b", 1}}, "r") == "OK");
  CHECK(transfer({{"a", -2}, {"b", 2}}, "r") == mismatch("k"));
  CHECK(transfer({{"b", 1}, {"a", -1}}, "r") == mismatch("k"));
  CHECK(transfer({{"a", -1}}, "r") == mismatch("k"));
  CHECK(transfer({{"a", -1}, {"b", 1}}, "") == mismatch("k"));
  REQUIRE(told(client.transfer({{"a", 5}}, "credit or transfer")) == "OK");
  CHECK(told(client.credit("a", 5, "credit or transfer")) == mismatch("credit or transfer"));
  CHECK(client.balance("a") == 104);
  CHECK(client.balance("b") == 101);
}

TEST_CASE("A refusal binds no key: the retry may commit, and so may other content") {
  RunningLedger ledger;
  auto& client = ledger.client;
  REQUIRE(told(client.create_account("a", 5)) == "OK");
  const std::string refused =
      "FAILED_PRECONDITION INSUFFICIENT_FUNDS account_id=a amount=-10 balance=5 outcome=none";
  CHECK(told(client.debit("a", 10, "k")) == refused);
  CHECK(told(client.debit("a", 10, "k")) == refused);
  CHECK(told(client.debit("x", 10, "other")) ==
        "NOT_FOUND ACCOUNT_NOT_FOUND account_id=x outcome=none");
  REQUIRE(told(client.credit("a", 5)) == "OK");
  CHECK(told(client.debit("a", 10, "k")) == "OK");
  CHECK(told(client.credit("a", 1, "other")) == "OK");
  CHECK(client.balance("a") == 1);
}

TEST_CASE("Items of batches have keys of their own, shared with all other methods") {
  RunningLedger ledger;
  auto& client = ledger.client;
  REQUIRE(told(client.create_account("a", 100)) == "OK");
  const auto single = client.transfer({{"a", -1}}, "single");
  REQUIRE(single.ok());

  const auto first =
      client.batch({transfer_of({{"a", -10}}, "new"), transfer_of({{"a", -1}}, "single"),
                    transfer_of({{"a", -10}}, "new")});
  REQUIRE(told(first.body) == std::vector<std::string>(3, "OK"));
  const auto id_of = [&](int i) { return first.body.results(i).transaction().id(); };
  CHECK(id_of(1) == single.body.id());
  CHECK(id_of(2) == id_of(0));
  CHECK(client.balance("a") == 89);
  CHECK(client.transfer({{"a", -10}}, "new").body.id() == id_of(0));

  const auto again =
      client.batch({transfer_of({{"a", -10}}, "new"), transfer_of({{"a", -1}}, "single")});
  CHECK(told(again.body) == std::vector<std::string>(2, "OK"));
  CHECK(client.balance("a") == 89);

  const auto differs = client.batch({transfer_of({{"a", -2}}), transfer_of({{"a", -3}}, "single")});
  CHECK(told(differs.body) == std::vector<std::string>{"OK", mismatch("single")});
  CHECK(client.balance("a") == 87);
}

TEST_CASE("Many that send the same key at once share one transfer") {
  RunningLedger ledger;
  auto& client = ledger.client;
  REQUIRE(told(client.create_account("a", 1'000)) == "OK");
  constexpr std::size_t kClients = 16;
  for (int round = 0; round < 10; ++round) {
    std::vector<std::string> ids(kClients);
    {
      std::vector<std::jthread> threads;
      for (auto& id : ids) {
        threads.emplace_back(
            [&] { id = client.debit("a", 1, "round " + std::to_string(round)).body.id(); });
      }
    }
    CHECK_FALSE(ids.front().empty());
    CHECK(ids == std::vector<std::string>(kClients, ids.front()));
    CHECK(client.balance("a") == 999 - round);
  }
}

TEST_CASE("Balances, history and keys outlive the server") {
  const auto disk = persistence::make_memory_disk();
  std::string id;
  {
    RunningLedger ledger(ledger_settings(), memory_store(disk));
    REQUIRE(told(ledger.client.create_participant("p")) == "OK");
    REQUIRE(told(ledger.client.create_account_of("p", wire::FEES, 10)) == "OK");
    const auto done = ledger.client.credit("p:fees", 5, "k");
    REQUIRE(done.ok());
    id = done.body.id();
    CHECK(ledger.tree.stop());
  }
  RunningLedger ledger(ledger_settings(), memory_store(disk));
  CHECK(ledger.client.balance("p:fees") == 15);
  CHECK(ledger.client.transaction(id).body.entries(0).amount() == 5);
  CHECK(ledger.client.credit("p:fees", 5, "k").body.id() == id);
  CHECK(told(ledger.client.credit("p:fees", 6, "k")) == mismatch("k"));
  CHECK(ledger.client.balance("p:fees") == 15);
  // The clock of this server began again: time does not go back.
  CHECK(ledger.client.credit("p:fees", 1).body.id() > id);
}
