// TransferBatch: each item for itself, or all or none.
#include <catch2/catch.hpp>

#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

namespace {

using Lines = std::vector<std::string>;

const std::string kAborted = "ABORTED BATCH_ABORTED outcome=none";

std::string insufficient(const std::string& id, const std::string& amount,
                         const std::string& balance) {
  return "FAILED_PRECONDITION INSUFFICIENT_FUNDS account_id=" + id + " amount=" + amount +
         " balance=" + balance + " outcome=none";
}

// bank with 100, a and b with nothing, on different shards.
struct World {
  RunningLedger ledger;
  LedgerClient& client = ledger.client;
  std::string bank = on_shard("bank", 0);
  std::string a = on_shard("a", 1);
  std::string b = on_shard("b", 2);

  World() {
    REQUIRE(told(client.create_account(bank, 100)) == "OK");
    REQUIRE(told(client.create_account(a)) == "OK");
    REQUIRE(told(client.create_account(b)) == "OK");
  }
  void check_balances(std::int64_t of_bank, std::int64_t of_a, std::int64_t of_b) {
    CHECK(client.balance(bank) == of_bank);
    CHECK(client.balance(a) == of_a);
    CHECK(client.balance(b) == of_b);
  }
};

}  // namespace

TEST_CASE("Each item of a batch sees those before it and is refused alone") {
  World w;
  const auto answer = w.client.batch({
      transfer_of({{w.bank, -100}, {w.a, 100}}, {}, "first"),
      transfer_of({{w.a, -100}, {w.b, 100}}, {}, "second"),
      transfer_of({{w.a, -1}, {w.b, 1}}),
      transfer_of({{"", 1}}),
      transfer_of({{w.bank, -1}, {w.a, 1}}),
      transfer_of({{w.b, -40}, {w.bank, 40}}, {}, "sixth"),
  });
  REQUIRE(answer.ok());
  CHECK(told(answer.body) ==
        Lines{"OK", "OK", insufficient(w.a, "-1", "0"),
              "INVALID_ARGUMENT ID_EMPTY field=entries[0].account_id outcome=none",
              insufficient(w.bank, "-1", "0"), "OK"});
  const auto& results = answer.body.results();
  CHECK(results[0].transaction().reference() == "first");
  CHECK(results[1].transaction().reference() == "second");
  CHECK(results[5].transaction().reference() == "sixth");
  CHECK(results[5].transaction().type() == "transfer");
  REQUIRE(results[5].transaction().entries_size() == 2);
  CHECK(results[5].transaction().entries(0).account_id() == w.b);
  CHECK(results[5].transaction().entries(0).amount() == -40);
  w.check_balances(40, 0, 60);
  CHECK(w.client.transactions().body.transactions_size() == 3);
}

TEST_CASE("A batch of thousands, each living on the one before, commits in order") {
  World w;
  std::vector<wire::TransferRequest> transfers;
  for (int i = 0; i < 1'000; ++i) {
    transfers.push_back(transfer_of({{w.bank, -100}, {w.a, 100}}));
    transfers.push_back(transfer_of({{w.a, -100}, {w.b, 100}}));
    transfers.push_back(transfer_of({{w.b, -100}, {w.bank, 100}}));
  }
  const auto answer = w.client.batch(transfers);
  REQUIRE(answer.ok());
  CHECK(told(answer.body) == Lines(transfers.size(), "OK"));
  w.check_balances(100, 0, 0);
}

TEST_CASE("A batch without transfers has no results") {
  World w;
  const auto answer = w.client.batch({});
  CHECK(told(answer) == "OK");
  CHECK(answer.body.results().empty());
}

TEST_CASE("An atomic batch commits as one, each item with a record of its own") {
  World w;
  const auto answer = w.client.batch(
      {transfer_of({{w.bank, -30}, {w.a, 30}}), transfer_of({{w.a, -10}, {w.b, 10}})}, true);
  REQUIRE(answer.ok());
  REQUIRE(told(answer.body) == Lines{"OK", "OK"});
  const auto& first = answer.body.results(0).transaction();
  const auto& second = answer.body.results(1).transaction();
  CHECK(first.id() < second.id());
  CHECK(first.timestamp() == second.timestamp());
  CHECK(w.client.transaction(second.id()).body.entries_size() == 2);
  w.check_balances(70, 20, 10);
}

TEST_CASE("An atomic batch is netted: what an item lacks a later one may bring") {
  World w;
  const auto circle = w.client.batch(
      {transfer_of({{w.a, -500}, {w.b, 500}}), transfer_of({{w.b, -500}, {w.a, 500}})}, true);
  CHECK(told(circle.body) == Lines{"OK", "OK"});
  const auto late = w.client.batch(
      {transfer_of({{w.a, -60}, {w.b, 60}}), transfer_of({{w.bank, -100}, {w.a, 100}})}, true);
  CHECK(told(late.body) == Lines{"OK", "OK"});
  w.check_balances(0, 40, 60);
}

// It blamed the first item that debits the account, with an amount that no item has.
TEST_CASE("The first item that takes an account below its floor carries the refusal") {
  World w;
  const auto answer = w.client.batch(
      {transfer_of({{w.bank, -1}}), transfer_of({{w.bank, -500}}), transfer_of({{w.bank, -600}})},
      true);
  CHECK(told(answer.body) == Lines{kAborted, insufficient(w.bank, "-500", "100"), kAborted});
  CHECK(answer.body.results(1).error().message() ==
        "account " + w.bank +
            " has 100, 99 after the transfers before this one: -500 would take "
            "it below its floor");
}

// The first item was replayed and the second committed again with each retry: money was invented.
TEST_CASE("An atomic batch in which only some transfers have a key is refused") {
  World w;
  const std::vector<wire::TransferRequest> mixed{transfer_of({{w.bank, -10}}, "key"),
                                                 transfer_of({{w.b, 10}})};
  const std::vector<wire::TransferRequest> turned{mixed[1], mixed[0]};
  for (const auto& transfers : {mixed, turned, mixed}) {
    CHECK(told(w.client.batch(transfers, true)) ==
          "INVALID_ARGUMENT KEYS_MIXED field=transfers[1].idempotency_key outcome=none");
  }
  w.check_balances(100, 0, 0);
  CHECK(told(w.client.batch(mixed, false).body) == Lines{"OK", "OK"});
}

TEST_CASE("A retried atomic batch has one effect, and only as a whole") {
  World w;
  const auto debit = transfer_of({{w.bank, -10}}, "debit");
  const auto credit = transfer_of({{w.b, 10}}, "credit");
  const auto first = w.client.batch({debit, credit}, true);
  REQUIRE(told(first.body) == Lines{"OK", "OK"});
  const auto again = w.client.batch({debit, credit}, true);
  REQUIRE(told(again.body) == Lines{"OK", "OK"});
  for (int i = 0; i < 2; ++i) {
    CHECK(again.body.results(i).transaction().id() == first.body.results(i).transaction().id());
  }
  const std::string mismatch = "ALREADY_EXISTS IDEMPOTENCY_MISMATCH idempotency_key=";
  const auto fresh = transfer_of({{w.b, 10}}, "fresh");
  CHECK(told(w.client.batch({debit, fresh}, true).body) ==
        Lines{mismatch + "debit outcome=none", kAborted});
  CHECK(told(w.client.batch({credit, debit}, true).body) ==
        Lines{mismatch + "credit outcome=none", kAborted});
  CHECK(told(w.client.batch({debit}, true).body) == Lines{"OK"});
  CHECK(told(w.client.transfer({{w.bank, -10}}, "debit")) == "OK");
  w.check_balances(90, 0, 10);
}

TEST_CASE("An item of an atomic batch is short after the items before it") {
  World w;
  const auto answer = w.client.batch(
      {
          transfer_of({{w.bank, -50}, {w.a, 50}}),
          transfer_of({{w.a, -1'000}, {w.b, 1'000}}),
          transfer_of({{w.a, -10}, {w.b, 10}}),
      },
      true);
  REQUIRE(answer.ok());
  CHECK(told(answer.body) == Lines{kAborted, insufficient(w.a, "-1000", "0"), kAborted});
  w.check_balances(100, 0, 0);
  CHECK(w.client.transactions().body.transactions().empty());
}

TEST_CASE("One wrong or unknown item aborts the whole atomic batch") {
  World w;
  const auto good = transfer_of({{w.bank, -1}, {w.a, 1}});
  const auto wrong = w.client.batch({good, transfer_of({{w.a, 0}}), good}, true);
  CHECK(told(wrong.body) ==
        Lines{kAborted, "INVALID_ARGUMENT AMOUNT_ZERO field=entries[0].amount outcome=none",
              kAborted});
  const auto unknown = w.client.batch({good, good, transfer_of({{"x", 1}})}, true);
  CHECK(told(unknown.body) ==
        Lines{kAborted, kAborted, "NOT_FOUND ACCOUNT_NOT_FOUND account_id=x outcome=none"});
  w.check_balances(100, 0, 0);
}

TEST_CASE("A refused atomic batch binds none of its keys") {
  World w;
  const auto first = transfer_of({{w.bank, -10}, {w.a, 10}}, "first");
  const auto second = transfer_of({{w.b, -10}, {w.a, 10}}, "second");
  CHECK(told(w.client.batch({first, second}, true).body) ==
        Lines{kAborted, insufficient(w.b, "-10", "0")});
  REQUIRE(told(w.client.transfer({{w.bank, -20}, {w.b, 20}})) == "OK");
  CHECK(told(w.client.batch({first, second}, true).body) == Lines{"OK", "OK"});
  w.check_balances(70, 20, 10);
}
