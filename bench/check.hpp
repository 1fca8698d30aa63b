// Checks after a run that the server agrees with what the clients were told. A run whose check
// fails does not count.
//
//   const auto before = read_state(channel);
//   const auto outcome = drive(channel, options);
//   const auto wrong = disagreement(channel, before, read_state(channel), outcome);
//
// Limitations. The run must be the only client that changes the ledger between the two states.
#pragma once

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>
#include <string>

#include "bench/driver.hpp"

namespace sg::bench {

// A summary of the whole ledger, from its balance sheet. The sums are decimal texts, since they may
// not fit into 64 bits.
struct ServerState {
  std::uint64_t transactions = 0;  // committed so far
  std::string total;               // sum of all balances
  std::string postings;            // sum of all postings; has to equal `total`
  std::string error;               // why the state could not be read; empty: it was
};

// Asks the server for its balance sheet, and blocks until it answers. Failures go to `error`.
ServerState read_state(const std::shared_ptr<grpc::Channel>& channel);

// Compares the states before and after a run with its outcome, and looks up the sampled
// transactions. Returns what does not agree, or an empty text.
std::string disagreement(const std::shared_ptr<grpc::Channel>& channel, const ServerState& before,
                         const ServerState& after, const Outcome& outcome);

}  // namespace sg::bench
