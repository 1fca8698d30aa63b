#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include "supervisor/errors.hpp"
#include "tests/faults/faulty_ledger.hpp"
#include "tests/support/ledger_client.hpp"

using namespace sg::test;

TEST_CASE("More crashes than the intensity end the root, after all of its children") {
  constexpr std::size_t kIntensity = 2;
  FaultyLedger ledger(kIntensity);
  LedgerClient client(ledger.port());
  REQUIRE(told(client.create_account("alice", 100)) == "OK");
  std::vector<caf::actor> children;
  for (const auto& id : ledger.ids()) children.push_back(ledger.handle(id));
  for (std::size_t i = 0; i < kIntensity; ++i) ledger.restart("coordinator", Fault::kill);
  children.push_back(ledger.handle("coordinator"));
  ledger.fail("coordinator", Fault::kill);
  CHECK(ledger.await_end() == sg::supervisor::Errc::shutdown);
  for (const auto& child : children) {
    const auto* state = caf::actor_cast<caf::abstract_actor*>(child);
    CHECK(dynamic_cast<const caf::monitorable_actor*>(state)->getf(
        caf::abstract_actor::is_terminated_flag));
  }
  CHECK(client.account("alice").status.error_code() == grpc::StatusCode::UNAVAILABLE);
  children.clear();
  const auto store = ledger.stop_and_reopen();
  CHECK(store->head().accounts == 1);
}

TEST_CASE("A shard that crashes too often ends the shards' supervisor, which the root restarts") {
  constexpr std::size_t kIntensity = 2;
  FaultyLedger ledger(kIntensity);
  LedgerClient client(ledger.port());
  for (std::size_t i = 0; i < kIntensity; ++i) ledger.restart("account_shard/1", Fault::kill);
  const auto shards = ledger.handle("shards");
  ledger.await_restart("shards", [&] { ledger.fail("account_shard/1", Fault::kill); });
  CHECK(ledger.handle("shards") != shards);
  CHECK(told(client.create_account("alice", 100)) == "OK");
  CHECK(told(client.create_account("bob", 100)) == "OK");
  CHECK(told(client.transfer({{"alice", -100}, {"bob", 100}})) == "OK");
  CHECK(client.balance("bob") == 200);
}
