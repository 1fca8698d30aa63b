// Measures what the coordinator and the shards compute for a batch of two-party transfers: grouping
// by shard, votes and decisions. There are no messages, no journal and no disk.
#include <benchmark/benchmark.h>

#include "bench/micro/transfers.hpp"
#include "ledger/flow/transfer_flow.hpp"
#include "ledger/locks/shard_ledger.hpp"

namespace {

using namespace sg;
using ledger::TransferFlow;

// A store in which no idempotency key is bound.
class NoKeys final : public ledger::KeySource {
 public:
  ledger::Sequence durable() const override { return 0; }
  ledger::Result<std::vector<ledger::BoundTransfer>> find(
      std::span<const ledger::Transfer* const>) override {
    return std::vector<ledger::BoundTransfer>{};
  }
  ledger::Result<std::vector<ledger::BoundReference>> find_references(
      std::span<const ledger::Transfer* const>) override {
    return std::vector<ledger::BoundReference>{};
  }
  std::vector<ledger::Result<std::optional<ledger::Original>>> originals(
      std::span<const ledger::TransactionPlace> places, std::size_t) override {
    return {places.size(), std::optional<ledger::Original>{}};
  }
};

// Forming the lock batch alone, for two shards.
void group_by_shard(benchmark::State& state) {
  const auto ids = bench::account_ids(10'000);
  bench::Transfers transfers(ids, 8000);
  for (auto _ : state) {
    ledger::LockBatch batch;
    batch.parts.resize(2);
    reserve(batch, transfers);
    for (std::uint32_t i = 0; i < transfers.transfers().size(); ++i) {
      add_unit(batch, transfers, i, 1);
    }
    benchmark::DoNotOptimize(batch);
  }
  state.SetItemsProcessed(state.iterations() * 8000);
}
BENCHMARK(group_by_shard);

// A batch from its submission until it is durable. The argument is the number of accounts: with
// many, look-ups miss the cache. One thread does the work of all actors in turn.
void lock_and_decide(benchmark::State& state) {
  constexpr std::uint32_t kShards = 2;
  const auto ids = bench::account_ids(static_cast<std::size_t>(state.range(0)));
  std::vector<ledger::ShardLedger> shards;
  for (std::uint32_t i = 0; i < kShards; ++i) {
    shards.emplace_back(i, 1, 0);
    for (std::uint32_t n = 0; n < ids.size(); ++n) {
      if (ledger::shard_of(ids[n], kShards) == i) {
        shards[i].load_account(ids[n], n, 1'000'000'000, ledger::Policy());
      }
    }
  }
  NoKeys keys;
  TransferFlow flow({kShards, 1, std::chrono::seconds(5)}, keys, 0);
  ledger::Sequence last = 0;
  std::vector<ledger::LateVote> late;
  for (auto _ : state) {
    state.PauseTiming();
    auto submission = std::make_shared<bench::Transfers>(ids, 8000);
    state.ResumeTiming();
    flow.submit(submission);
    TransferFlow::Effects effects;
    flow.advance({}, effects);
    // Balances are large, so every vote is granted at once.
    for (std::uint32_t i = 0; i < kShards; ++i) {
      shards[i].lock(effects.lock, late);
      flow.voted(*effects.lock, i, {}, effects);
    }
    // The journal's part: each unit gets its sequence, and the group is called durable.
    const auto& units = effects.commit.front();
    for (const auto unit : units.units) units.batch->set_sequence(unit, ++last);
    for (auto& shard : shards) shard.apply(*units.batch, units.units, last, late);
    flow.durable(last, std::vector{ledger::CommittedUnits{units, 1}});
  }
  state.SetItemsProcessed(state.iterations() * 8000);
}
BENCHMARK(lock_and_decide)->Arg(10'000)->Arg(1'000'000);

}  // namespace
