// The INVALID_ARGUMENT row of the status table: one reason each, naming the field. What the stubs
// refuse to send (text that is not UTF-8) stands in encoding_test.cpp.
#include <catch2/catch.hpp>
#include <limits>

#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

namespace {

std::string bytes(std::size_t count) { return std::string(count, 'x'); }

std::string invalid(const std::string& reason, const std::string& field) {
  return "INVALID_ARGUMENT " + reason + " field=" + field + " outcome=none";
}
// Reads have no outcome.
std::string invalid_read(const std::string& reason, const std::string& field) {
  return "INVALID_ARGUMENT " + reason + " field=" + field;
}

struct WrongText {
  std::string text;
  std::string reason;
};

const std::vector<WrongText> kWrongIds{
    {"", "ID_EMPTY"},
    {bytes(257), "ID_TOO_LONG"},
    {"line\nfeed", "ID_CONTROL_CHARACTER"},
    {std::string("nul\0byte", 8), "ID_CONTROL_CHARACTER"},
    {"del\x7F", "ID_CONTROL_CHARACTER"},
    {"next line \xC2\x85", "ID_CONTROL_CHARACTER"},
};

Entries entries_to(const std::string& id, std::size_t count) { return Entries(count, {id, 1}); }

}  // namespace

TEST_CASE("A wrong id is refused by its own reason, whatever the method calls the field") {
  RunningLedger ledger;
  auto& client = ledger.client;
  for (const auto& [id, reason] : kWrongIds) {
    CAPTURE(id);
    CHECK(told(client.create_participant(id)) == invalid(reason, "id"));
    CHECK(told(client.create_account_of(id)) == invalid(reason, "participant_id"));
    CHECK(told(client.create_account(id)) == invalid(reason, "account_id"));
    CHECK(told(client.credit(id, 1)) == invalid(reason, "account_id"));
    CHECK(told(client.debit(id, 1)) == invalid(reason, "account_id"));
    CHECK(told(client.transfer({{"a", 1}, {id, 1}})) == invalid(reason, "entries[1].account_id"));
    CHECK(told(client.account(id)) == invalid_read(reason, "account_id"));
    CHECK(told(client.transaction(id)) == invalid_read(reason, "id"));
    wire::GetBalanceRequest balance;
    balance.set_account_id(id);
    CHECK(told(client.ask(&LedgerStub::GetBalance, balance)) == invalid_read(reason, "account_id"));
    wire::GetParticipantRequest participant;
    participant.set_participant_id(id);
    CHECK(told(client.ask(&ParticipantStub::GetParticipant, participant)) ==
          invalid_read(reason, "participant_id"));
    wire::GetParticipantAccountsRequest accounts;
    accounts.set_participant_id(id);
    CHECK(told(client.ask(&ParticipantStub::GetParticipantAccounts, accounts)) ==
          invalid_read(reason, "participant_id"));
    if (id.empty()) continue;  // no filter, no key
    CHECK(told(client.transactions(id)) == invalid_read(reason, "account_id"));
    CHECK(told(client.transfer({{"a", 1}}, id)) == invalid(reason, "idempotency_key"));
    CHECK(told(client.credit("a", 1, id)) == invalid(reason, "idempotency_key"));
    CHECK(told(client.debit("a", 1, id)) == invalid(reason, "idempotency_key"));
  }
}

TEST_CASE("An id and a key of 256 bytes, and printable text of any script, are accepted") {
  RunningLedger ledger;
  auto& client = ledger.client;
  CHECK(told(client.create_participant(bytes(256))) == "OK");
  CHECK(told(client.create_account("Zażółć gęślą 銀行 🏦")) == "OK");
  const auto id = std::string(256, 'a');
  CHECK(told(client.create_account(id)) == "OK");
  CHECK(told(client.credit(id, 5, bytes(256))) == "OK");
  CHECK(client.balance(id) == 5);
}

TEST_CASE("The id that a participant's account would get counts against the limit") {
  RunningLedger ledger;
  auto& client = ledger.client;
  const auto longest = bytes(256 - std::string(":operating").size());
  REQUIRE(told(client.create_participant(longest)) == "OK");
  CHECK(told(client.create_account_of(longest)) == "OK");
  REQUIRE(told(client.create_participant(longest + "x")) == "OK");
  CHECK(told(client.create_account_of(longest + "x")) == invalid("ID_TOO_LONG", "participant_id"));
}

TEST_CASE("Amounts of a transfer are not 0, those of a credit and a debit above 0") {
  RunningLedger ledger;
  auto& client = ledger.client;
  REQUIRE(told(client.create_account("a", 100)) == "OK");
  CHECK(told(client.transfer({{"a", 1}, {"a", 0}})) == invalid("AMOUNT_ZERO", "entries[1].amount"));
  for (const std::int64_t amount :
       {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min()}) {
    CAPTURE(amount);
    CHECK(told(client.credit("a", amount)) == invalid("AMOUNT_NOT_POSITIVE", "amount"));
    CHECK(told(client.debit("a", amount)) == invalid("AMOUNT_NOT_POSITIVE", "amount"));
  }
  CHECK(client.balance("a") == 100);
}

TEST_CASE("A transfer has 1 to 4,096 entries") {
  RunningLedger ledger;
  auto& client = ledger.client;
  REQUIRE(told(client.create_account("a")) == "OK");
  CHECK(told(client.transfer({})) == invalid("NO_ENTRIES", "entries"));
  CHECK(told(client.transfer(entries_to("a", 4097))) == invalid("TOO_MANY_ENTRIES", "entries"));
  CHECK(client.balance("a") == 0);
  CHECK(told(client.transfer(entries_to("a", 4096))) == "OK");
  CHECK(client.balance("a") == 4096);
}

TEST_CASE("A reference has at most 1 KiB") {
  RunningLedger ledger;
  auto& client = ledger.client;
  REQUIRE(told(client.create_account("a")) == "OK");
  const auto transfer = [&](std::size_t size) {
    return client.ask(&LedgerStub::Transfer, transfer_of({{"a", 1}}, {}, bytes(size)));
  };
  CHECK(told(transfer(1025)) == invalid("REFERENCE_TOO_LONG", "reference"));
  const auto longest = transfer(1024);
  CHECK(told(longest) == "OK");
  CHECK(longest.body.reference() == bytes(1024));
  wire::CreditRequest credit;
  credit.set_account_id("a");
  credit.set_amount(1);
  credit.set_reference(bytes(1025));
  CHECK(told(client.ask(&LedgerStub::Credit, credit)) ==
        invalid("REFERENCE_TOO_LONG", "reference"));
}

TEST_CASE("A batch has at most 10,000 transfers") {
  RunningLedger ledger;
  auto& client = ledger.client;
  REQUIRE(told(client.create_account("a")) == "OK");
  std::vector<wire::TransferRequest> transfers(10'001, transfer_of({{"a", 1}}));
  CHECK(told(client.batch(transfers)) == invalid("TOO_MANY_TRANSFERS", "transfers"));
  CHECK(told(client.batch(transfers, true)) == invalid("TOO_MANY_TRANSFERS", "transfers"));
  CHECK(client.balance("a") == 0);
  transfers.pop_back();
  const auto full = client.batch(transfers);
  CHECK(told(full) == "OK");
  CHECK(full.body.results_size() == 10'000);
  CHECK(client.balance("a") == 10'000);
}

TEST_CASE("An account begins at 0 or above, not below its floor, with 16 KiB of metadata") {
  RunningLedger ledger;
  auto& client = ledger.client;
  CHECK(told(client.create_account("a", -1)) ==
        invalid("INITIAL_BALANCE_NEGATIVE", "initial_balance"));
  CHECK(told(client.create_account("a", 10, 11)) == invalid("FLOOR_ABOVE_BALANCE", "floor"));
  CHECK(told(client.create_account("a", 0, 1)) == invalid("FLOOR_ABOVE_BALANCE", "floor"));
  const auto with_metadata = [&](const std::string& id, std::size_t size) {
    wire::CreateAccountRequest request;
    request.set_account_id(id);
    (*request.mutable_metadata())["key"] = bytes(size - 3);
    return client.ask(&LedgerStub::CreateAccount, request);
  };
  CHECK(told(with_metadata("a", 16 * 1024 + 1)) == invalid("METADATA_TOO_LARGE", "metadata"));
  CHECK(told(client.account("a")) == "NOT_FOUND ACCOUNT_NOT_FOUND account_id=a");
  CHECK(told(with_metadata("a", 16 * 1024)) == "OK");
  CHECK(client.account("a").body.metadata().at("key") == bytes(16 * 1024 - 3));
  CHECK(told(client.create_account("at floor", 10, 10)) == "OK");
}

TEST_CASE("A role and an account type are among those that exist, and the refusal lists them") {
  RunningLedger ledger;
  auto& client = ledger.client;
  const std::string roles =
      "ACCESS_PROVIDER, BANKING_PARTNER, ECOSYSTEM_PARTNER, SUPPLIER, EQUIPMENT_PROVIDER";
  const auto none = client.create_participant("p", wire::PARTICIPANT_ROLE_UNSPECIFIED);
  CHECK(told(none) == invalid("ROLE_UNSPECIFIED", "role"));
  CHECK_THAT(none.status.error_message(), Catch::Contains(roles));
  for (const int number : {6, -1, 99}) {
    const auto unknown = client.create_participant("p", static_cast<wire::ParticipantRole>(number));
    CHECK(told(unknown) == invalid("ENUM_VALUE_UNKNOWN", "role"));
    CHECK_THAT(unknown.status.error_message(), Catch::Contains(roles));
    wire::ListParticipantsRequest list;
    list.set_role(static_cast<wire::ParticipantRole>(number));
    CHECK(told(client.ask(&ParticipantStub::ListParticipants, list)) ==
          invalid_read("ENUM_VALUE_UNKNOWN", "role"));
  }
  REQUIRE(told(client.create_participant("p")) == "OK");
  const auto type = client.create_account_of("p", static_cast<wire::AccountType>(8));
  CHECK(told(type) == invalid("ENUM_VALUE_UNKNOWN", "account_type"));
  CHECK_THAT(type.status.error_message(), Catch::Contains("RECEIVABLES, PAYABLES, ESCROW, FEES"));
}

TEST_CASE("A participant has at most 1 KiB of name and 16 KiB of metadata") {
  RunningLedger ledger;
  auto& client = ledger.client;
  wire::CreateParticipantRequest request;
  request.set_id("p");
  request.set_role(wire::SUPPLIER);
  request.set_name(bytes(1025));
  CHECK(told(client.ask(&ParticipantStub::CreateParticipant, request)) ==
        invalid("NAME_TOO_LONG", "name"));
  request.set_name(bytes(1024));
  (*request.mutable_metadata())["key"] = bytes(16 * 1024);
  CHECK(told(client.ask(&ParticipantStub::CreateParticipant, request)) ==
        invalid("METADATA_TOO_LARGE", "metadata"));
  (*request.mutable_metadata())["key"] = bytes(16 * 1024 - 3);
  CHECK(told(client.ask(&ParticipantStub::CreateParticipant, request)) == "OK");
}

TEST_CASE("A limit is from 0 to 1,000 in each listing") {
  RunningLedger ledger;
  auto& client = ledger.client;
  const auto limited = [&](std::int32_t limit) {
    wire::ListParticipantsRequest participants;
    participants.set_limit(limit);
    wire::ListAccountsRequest accounts;
    accounts.set_limit(limit);
    return std::vector{told(client.transactions({}, limit)),
                       told(client.ask(&ParticipantStub::ListParticipants, participants)),
                       told(client.ask(&AdminStub::ListAccounts, accounts))};
  };
  const std::vector<std::string> refused(3, invalid_read("LIMIT_OUT_OF_RANGE", "limit"));
  const std::vector<std::string> accepted(3, "OK");
  CHECK(limited(-1) == refused);
  CHECK(limited(1001) == refused);
  CHECK(limited(1000) == accepted);
  CHECK(limited(0) == accepted);
}

TEST_CASE("page_bytes is from 0 to 16 MiB in each listing") {
  RunningLedger ledger;
  auto& client = ledger.client;
  REQUIRE(told(client.create_participant("p")) == "OK");
  const auto paged = [&](std::int32_t page_bytes) {
    wire::ListParticipantsRequest participants;
    participants.set_page_bytes(page_bytes);
    wire::ListAccountsRequest accounts;
    accounts.set_page_bytes(page_bytes);
    wire::ListTransactionsRequest transactions;
    transactions.set_page_bytes(page_bytes);
    wire::GetParticipantAccountsRequest of_participant;
    of_participant.set_participant_id("p");
    of_participant.set_page_bytes(page_bytes);
    return std::vector{told(client.ask(&ParticipantStub::ListParticipants, participants)),
                       told(client.ask(&AdminStub::ListAccounts, accounts)),
                       told(client.ask(&LedgerStub::ListTransactions, transactions)),
                       told(client.ask(&ParticipantStub::GetParticipantAccounts, of_participant))};
  };
  const std::vector<std::string> refused(4, invalid_read("PAGE_BYTES_OUT_OF_RANGE", "page_bytes"));
  const std::vector<std::string> accepted(4, "OK");
  CHECK(paged(-1) == refused);
  CHECK(paged((16 << 20) + 1) == refused);
  CHECK(paged(16 << 20) == accepted);
  CHECK(paged(1) == accepted);
  CHECK(paged(0) == accepted);
}

TEST_CASE("A page token of a participant's accounts is good for no other participant") {
  RunningLedger ledger;
  auto& client = ledger.client;
  for (const char* id : {"p", "q"}) {
    REQUIRE(told(client.create_participant(id)) == "OK");
    REQUIRE(told(client.create_account_of(id, wire::FEES)) == "OK");
    REQUIRE(told(client.create_account_of(id, wire::USAGE)) == "OK");
  }
  wire::GetParticipantAccountsRequest request;
  request.set_participant_id("p");
  request.set_page_bytes(1);
  const auto first = client.ask(&ParticipantStub::GetParticipantAccounts, request);
  REQUIRE(first.body.accounts_size() == 1);
  REQUIRE_FALSE(first.body.next_page_token().empty());
  request.set_page_token(first.body.next_page_token());
  CHECK(client.ask(&ParticipantStub::GetParticipantAccounts, request).body.accounts(0).id() ==
        "p:usage");
  const auto bad = invalid_read("PAGE_TOKEN_INVALID", "page_token");
  request.set_participant_id("q");
  CHECK(told(client.ask(&ParticipantStub::GetParticipantAccounts, request)) == bad);
  for (const std::string token : {"garbage", "!", "AAAAAAAAAAAA"}) {
    request.set_page_token(token);
    CHECK(told(client.ask(&ParticipantStub::GetParticipantAccounts, request)) == bad);
  }
  wire::ListAccountsRequest accounts;
  accounts.set_page_token(first.body.next_page_token());
  CHECK(told(client.ask(&AdminStub::ListAccounts, accounts)) == bad);
}

TEST_CASE("A page token goes back to the listing that gave it, unchanged") {
  RunningLedger ledger;
  auto& client = ledger.client;
  for (const char* id : {"a", "b"}) {
    REQUIRE(told(client.create_participant(id)) == "OK");
    REQUIRE(told(client.create_account(id)) == "OK");
    REQUIRE(told(client.credit(id, 1)) == "OK");
    REQUIRE(told(client.credit(id, 1)) == "OK");
  }
  wire::ListParticipantsRequest participants;
  participants.set_limit(1);
  wire::ListAccountsRequest accounts;
  accounts.set_limit(1);
  const auto of_participants =
      client.ask(&ParticipantStub::ListParticipants, participants).body.next_page_token();
  const auto of_accounts = client.ask(&AdminStub::ListAccounts, accounts).body.next_page_token();
  const auto of_all = client.transactions({}, 1).body.next_page_token();
  const auto of_a = client.transactions("a", 1).body.next_page_token();
  const auto bad = invalid_read("PAGE_TOKEN_INVALID", "page_token");

  for (const auto& token : {std::string("garbage"), std::string("!"), of_participants, of_accounts,
                            of_a, of_all.substr(1), of_all + "AAAA"}) {
    CAPTURE(token);
    CHECK(told(client.transactions({}, 1, token)) == bad);
  }
  CHECK(told(client.transactions("b", 1, of_a)) == bad);
  CHECK(told(client.transactions("a", 1, of_all)) == bad);
  CHECK(told(client.transactions("a", 1, of_a)) == "OK");
  for (const auto& token : {std::string("garbage"), of_all, of_accounts}) {
    participants.set_page_token(token);
    CHECK(told(client.ask(&ParticipantStub::ListParticipants, participants)) == bad);
  }
  participants.set_page_token(of_participants);
  participants.set_role(wire::SUPPLIER);
  CHECK(told(client.ask(&ParticipantStub::ListParticipants, participants)) == bad);
  for (const auto& token : {std::string("garbage"), of_all, of_participants}) {
    accounts.set_page_token(token);
    CHECK(told(client.ask(&AdminStub::ListAccounts, accounts)) == bad);
  }
}

TEST_CASE("A time range does not end before it begins") {
  RunningLedger ledger;
  const auto range = [&](std::int64_t from, std::int64_t to) {
    wire::ListTransactionsRequest request;
    request.set_from(from);
    request.set_to(to);
    return told(ledger.client.ask(&LedgerStub::ListTransactions, request));
  };
  CHECK(range(10, 9) == invalid_read("TIME_RANGE_INVALID", "to"));
  CHECK(range(10, 10) == "OK");
  CHECK(range(10, 0) == "OK");
}
