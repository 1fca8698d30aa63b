// Measures how a group is encoded into blocks, with hashes and checksums, and how a key is hashed.
#include <benchmark/benchmark.h>

#include "bench/micro/transfers.hpp"
#include "persistence/chain/group.hpp"
#include "persistence/chain/group_contents.hpp"

namespace {

using namespace sg;

void encode_group(benchmark::State& state) {
  const std::vector<persistence::Posting> postings{{17, -12'345}, {4711, 12'345}};
  const persistence::TransferRecord record{
      ledger::TransferKind::transfer, postings, "invoice-12345", {}, 0};
  auto buffers = std::make_unique<persistence::GroupContents>();
  std::size_t bytes = 0;
  for (auto _ : state) {
    persistence::Group group({}, 1, 1, std::move(buffers));
    for (int i = 0; i < 8000; ++i) {
      group.add(record);
      group.end_unit();
    }
    // The next group uses the same buffers, as in the store.
    buffers = std::move(group).finish();
    bytes += buffers->writer.buffer().size();
  }
  state.SetItemsProcessed(state.iterations() * 8000);
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(encode_group);

void stamp_key(benchmark::State& state) {
  const auto accounts = bench::account_ids(100);
  const bench::Transfers transfers(accounts, 1, true);
  const auto& transfer = transfers.transfers().front();
  for (auto _ : state) benchmark::DoNotOptimize(persistence::key_hash(transfer.idempotency_key));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(stamp_key);

}  // namespace
