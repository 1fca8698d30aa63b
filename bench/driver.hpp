// Drives load against a server. One thread and one completion queue do all of it, so that the
// client takes as little as it can of a machine that it shares with the server.
//
//   if (const auto error = create_accounts(channel, options); !error.empty()) ...
//   const Outcome outcome = drive(channel, options);
//
// Concurrency. The functions block until they are done.
#pragma once

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/options.hpp"

namespace sg::bench {

// What a run did.
struct Outcome {
  std::uint64_t committed = 0;              // transfers
  std::uint64_t refused = 0;                // transfers that the ledger refused
  std::uint64_t failed = 0;                 // calls that failed otherwise; some may have committed
  double seconds = 0;                       // from the start until the last answer
  std::vector<std::uint32_t> latencies_us;  // one per call, or per request of the stream; unsorted
  std::vector<std::string> sample;  // ids of some committed transactions, for disagreement()
  std::string first_error;          // of the first refused or failed one; empty: none
};

// Loads the server for options.seconds as options.mode says, then waits for the answers that are
// missing. The accounts have to exist.
Outcome drive(const std::shared_ptr<grpc::Channel>& channel, const Options& options);

// Creates the accounts of the workload that do not exist yet. Returns what failed, or "".
std::string create_accounts(const std::shared_ptr<grpc::Channel>& channel, const Options& options);

}  // namespace sg::bench
