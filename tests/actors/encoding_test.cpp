// Requests that no stub would send: text that is not UTF-8, and bytes that are no message at all.
#include <catch2/catch.hpp>

#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

namespace {

// Stands in a request's text for two bytes that are no UTF-8.
constexpr const char* kWrong = "<>";

std::string wrong_bytes_of(const google::protobuf::Message& message) {
  auto bytes = message.SerializeAsString();
  const auto at = bytes.find(kWrong);
  REQUIRE(at != std::string::npos);
  return bytes.replace(at, 2, "\xC3\x28");
}

std::string ledger_path(const char* method) {
  return std::string("/scalegraph.ledger.LedgerService/") + method;
}
std::string participant_path(const char* method) {
  return std::string("/scalegraph.ledger.ParticipantService/") + method;
}

}  // namespace

TEST_CASE("Text that is not UTF-8 is refused with the path of its field") {
  RunningLedger ledger;
  REQUIRE(told(ledger.client.create_account("a", 100)) == "OK");
  const auto refusal = [&](const std::string& path, const google::protobuf::Message& message) {
    return told(ledger.client.send_raw(path, wrong_bytes_of(message)));
  };
  const auto not_utf8 = [](const std::string& field) {
    return "INVALID_ARGUMENT NOT_UTF8 field=" + field + " outcome=none";
  };

  SECTION("of a transfer") {
    const auto path = ledger_path("Transfer");
    CHECK(refusal(path, transfer_of({{"a", 1}, {"<>", 1}})) == not_utf8("entries[1].account_id"));
    CHECK(refusal(path, transfer_of({{"a", 1}}, "key <>")) == not_utf8("idempotency_key"));
    CHECK(refusal(path, transfer_of({{"a", 1}}, "", "<>")) == not_utf8("reference"));
  }
  SECTION("of a batch, which is refused as a whole") {
    const auto batch = batch_of({transfer_of({{"a", 1}}), transfer_of({{"<>", 1}})});
    CHECK(refusal(ledger_path("TransferBatch"), batch) ==
          not_utf8("transfers[1].entries[0].account_id"));
  }
  SECTION("of a credit and a debit") {
    wire::CreditRequest credit;
    credit.set_account_id("a<>");
    credit.set_amount(1);
    CHECK(refusal(ledger_path("Credit"), credit) == not_utf8("account_id"));
    wire::DebitRequest debit;
    debit.set_account_id("a");
    debit.set_amount(1);
    debit.set_reference("<>");
    CHECK(refusal(ledger_path("Debit"), debit) == not_utf8("reference"));
  }
  SECTION("of a participant and an account") {
    wire::CreateParticipantRequest participant;
    participant.set_id("p");
    participant.set_name("<>");
    participant.set_role(wire::SUPPLIER);
    CHECK(refusal(participant_path("CreateParticipant"), participant) == not_utf8("name"));
    wire::CreateAccountRequest account;
    account.set_account_id("b");
    (*account.mutable_metadata())["key"] = "<>";
    CHECK(refusal(ledger_path("CreateAccount"), account) == not_utf8("metadata[0].value"));
    account.mutable_metadata()->clear();
    (*account.mutable_metadata())["<>"] = "value";
    CHECK(refusal(ledger_path("CreateAccount"), account) == not_utf8("metadata[0].key"));
  }
  SECTION("of a read, which has no outcome") {
    wire::GetBalanceRequest balance;
    balance.set_account_id("<>");
    CHECK(refusal(ledger_path("GetBalance"), balance) ==
          "INVALID_ARGUMENT NOT_UTF8 field=account_id");
  }
  CHECK(ledger.client.balance("a") == 100);
}

TEST_CASE("Bytes that are no message are refused as malformed, and the server lives on") {
  RunningLedger ledger;
  const std::string garbage("\xFF\xFF\xFF", 3);
  CHECK(told(ledger.client.send_raw(ledger_path("Transfer"), garbage)) ==
        "INVALID_ARGUMENT MALFORMED_REQUEST outcome=none");
  CHECK(told(ledger.client.send_raw(ledger_path("GetAccount"), garbage)) ==
        "INVALID_ARGUMENT MALFORMED_REQUEST");
  // Cut in the middle of an entry.
  const auto whole = transfer_of({{"a", 1}}).SerializeAsString();
  CHECK(told(ledger.client.send_raw(ledger_path("Transfer"), whole.substr(0, 3))) ==
        "INVALID_ARGUMENT MALFORMED_REQUEST outcome=none");
  CHECK(told(ledger.client.create_account("a")) == "OK");
}

TEST_CASE("Fields that this version does not know are skipped") {
  RunningLedger ledger;
  REQUIRE(told(ledger.client.create_account("a", 100)) == "OK");
  wire::GetBalanceRequest request;
  request.set_account_id("a");
  // Field 100, a varint.
  const auto bytes = request.SerializeAsString() + std::string("\xA0\x06\x01", 3);
  CHECK(told(ledger.client.send_raw(ledger_path("GetBalance"), bytes)) == "OK");
}

TEST_CASE("A method that does not exist is unimplemented") {
  RunningLedger ledger;
  CHECK(told(ledger.client.send_raw(ledger_path("Confiscate"), "")) ==
        "UNIMPLEMENTED (without details)");
}
