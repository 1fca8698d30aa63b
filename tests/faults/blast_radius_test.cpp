// What the crash of one shard costs those who do not touch it, and how long it is away. The figures
// are printed by
//
//   build/release/bin/fault_tests "[figures]"
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "ledger/ids.hpp"
#include "tests/faults/faulty_ledger.hpp"
#include "tests/support/ledger_client.hpp"

using namespace sg::test;

namespace {

constexpr std::size_t kManyRestarts = 100'000;
constexpr std::size_t kShards = 2;
constexpr int kClients = 4;
constexpr int kBatch = 100;

std::vector<std::string> accounts_of(std::size_t shard, std::size_t count) {
  std::vector<std::string> ids;
  for (int i = 0; ids.size() < count; ++i) {
    auto id = "account" + std::to_string(i);
    if (sg::ledger::shard_of(id, kShards) == shard) ids.push_back(std::move(id));
  }
  return ids;
}

// Clients that move money between accounts of shard 0 only.
class Neighbours {
 public:
  explicit Neighbours(int port) : ids_(accounts_of(0, 50)) {
    LedgerClient client(port);
    for (const auto& id : ids_) REQUIRE(told(client.create_account(id, 1'000'000'000)) == "OK");
    for (int c = 0; c < kClients; ++c) threads_.emplace_back([this, port, c] { run(port, c); });
  }
  ~Neighbours() { stop(); }
  void stop() {
    stopping_ = true;
    for (auto& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  std::uint64_t committed() {
    const std::lock_guard lock(mutex_);
    return committed_;
  }
  // Answered in any other way.
  std::uint64_t others() {
    const std::lock_guard lock(mutex_);
    return others_;
  }
  void await(std::uint64_t committed) {
    std::unique_lock lock(mutex_);
    REQUIRE(moved_.wait_for(lock, kPatience, [&] { return committed_ >= committed; }));
  }

 private:
  void run(int port, int number) {
    LedgerClient client(port);
    std::vector<wire::TransferRequest> transfers(kBatch);
    for (std::size_t i = 0; i < transfers.size(); ++i) {
      const auto from = (i + static_cast<std::size_t>(number)) % ids_.size();
      for (const std::size_t at : {from, (from + 7) % ids_.size()}) {
        auto& entry = *transfers[i].add_entries();
        entry.set_account_id(ids_[at]);
        entry.set_amount(at == from ? -1 : 1);
      }
    }
    while (!stopping_) {
      const auto answer = client.batch(transfers);
      std::uint64_t committed = 0;
      for (const auto& result : answer.body.results()) committed += result.has_transaction();
      const std::lock_guard lock(mutex_);
      committed_ += committed;
      others_ += kBatch - committed;
      moved_.notify_all();
    }
  }

  std::vector<std::string> ids_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable moved_;
  std::uint64_t committed_ = 0;
  std::uint64_t others_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace

TEST_CASE("A shard that crashes fails no transfer that does not touch it") {
  FaultyLedger ledger(kManyRestarts);
  Neighbours neighbours(ledger.port());
  for (int crash = 0; crash < 20; ++crash) {
    CHECK(ledger.restart("account_shard/1", crash % 2 == 0 ? Fault::kill : Fault::error) == 1);
  }
  neighbours.stop();
  CHECK(neighbours.committed() > 0);
  CHECK(neighbours.others() == 0);
}

TEST_CASE("Figures: throughput beside a shard that crashes once a second", "[.figures]") {
  FaultyLedger ledger(kManyRestarts);
  Neighbours neighbours(ledger.port());
  // Of three portions, each with a crash at its begin or without.
  const auto rate = [&](std::uint64_t portion, bool crashes) {
    const auto start = std::chrono::steady_clock::now();
    const auto before = neighbours.committed();
    for (std::uint64_t i = 1; i <= 3; ++i) {
      if (crashes) ledger.restart("account_shard/1", Fault::kill);
      neighbours.await(before + i * portion);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return static_cast<double>(neighbours.committed() - before) / took.count();
  };
  // What they commit in a second, so that there is a crash a second.
  const auto second = static_cast<std::uint64_t>(rate(50'000, false));
  for (int round = 0; round < 5; ++round) {
    const auto quiet = rate(second, false);
    const auto crashing = rate(second, true);
    std::printf("beside a crashing shard: %.0f of %.0f transfers/s, %.2f\n", crashing, quiet,
                crashing / quiet);
  }
  neighbours.stop();
  CHECK(neighbours.others() == 0);
}

TEST_CASE("Figures: how long a shard with 100,000 accounts is away", "[.figures]") {
  FaultyLedger ledger(kManyRestarts);
  const auto ids = accounts_of(1, 100'000);
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 32; ++t) {
    threads.emplace_back([&] {
      LedgerClient client(ledger.port());
      for (auto i = next++; i < ids.size(); i = next++) (void)client.create_account(ids[i], 5);
    });
  }
  for (auto& thread : threads) thread.join();
  LedgerClient client(ledger.port());
  for (int crash = 0; crash < 10; ++crash) {
    const auto start = std::chrono::steady_clock::now();
    ledger.restart("account_shard/1", Fault::kill);
    const bool served = client.balance(ids.back()) == 5;
    const auto away = std::chrono::steady_clock::now() - start;
    CHECK(served);
    std::printf("a shard with %zu accounts serves again after %ld ms\n", ids.size(),
                std::chrono::duration_cast<std::chrono::milliseconds>(away).count());
  }
}
