#include <catch2/catch.hpp>

#include "cli/import/import_run.hpp"
#include "fake_ledger.hpp"

using namespace sg::cli;
using namespace std::chrono_literals;
using testing::FakeLedger;

namespace {

ImportPlan plan_of(const std::string& text) {
  auto plan = parse_import(text);
  REQUIRE(plan);
  return std::move(*plan);
}

ImportReport import_into(const FakeLedger& ledger, const ImportPlan& plan) {
  const auto connection = Connection::open(ledger.address(), {}, 10s);
  REQUIRE(connection);
  REQUIRE((*connection)->connect().ok());
  return run_import(**connection, plan, [](std::size_t, std::size_t) {});
}

const std::string kSmall =
    "participants:\n  - {id: p, name: P, role: supplier, accounts: [{type: fees, balance: 5}]}\n"
    "accounts:\n  - {id: alice, balance: 1000, floor: -5}\n";

}  // namespace

TEST_CASE("an import creates everything once, and finds it there the second time") {
  FakeLedger ledger;
  const ImportPlan plan = plan_of(kSmall);
  const auto first = import_into(ledger, plan);
  CHECK(first.participants.created == 1);
  CHECK(first.accounts.created == 2);
  CHECK(first.failures.empty());
  CHECK(ledger.state().accounts["alice"].balance() == 1000);
  CHECK(ledger.state().accounts["p:fees"].participant_id() == "p");

  const auto second = import_into(ledger, plan);
  CHECK(second.participants.already_there == 1);
  CHECK(second.accounts.already_there == 2);
  CHECK(second.accounts.created == 0);
  CHECK(second.differences.empty());
}

TEST_CASE("what is there but differs from the file is named") {
  FakeLedger ledger;
  import_into(ledger, plan_of(kSmall));
  ledger.state().accounts["alice"].set_balance(3);  // postings since then are no difference
  const auto report = import_into(
      ledger,
      plan_of("participants:\n  - {id: p, name: Q, role: banking_partner, metadata: {a: b}}\n"
              "accounts:\n  - {id: alice, balance: 1000, floor: 0}\n"));
  CHECK(report.differences == std::vector<std::string>{
                                  "participant p: name is P, the file says Q",
                                  "participant p: role is SUPPLIER, the file says BANKING_PARTNER",
                                  "participant p: metadata differs",
                                  "account alice: floor is -5, the file says 0",
                              });
}

TEST_CASE("a standalone account in the place of a participant's one differs in owner and type") {
  FakeLedger ledger;
  import_into(ledger, plan_of("accounts:\n  - {id: p:fees, balance: 5}\n"));
  const auto report = import_into(ledger, plan_of(kSmall));
  CHECK(report.differences == std::vector<std::string>{
                                  "account p:fees: participant is , the file says p",
                                  "account p:fees: type is STANDALONE, the file says FEES",
                              });
}

TEST_CASE("a lost connection ends the import and counts what was left out") {
  FakeLedger ledger;
  std::string text = "accounts:\n  - id: cut\n";
  constexpr int kMany = 2000;
  for (int i = 0; i < kMany; ++i) text += "  - id: a" + std::to_string(i) + "\n";
  const auto report = import_into(ledger, plan_of(text));
  CHECK(report.connection_lost);
  CHECK(report.accounts.failed == 1);
  CHECK(report.accounts.not_tried > 0);
  CHECK(report.accounts.created + report.accounts.not_tried == kMany);
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].subject == "account cut");
}

TEST_CASE("thousands of accounts are created by many calls at a time") {
  FakeLedger ledger;
  std::string text = "accounts:\n";
  constexpr int kMany = 3000;
  for (int i = 0; i < kMany; ++i) {
    text += "  - {id: a" + std::to_string(i) + ", balance: " + std::to_string(i) + "}\n";
  }
  const auto report = import_into(ledger, plan_of(text));
  CHECK(report.accounts.created == kMany);
  CHECK(ledger.state().accounts["a2999"].balance() == 2999);
}
