// Participants and accounts as they are made and read back.
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

namespace {

bool same(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  return google::protobuf::util::MessageDifferencer::Equals(a, b);
}

std::vector<wire::Account> accounts_of(LedgerClient& client, const std::string& participant) {
  wire::GetParticipantAccountsRequest request;
  request.set_participant_id(participant);
  const auto answer = client.ask(&ParticipantStub::GetParticipantAccounts, request);
  REQUIRE(answer.ok());
  return {answer.body.accounts().begin(), answer.body.accounts().end()};
}

}  // namespace

TEST_CASE("A participant is read back as it was made") {
  RunningLedger ledger;
  auto& client = ledger.client;
  ledger.tree.set_time(1'800'000'000'123);
  wire::CreateParticipantRequest request;
  request.set_id("seb");
  request.set_name("Skandinaviska Enskilda");
  request.set_role(wire::BANKING_PARTNER);
  (*request.mutable_metadata())["country"] = "SE";
  (*request.mutable_metadata())["empty"] = "";
  const auto made = client.ask(&ParticipantStub::CreateParticipant, request);
  REQUIRE(made.ok());
  CHECK(made.body.id() == "seb");
  CHECK(made.body.name() == "Skandinaviska Enskilda");
  CHECK(made.body.role() == wire::BANKING_PARTNER);
  CHECK(made.body.created_at() == 1'800'000'000'123);
  CHECK(made.body.metadata().size() == 2);
  wire::GetParticipantRequest get;
  get.set_participant_id("seb");
  CHECK(same(client.ask(&ParticipantStub::GetParticipant, get).body, made.body));
  CHECK(accounts_of(client, "seb").empty());
}

TEST_CASE("A participant's account is named after it and its type, OPERATING unless told") {
  RunningLedger ledger;
  auto& client = ledger.client;
  // Verbatim: neither the case nor a colon of the participant's id matters.
  for (const std::string id : {"seb", "SEB", "a:b"}) {
    REQUIRE(told(client.create_participant(id)) == "OK");
    const auto operating = client.create_account_of(id);
    CHECK(told(operating) == "OK");
    CHECK(operating.body.id() == id + ":operating");
    CHECK(operating.body.account_type() == wire::OPERATING);
    CHECK(operating.body.participant_id() == id);
  }
  const std::vector<std::pair<wire::AccountType, std::string>> types{
      {wire::RECEIVABLES, "receivables"},
      {wire::PAYABLES, "payables"},
      {wire::ESCROW, "escrow"},
      {wire::FEES, "fees"},
      {wire::USAGE, "usage"}};
  for (const auto& [type, name] : types) {
    const auto account = client.create_account_of("seb", type, 3);
    CHECK(told(account) == "OK");
    CHECK(account.body.id() == "seb:" + name);
    CHECK(account.body.account_type() == type);
    CHECK(account.body.balance() == 3);
  }
  CHECK(told(client.create_account_of("seb", wire::OPERATING)) ==
        "ALREADY_EXISTS ACCOUNT_EXISTS account_id=seb:operating outcome=none");

  const auto all = accounts_of(client, "seb");
  REQUIRE(all.size() == 6);
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(all[i].account_type() == static_cast<int>(wire::OPERATING) + static_cast<int>(i));
  }
  CHECK(accounts_of(client, "SEB").size() == 1);
}

TEST_CASE("A standalone account cannot take the id of a participant's account") {
  RunningLedger ledger;
  auto& client = ledger.client;
  REQUIRE(told(client.create_participant("seb")) == "OK");
  const auto refused = client.create_account("seb:operating");
  CHECK(told(refused) ==
        "INVALID_ARGUMENT RESERVED_ID field=account_id outcome=none participant_id=seb");
  CHECK(refused.status.error_message().find("CreateParticipantAccount") != std::string::npos);
  // Arguments are checked first; what is no type's name is free.
  CHECK(told(client.create_account("seb:operating", -1)) ==
        "INVALID_ARGUMENT INITIAL_BALANCE_NEGATIVE field=initial_balance outcome=none");
  CHECK(told(client.create_account("seb:Operating")) == "OK");
  CHECK(told(client.create_account("seb:savings")) == "OK");
  CHECK(told(client.create_account("bank:operating")) == "OK");

  const auto owned = client.create_account_of("seb");
  CHECK(told(owned) == "OK");
  CHECK(accounts_of(client, "seb").size() == 1);
  // One that exists is told as such, though the id is reserved.
  CHECK(told(client.create_account("seb:operating")) ==
        "ALREADY_EXISTS ACCOUNT_EXISTS account_id=seb:operating outcome=none");
}

TEST_CASE("Who finds a participant's name taken is told by what kind of account") {
  RunningLedger ledger;
  auto& client = ledger.client;
  REQUIRE(told(client.create_account("seb:operating", 7)) == "OK");
  REQUIRE(told(client.create_participant("seb")) == "OK");
  // Creations that are tried again.
  CHECK(told(client.create_account("seb:operating", 7)) ==
        "ALREADY_EXISTS ACCOUNT_EXISTS account_id=seb:operating outcome=none");
  const auto taken = client.create_account_of("seb");
  CHECK(told(taken) == "ALREADY_EXISTS ACCOUNT_EXISTS account_id=seb:operating outcome=none");
  CHECK(taken.status.error_message().find("standalone") != std::string::npos);
  REQUIRE(told(client.create_account_of("seb", wire::FEES)) == "OK");
  const auto again = client.create_account_of("seb", wire::FEES);
  CHECK(told(again) == "ALREADY_EXISTS ACCOUNT_EXISTS account_id=seb:fees outcome=none");
  CHECK(again.status.error_message().find("standalone") == std::string::npos);
}

TEST_CASE("A participant whose id is too long to own accounts is told why") {
  RunningLedger ledger;
  auto& client = ledger.client;
  const std::string id(250, 'p');
  REQUIRE(told(client.create_participant(id)) == "OK");
  CHECK(told(client.create_account_of(id, wire::FEES)) == "OK");
  const auto refused = client.create_account_of(id, wire::RECEIVABLES);
  CHECK(told(refused) == "INVALID_ARGUMENT ID_TOO_LONG field=participant_id outcome=none");
  CHECK(refused.status.error_message() ==
        "participant_id has 250 bytes: the id of its account, PARTICIPANT:receivables, would have "
        "262, and at most 256 are allowed");
}

TEST_CASE("Of a participant and an account that it could own, made at once, the account is first") {
  RunningLedger ledger;
  auto& client = ledger.client;
  for (int i = 0; i < 40; ++i) {
    const auto id = "p" + std::to_string(i);
    std::string account;
    {
      std::jthread first([&] { account = told(client.create_account(id + ":fees")); });
      CHECK(told(client.create_participant(id)) == "OK");
    }
    const auto owned = told(client.create_account_of(id, wire::FEES));
    if (account == "OK") {
      CHECK(owned == "ALREADY_EXISTS ACCOUNT_EXISTS account_id=" + id + ":fees outcome=none");
    } else {
      CHECK(account ==
            "INVALID_ARGUMENT RESERVED_ID field=account_id outcome=none participant_id=" + id);
      CHECK(owned == "OK");
    }
  }
}

TEST_CASE("An account is read back as it was made, with the balance it has now") {
  RunningLedger ledger;
  auto& client = ledger.client;
  wire::CreateAccountRequest request;
  request.set_account_id("alice");
  request.set_initial_balance(100);
  request.set_floor(-50);
  (*request.mutable_metadata())["kind"] = "wallet";
  auto made = client.ask(&LedgerStub::CreateAccount, request);
  REQUIRE(made.ok());
  CHECK(made.body.id() == "alice");
  CHECK(made.body.participant_id().empty());
  CHECK(made.body.account_type() == wire::STANDALONE);
  CHECK(made.body.balance() == 100);
  CHECK(made.body.floor() == -50);
  CHECK(made.body.created_at() > 0);
  CHECK(same(client.account("alice").body, made.body));

  REQUIRE(told(client.debit("alice", 120)) == "OK");
  made.body.set_balance(-20);
  made.body.set_available(30);
  CHECK(same(client.account("alice").body, made.body));
  CHECK(client.balance("alice") == -20);
}

TEST_CASE("An initial balance counts in the journal but is no transaction in a listing") {
  RunningLedger ledger;
  auto& client = ledger.client;
  REQUIRE(told(client.create_participant("p")) == "OK");
  REQUIRE(told(client.create_account("a", 100)) == "OK");
  REQUIRE(told(client.create_account_of("p", wire::OPERATING, 50)) == "OK");
  CHECK(client.transactions().body.transactions().empty());
  CHECK(client.transactions("a").body.transactions().empty());
  wire::GetBalanceSheetRequest request;
  const auto sheet = client.ask(&AdminStub::GetBalanceSheet, request);
  CHECK(sheet.body.sum_of_postings() == "150");
  CHECK(sheet.body.transactions() == 0);
}

TEST_CASE("Many that make the same account at once make one") {
  RunningLedger ledger;
  constexpr int kClients = 16;
  std::vector<std::string> outcomes(kClients);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kClients; ++i) {
      threads.emplace_back([&, i] {
        outcomes[static_cast<std::size_t>(i)] = told(ledger.client.create_account("a", i));
      });
    }
  }
  CHECK(std::count(outcomes.begin(), outcomes.end(), "OK") == 1);
  CHECK(std::count(outcomes.begin(), outcomes.end(),
                   "ALREADY_EXISTS ACCOUNT_EXISTS account_id=a outcome=none") == kClients - 1);
  const auto winner = std::find(outcomes.begin(), outcomes.end(), "OK") - outcomes.begin();
  CHECK(ledger.client.balance("a") == winner);
}
