// One account that everybody pays and is paid by, on a store on disk.
#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <random>
#include <set>
#include <thread>

#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

namespace {

constexpr int kClients = 64;
constexpr int kTransfersEach = 40;
constexpr std::size_t kAccounts = 1'000;
constexpr std::int64_t kMaxAmount = 100;
// Enough for all transfers one after the other, whatever their order.
constexpr std::int64_t kEnough = kClients * kTransfersEach * (kMaxAmount + 1);

class Directory {
 public:
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "actors-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string account(std::size_t i) { return "account" + std::to_string(i); }

// Between the hot account and one or two others.
Entries random_entries(std::mt19937_64& random) {
  const auto amount = std::uniform_int_distribution<std::int64_t>(1, kMaxAmount)(random);
  std::uniform_int_distribution<std::size_t> other(0, kAccounts - 1);
  const auto a = account(other(random));
  const auto b = account(other(random));
  switch (random() % 3) {
    case 0:
      return {{"hot", amount}, {a, -amount}};
    case 1:
      return {{"hot", -amount}, {a, amount}};
    default:
      return {{a, -amount - 1}, {"hot", amount}, {b, 1}};
  }
}

persistence::StoreResult<std::unique_ptr<persistence::Store>> open(const Directory& directory) {
  return persistence::open_store(directory.path() / "store", {});
}

}  // namespace

TEST_CASE("64 clients on one hot account and 1,000 others: nobody fails and all adds up") {
  const Directory directory;
  auto store = open(directory);
  REQUIRE(store.has_value());
  RunningLedger ledger(ledger_settings(), std::move(*store));
  auto& client = ledger.client;
  REQUIRE(told(client.create_account("hot", kEnough)) == "OK");
  std::atomic<int> failed{0};
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 16; ++t) {
      threads.emplace_back([&, t] {
        for (auto i = t; i < kAccounts; i += 16) {
          failed += client.create_account(account(i), kEnough).ok() ? 0 : 1;
        }
      });
    }
  }
  REQUIRE(failed == 0);

  std::vector<std::string> refusals(kClients);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < kClients; ++t) {
      threads.emplace_back([&, t] {
        // Half of them on connections of their own.
        LedgerClient own(ledger.tree.port());
        auto& mine = t % 2 == 0 ? own : client;
        std::mt19937_64 random(t);
        for (int i = 0; i < kTransfersEach; ++i) {
          const auto answer = mine.transfer(random_entries(random));
          if (!answer.ok()) refusals[t] = told(answer);
        }
      });
    }
  }
  CHECK(refusals == std::vector<std::string>(kClients));

  const auto sheet = client.ask(&AdminStub::GetBalanceSheet, wire::GetBalanceSheetRequest());
  REQUIRE(sheet.ok());
  const auto expected = std::to_string(kEnough * static_cast<std::int64_t>(kAccounts + 1));
  CHECK(sheet.body.total() == expected);
  CHECK(sheet.body.sum_of_postings() == expected);
  CHECK(sheet.body.transactions() == kClients * kTransfersEach);

  std::set<std::string> ids;
  std::int64_t history = kEnough;
  for (const auto& transaction : client.all_transactions("hot", 1000)) {
    ids.insert(transaction.id());
    for (const auto& entry : transaction.entries()) {
      if (entry.account_id() == "hot") history += entry.amount();
    }
  }
  CHECK(ids.size() == kClients * kTransfersEach);
  CHECK(client.balance("hot") == history);

  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  const auto reader = client.stub<AdminStub>().Verify(&context, wire::VerifyRequest());
  wire::VerifyResponse report;
  while (reader->Read(&report)) {
  }
  CHECK(reader->Finish().ok());
  CHECK(report.done());
  CHECK(report.problems().empty());
  CHECK(report.sum_of_balances() == expected);
  CHECK(ledger.tree.stop());
}

TEST_CASE("64 clients who empty one account take exactly what is there") {
  RunningLedger ledger;
  constexpr std::int64_t kThere = 1'000;
  REQUIRE(told(ledger.client.create_account("hot", kThere)) == "OK");
  REQUIRE(told(ledger.client.create_account("sink")) == "OK");
  std::atomic<std::int64_t> taken{0};
  std::atomic<int> otherwise{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kClients; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 25; ++i) {
          const auto answer = ledger.client.transfer({{"hot", -1}, {"sink", 1}});
          if (answer.ok()) {
            ++taken;
          } else if (answer.status.error_code() != grpc::StatusCode::FAILED_PRECONDITION) {
            ++otherwise;
          }
        }
      });
    }
  }
  CHECK(taken == kThere);
  CHECK(otherwise == 0);
  CHECK(ledger.client.balance("hot") == 0);
  CHECK(ledger.client.balance("sink") == kThere);
}

TEST_CASE("A store that a server has is refused to another one") {
  const Directory directory;
  auto store = open(directory);
  REQUIRE(store.has_value());
  RunningLedger ledger(ledger_settings(), std::move(*store));
  REQUIRE(told(ledger.client.create_account("a", 1)) == "OK");
  const auto second = open(directory);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().fault == persistence::StoreFault::locked);
  CHECK_FALSE(second.error().message.empty());
  CHECK(told(ledger.client.debit("a", 1)) == "OK");
}
