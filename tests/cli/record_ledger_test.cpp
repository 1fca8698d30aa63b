// Exports from ledgers and imports into them: newer ones, older ones, and those that refuse.
#include <iostream>
#include <sstream>

#include "cli/records/imported_records.hpp"
#include "cli/records/retries.hpp"
#include "ctl.hpp"
#include "tests/export/exporting_ledger.hpp"

using namespace sg::cli;
namespace wire = scalegraph::ledger;

TEST_CASE("Nothing of a newer ledger is lost: what is not known ends the export") {
  testing::ExportingLedger ledger;
  const auto exported = [&ledger] {
    return testing::scalegraphctl({"--server", ledger.address(), "export"});
  };
  CHECK(exported().exit_code == 0);
  const auto name = GENERATE(std::string("the message"), "the record", "the account",
                             "a type of account", "a kind of record", "the transaction");
  CAPTURE(name);
  auto& record = *ledger.response.mutable_records(0);
  if (name == "the message") testing::add_unknown(ledger.response);
  if (name == "the record") testing::add_unknown(record);
  if (name == "the account") testing::add_unknown(*record.mutable_account());
  if (name == "a type of account") {
    record.mutable_account()->set_account_type(static_cast<wire::AccountType>(99));
  }
  if (name == "a kind of record") record.clear_record();
  if (name == "the transaction") {
    record.mutable_transaction()->set_type("credit");
    testing::add_unknown(*record.mutable_transaction());
  }
  const auto printed = exported();
  CHECK(printed.exit_code == 1);
  CHECK_THAT(printed.err, Catch::Contains("RECORD_UNKNOWN"));
  CHECK(printed.out.empty());
}

TEST_CASE("A ledger that has much to do is asked again") {
  testing::ExportingLedger ledger;
  ledger.refusals = 3;
  const auto printed = testing::scalegraphctl({"--server", ledger.address(), "export"});
  CHECK(printed.exit_code == 0);
  CHECK_THAT(printed.out, Catch::Contains("alice"));
  CHECK(ledger.refusals == 0);
}

TEST_CASE("A ledger that cannot work now is told as one that is away") {
  testing::ExportingLedger ledger;
  ledger.refusals = 1;
  ledger.reason = "NODE_UNAVAILABLE";
  ledger.code = grpc::StatusCode::UNAVAILABLE;
  CHECK(testing::scalegraphctl({"--server", ledger.address(), "export"}).exit_code == 3);
}

TEST_CASE("An import tells when each transaction took effect, and all that was said of it") {
  testing::ExportingLedger ledger;
  const std::string start = R"({"time":"5","kind":"transfer","id":"T",)";
  const std::string entries =
      R"("entries":[{"account":"a","amount":1},{"account":"b","amount":-1}])";
  std::istringstream file(
      R"({"format":"scalegraph-export","version":1,"ledger":"01","from_sequence":1,"after":0})"
      "\n" +
      start + R"("sequence":1,)" + entries + "}\n" + start +
      R"("sequence":2,"effective_at":-7,"balanced":true,"metadata":{"k":"v"},)" + entries + "}\n" +
      R"({"kind":"end","sequence":2})"
      "\n");
  const auto import = [&] {
    auto* const before = std::cin.rdbuf(file.rdbuf());
    const auto printed = testing::scalegraphctl({"--server", ledger.address(), "import", "-"});
    std::cin.rdbuf(before);
    return printed;
  };
  SECTION("what is sent") {
    CHECK(import().exit_code == 0);
    const auto& sent = ledger.imports.request.transactions();
    REQUIRE(sent.size() == 2);
    CHECK((sent[0].effective_at() == 5 && !sent[0].balanced() && sent[0].metadata().empty()));
    CHECK((sent[1].effective_at() == -7 && sent[1].balanced()));
    CHECK(sent[1].metadata().at("k") == "v");
  }
  SECTION("a ledger that is not upgraded yet is one that cannot work on it now") {
    const auto [code, reason] = GENERATE(table<grpc::StatusCode, std::string>(
        {{grpc::StatusCode::UNAVAILABLE, "CLUSTER_UPGRADING"},
         {grpc::StatusCode::INVALID_ARGUMENT, "FIELD_UNKNOWN"}}));
    ledger.imports.refusal.emplace();
    ledger.imports.refusal->set_code(code);
    ledger.imports.refusal->set_reason(reason);
    const auto printed = import();
    CHECK(printed.exit_code == 3);
    CHECK_THAT(printed.err, Catch::Contains(reason) && Catch::Contains("sequences 1 to 2"));
    CHECK_THAT(printed.err, Catch::Contains("the same command goes on"));
  }
}

TEST_CASE("Only what the ledger refuses is the fault of a record") {
  const auto told = [](grpc::StatusCode code, const char* reason) {
    wire::TransferError error;
    error.set_code(code);
    error.set_reason(reason);
    (*error.mutable_metadata())["outcome"] = "none";
    return of_call(explain(error));
  };
  const auto funds = told(grpc::StatusCode::FAILED_PRECONDITION, "INSUFFICIENT_FUNDS");
  CHECK((is_refusal(funds) && funds.exit_code == 1));
  for (const char* reason : {"NODE_UNAVAILABLE", "SHARD_UNAVAILABLE", "JOURNAL_UNAVAILABLE"}) {
    const auto away = told(grpc::StatusCode::UNAVAILABLE, reason);
    CHECK((!is_refusal(away) && away.exit_code == 3));
  }
  auto busy = told(grpc::StatusCode::RESOURCE_EXHAUSTED, "OVERLOADED");
  CHECK((is_overloaded(busy) && !is_refusal(busy) && !is_too_large(busy)));
  busy.metadata["outcome"] = "unknown";
  CHECK_FALSE(is_overloaded(busy));
  const auto full = told(grpc::StatusCode::RESOURCE_EXHAUSTED, "STORAGE_FULL");
  CHECK((!is_overloaded(full) && !is_refusal(full) && !is_too_large(full)));
  const auto large = explain({grpc::StatusCode::RESOURCE_EXHAUSTED, "larger than max"}, {});
  CHECK((is_too_large(large) && !is_overloaded(large) && !is_refusal(large)));
}

TEST_CASE("The key of an imported transaction is made of where it comes from") {
  CHECK(import_key("00ff", 17) == "import:00ff:17");
}
