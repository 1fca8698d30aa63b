// Pages of accounts: each shows its balances at one moment.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

TEST_CASE("A page of accounts shows one moment, though its accounts live on several shards") {
  RunningLedger ledger;
  auto& client = ledger.client;
  std::vector<std::string> ids;
  for (std::size_t shard = 0; shard < 3; ++shard) {
    ids.push_back(on_shard("a" + std::to_string(shard), shard));
    REQUIRE(told(client.create_account(ids.back(), 1'000)) == "OK");
  }
  std::atomic<bool> ends{false};
  std::atomic<int> written{0};
  std::jthread writer([&] {
    for (std::size_t i = 0; !ends; ++i) {
      // Never refused: it goes round.
      REQUIRE(told(client.transfer({{ids[i % 3], -7}, {ids[(i + 1) % 3], 7}})) == "OK");
      ++written;
    }
  });
  int pages = 0;
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while ((pages < 200 || written < 200) && std::chrono::steady_clock::now() < give_up) {
    const auto page = client.ask(&AdminStub::ListAccounts, wire::ListAccountsRequest());
    REQUIRE(told(page) == "OK");
    REQUIRE(page.body.accounts_size() == 3);
    std::int64_t sum = 0;
    for (const auto& account : page.body.accounts()) sum += account.balance();
    CHECK(sum == 3'000);
    ++pages;
  }
  ends = true;
  CHECK(written >= 200);
}

TEST_CASE("A client that lists accounts sees its own writes") {
  RunningLedger ledger;
  auto& client = ledger.client;
  for (int i = 1; i <= 30; ++i) {
    const auto id = "a" + std::to_string(i);
    REQUIRE(told(client.create_account(id, i)) == "OK");
    REQUIRE(told(client.credit(id, 1)) == "OK");
    wire::ListAccountsRequest request;
    const auto page = client.ask(&AdminStub::ListAccounts, request);
    REQUIRE(page.body.accounts_size() == i);
    std::int64_t sum = 0;
    for (const auto& account : page.body.accounts()) sum += account.balance();
    CHECK(sum == i * (i + 1) / 2 + i);
  }
}
