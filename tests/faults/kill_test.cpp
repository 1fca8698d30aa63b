#include <catch2/catch.hpp>

#include "tests/faults/audit.hpp"
#include "tests/faults/faulty_ledger.hpp"
#include "tests/faults/load.hpp"

using namespace sg::test;

namespace {

constexpr int kClients = 8;
constexpr int kRounds = 4;
constexpr std::uint64_t kAnswers = 20;  // of each client, between two faults
constexpr std::size_t kManyRestarts = 1000;

void open_accounts(LedgerClient& client) {
  for (int i = 0; i < kAccounts; ++i) {
    REQUIRE(told(client.create_account(account_name(i), kOpeningBalance)) == "OK");
  }
}

}  // namespace

TEST_CASE("Whichever actor is killed under load, each transfer has its one effect and one answer") {
  FaultyLedger ledger(kManyRestarts);
  LedgerClient client(ledger.port());
  open_accounts(client);
  const auto ids = ledger.ids();
  REQUIRE(ids.size() == 8);
  Load load(ledger.port(), kClients);
  REQUIRE(load.await_progress(kAnswers));
  for (int round = 0; round < kRounds; ++round) {
    for (const auto& id : ids) {
      CAPTURE(round, id);
      ledger.restart(id, round + 1 < kRounds ? Fault::kill : Fault::error);
      REQUIRE(load.await_progress(kAnswers));
    }
  }
  const auto outcomes = load.finish();
  INFO("first of " << outcomes.complaints.size() << ": "
                   << (outcomes.complaints.empty() ? "" : outcomes.complaints.front()));
  CHECK(outcomes.complaints.empty());
  CHECK(outcomes.retries > 0);
  CHECK_FALSE(outcomes.refused.empty());
  WARN(outcomes.committed.size() << " committed, " << outcomes.refused.size() << " refused, "
                                 << outcomes.retries << " retries");

  LedgerClient auditor(ledger.port());
  audit(auditor, outcomes);
  const auto store = ledger.stop_and_reopen();
  audit(*store, outcomes);
}
