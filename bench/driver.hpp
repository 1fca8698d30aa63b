// Drives load from one thread and one completion queue, so that the client takes as little as it
// can of a machine that it shares with the server.
#pragma once

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/options.hpp"

namespace sg::bench {

struct Outcome {
  std::uint64_t committed = 0;  // transfers
  std::uint64_t refused = 0;    // by the ledger
  std::uint64_t failed = 0;     // calls without an answer of the ledger
  double seconds = 0;
  std::vector<std::uint32_t> latencies_us;  // of calls
  std::vector<std::string> sample;          // ids of committed transactions
  std::string first_error;
};

Outcome drive(const std::shared_ptr<grpc::Channel>& channel, const Options& options);

// Creates the accounts that are not there yet; an error text if that failed.
std::string create_accounts(const std::shared_ptr<grpc::Channel>& channel, const Options& options);

}  // namespace sg::bench
