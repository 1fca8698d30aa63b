// Measures the escrow locks: requests that are granted and committed, and one that has to wait.
#include <benchmark/benchmark.h>

#include <random>

#include "ledger/locks/lock_table.hpp"

namespace {

using namespace sg::ledger;

constexpr Amount kBalance = 1'000'000'000;

// Credits of random accounts. The argument is the number of accounts; with one, all requests meet
// at the same account, like those of a fee account.
void grant_and_commit(benchmark::State& state) {
  LockTable table;
  const auto accounts = static_cast<std::uint32_t>(state.range(0));
  for (std::uint32_t i = 0; i < accounts; ++i) table.add_existing(i, kBalance, Policy());
  std::mt19937 random(1);
  std::vector<Slot> slots(8192);
  for (auto& slot : slots) slot = random() % accounts;
  std::vector<DecidedWaiter> decided;
  std::uint32_t waiter = kNone;
  for (auto _ : state) {
    for (const auto slot : slots) table.request(slot, LockMode::escrow, 1, {}, waiter);
    for (const auto slot : slots) table.commit(slot, 1, decided);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(slots.size()));
}
BENCHMARK(grant_and_commit)->Arg(1)->Arg(10'000)->Arg(1'000'000);

// The balance of 1 covers one of two debits, so the second waits until the first is aborted.
void wait_and_be_granted(benchmark::State& state) {
  LockTable table;
  const auto slot = table.add_existing(0, 1, Policy());
  std::vector<DecidedWaiter> decided;
  std::uint32_t waiter = kNone;
  for (auto _ : state) {
    table.request(slot, LockMode::escrow, -1, {}, waiter);
    table.request(slot, LockMode::escrow, -1, {}, waiter);
    table.abort(slot, -1, decided);  // lets the second in
    table.abort(slot, -1, decided);
    decided.clear();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(wait_and_be_granted);

}  // namespace
