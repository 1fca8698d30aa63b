// The rows of the status table that the ledger's content decides: not found, exists, funds, range.
#include <catch2/catch.hpp>
#include <limits>

#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

namespace {

constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
constexpr auto kMin = std::numeric_limits<std::int64_t>::min();

std::string insufficient(const std::string& id, const std::string& amount,
                         const std::string& balance) {
  return "FAILED_PRECONDITION INSUFFICIENT_FUNDS account_id=" + id + " amount=" + amount +
         " balance=" + balance + " outcome=none";
}
std::string overflow(const std::string& id, const std::string& amount, const std::string& balance) {
  return "OUT_OF_RANGE BALANCE_OVERFLOW account_id=" + id + " amount=" + amount +
         " balance=" + balance + " outcome=none";
}

}  // namespace

TEST_CASE("What does not exist is not found, by its own reason") {
  RunningLedger ledger;
  auto& client = ledger.client;
  REQUIRE(told(client.create_account("a", 100)) == "OK");
  CHECK(told(client.account("x")) == "NOT_FOUND ACCOUNT_NOT_FOUND account_id=x");
  wire::GetBalanceRequest balance;
  balance.set_account_id("x");
  CHECK(told(client.ask(&LedgerStub::GetBalance, balance)) ==
        "NOT_FOUND ACCOUNT_NOT_FOUND account_id=x");
  CHECK(told(client.transactions("x")) == "NOT_FOUND ACCOUNT_NOT_FOUND account_id=x");
  CHECK(told(client.credit("x", 1)) == "NOT_FOUND ACCOUNT_NOT_FOUND account_id=x outcome=none");
  CHECK(told(client.debit("x", 1)) == "NOT_FOUND ACCOUNT_NOT_FOUND account_id=x outcome=none");
  CHECK(told(client.transfer({{"a", -1}, {"x", 1}})) ==
        "NOT_FOUND ACCOUNT_NOT_FOUND account_id=x outcome=none");

  wire::GetParticipantRequest participant;
  participant.set_participant_id("p");
  CHECK(told(client.ask(&ParticipantStub::GetParticipant, participant)) ==
        "NOT_FOUND PARTICIPANT_NOT_FOUND participant_id=p");
  wire::GetParticipantAccountsRequest accounts;
  accounts.set_participant_id("p");
  CHECK(told(client.ask(&ParticipantStub::GetParticipantAccounts, accounts)) ==
        "NOT_FOUND PARTICIPANT_NOT_FOUND participant_id=p");
  CHECK(told(client.create_account_of("p")) ==
        "NOT_FOUND PARTICIPANT_NOT_FOUND outcome=none participant_id=p");

  const auto known = client.debit("a", 1).body.id();
  CHECK(told(client.transaction("x")) == "NOT_FOUND TRANSACTION_NOT_FOUND transaction_id=x");
  // Well made, but of another time and of a later place.
  for (const auto& id : {ledger::transaction_id(1, 1), ledger::transaction_id(1, 1'000'000)}) {
    CHECK(told(client.transaction(id)) == "NOT_FOUND TRANSACTION_NOT_FOUND transaction_id=" + id);
  }
  // The creation of the account has a place in the journal, but is no transaction.
  const auto place = ledger::parse_transaction_id(known);
  REQUIRE(place);
  const auto creation = ledger::transaction_id(place->time, 1);
  CHECK(told(client.transaction(creation)) ==
        "NOT_FOUND TRANSACTION_NOT_FOUND transaction_id=" + creation);
  CHECK(told(client.transaction(known)) == "OK");
}

TEST_CASE("What exists is not made again, with the same content or another") {
  RunningLedger ledger;
  auto& client = ledger.client;
  REQUIRE(told(client.create_participant("p", wire::SUPPLIER)) == "OK");
  REQUIRE(told(client.create_account_of("p", wire::ESCROW, 7)) == "OK");
  REQUIRE(told(client.create_account("a", 5)) == "OK");
  REQUIRE(told(client.credit("a", 1)) == "OK");

  const std::string participant_exists =
      "ALREADY_EXISTS PARTICIPANT_EXISTS outcome=none participant_id=p";
  CHECK(told(client.create_participant("p", wire::SUPPLIER)) == participant_exists);
  CHECK(told(client.create_participant("p", wire::BANKING_PARTNER)) == participant_exists);
  const std::string escrow_exists =
      "ALREADY_EXISTS ACCOUNT_EXISTS account_id=p:escrow outcome=none";
  CHECK(told(client.create_account_of("p", wire::ESCROW, 7)) == escrow_exists);
  CHECK(told(client.create_account_of("p", wire::ESCROW, 70)) == escrow_exists);
  CHECK(told(client.create_account("p:escrow")) == escrow_exists);
  CHECK(told(client.create_account("a", 5)) ==
        "ALREADY_EXISTS ACCOUNT_EXISTS account_id=a outcome=none");

  CHECK(client.balance("a") == 6);
  CHECK(client.balance("p:escrow") == 7);
  wire::GetParticipantRequest request;
  request.set_participant_id("p");
  CHECK(client.ask(&ParticipantStub::GetParticipant, request).body.role() == wire::SUPPLIER);
}

TEST_CASE("A balance falls exactly to its floor and no further") {
  RunningLedger ledger;
  auto& client = ledger.client;
  REQUIRE(told(client.create_account("a", 100)) == "OK");
  CHECK(told(client.debit("a", 101)) == insufficient("a", "-101", "100"));
  CHECK(told(client.debit("a", 100)) == "OK");
  CHECK(client.balance("a") == 0);
  CHECK(told(client.debit("a", 1)) == insufficient("a", "-1", "0"));
  CHECK(told(client.transfer({{"a", -3}, {"a", -4}, {"a", 2}})) == insufficient("a", "-5", "0"));
}

TEST_CASE("A negative floor is an overdraft line, a positive one a reserve") {
  RunningLedger ledger;
  auto& client = ledger.client;
  const auto made = client.create_account("line", 0, -100);
  REQUIRE(made.ok());
  CHECK(made.body.floor() == -100);
  CHECK(told(client.debit("line", 101)) == insufficient("line", "-101", "0"));
  CHECK(told(client.debit("line", 100)) == "OK");
  CHECK(client.balance("line") == -100);
  CHECK(told(client.debit("line", 1)) == insufficient("line", "-1", "-100"));
  CHECK(told(client.credit("line", 1)) == "OK");
  CHECK(told(client.debit("line", 1)) == "OK");

  REQUIRE(told(client.create_account("reserve", 100, 60)) == "OK");
  CHECK(told(client.debit("reserve", 41)) == insufficient("reserve", "-41", "100"));
  CHECK(told(client.debit("reserve", 40)) == "OK");
}

TEST_CASE("A balance reaches the end of the int64 range and does not pass it") {
  RunningLedger ledger;
  auto& client = ledger.client;
  REQUIRE(told(client.create_account("a", kMax - 5)) == "OK");
  CHECK(told(client.credit("a", 6)) == overflow("a", "6", "9223372036854775802"));
  CHECK(told(client.credit("a", kMax)) ==
        overflow("a", "9223372036854775807", "9223372036854775802"));
  CHECK(told(client.credit("a", 5)) == "OK");
  CHECK(client.balance("a") == kMax);
  CHECK(told(client.credit("a", 1)) == overflow("a", "1", "9223372036854775807"));
  // Only what the whole transfer comes to counts, even beyond 64 bits on the way.
  CHECK(told(client.transfer({{"a", kMax}, {"a", kMax}, {"a", -kMax}, {"a", -kMax}})) == "OK");
  CHECK(client.balance("a") == kMax);

  REQUIRE(told(client.create_account("deep", 0, kMin)) == "OK");
  CHECK(told(client.debit("deep", kMax)) == "OK");
  CHECK(told(client.debit("deep", 1)) == "OK");
  CHECK(client.balance("deep") == kMin);
  CHECK(told(client.debit("deep", 1)) == insufficient("deep", "-1", "-9223372036854775808"));
  CHECK(told(client.transfer({{"deep", kMin}, {"deep", kMin}})) ==
        insufficient("deep", "-18446744073709551616", "-9223372036854775808"));
}

TEST_CASE("A refused transfer changes nothing and leaves no record") {
  RunningLedger ledger;
  auto& client = ledger.client;
  std::vector<std::string> ids;
  for (std::size_t shard = 0; shard < 3; ++shard) {
    ids.push_back(on_shard("a", shard));
    REQUIRE(told(client.create_account(ids.back(), 10)) == "OK");
  }
  CHECK(told(client.transfer({{ids[0], -5}, {ids[1], 16}, {ids[2], -11}})) ==
        insufficient(ids[2], "-11", "10"));
  for (const auto& id : ids) CHECK(client.balance(id) == 10);
  CHECK(client.transactions().body.transactions().empty());
  // All that was held for it is free again.
  CHECK(told(client.transfer({{ids[0], -10}, {ids[1], -10}, {ids[2], -10}})) == "OK");
}
