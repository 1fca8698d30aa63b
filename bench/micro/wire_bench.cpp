// Measures a batch on the wire: requests read by our own parser, and answers written by our own
// writer. The parser that protobuf generates is measured for comparison.
#include <benchmark/benchmark.h>
#include <google/protobuf/arena.h>

#include "bench/micro/transfers.hpp"
#include "proto/ledger.pb.h"
#include "proto/transfer_reader.hpp"
#include "proto/transfer_writer.hpp"

namespace {

using namespace sg;
namespace wire = scalegraph::ledger;

constexpr std::size_t kTransfers = 8000;

// A TransferBatchRequest, as a client would send it.
std::string request_bytes() {
  const auto accounts = bench::account_ids(10'000);
  const bench::Transfers transfers(accounts, kTransfers);
  wire::TransferBatchRequest request;
  for (const auto& transfer : transfers.transfers()) {
    auto& added = *request.add_transfers();
    for (const auto& entry : transfer.entries) {
      auto& wanted = *added.add_entries();
      wanted.set_account_id(std::string(entry.account_id));
      wanted.set_amount(entry.amount);
    }
  }
  return request.SerializeAsString();
}

void read_batch(benchmark::State& state) {
  const auto bytes = request_bytes();
  for (auto _ : state) {
    proto::TransferList list;
    benchmark::DoNotOptimize(proto::read_batch(bytes, list));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kTransfers));
}
BENCHMARK(read_batch);

void read_batch_generated(benchmark::State& state) {
  const auto bytes = request_bytes();
  for (auto _ : state) {
    google::protobuf::Arena arena;
    auto& request = *google::protobuf::Arena::CreateMessage<wire::TransferBatchRequest>(&arena);
    benchmark::DoNotOptimize(request.ParseFromString(bytes));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kTransfers));
}
BENCHMARK(read_batch_generated);

// Every item was committed.
void write_results(benchmark::State& state) {
  const auto accounts = bench::account_ids(10'000);
  bench::Transfers transfers(accounts, kTransfers);
  ledger::Sequence sequence = 0;
  for (auto& result : transfers.results) {
    result.state = ledger::ItemResult::State::committed;
    result.sequence = ++sequence;
    result.time = 1'700'000'000'000;
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(proto::write_results(transfers.transfers(), transfers.results));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kTransfers));
}
BENCHMARK(write_results);

}  // namespace
