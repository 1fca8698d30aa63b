// The transfers of a run: which accounts take part, and which amounts move. The accounts of one
// transfer are distinct. They are drawn uniformly, or from a Zipf distribution in which account i
// is chosen with a probability proportional to 1 / (i + 1)^zipf. A seed fixes the draws.
//
//   Workload workload(options);
//   workload.next(*batch.add_transfers());
//
// Concurrency. Not synchronised.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "bench/options.hpp"
#include "proto/ledger.pb.h"

namespace sg::bench {

// The id of an account: "bench00000042" for 42.
std::string account_name(std::uint32_t index);
// The balance that every account starts with. It is so far from zero and from the largest amount
// that the ledger refuses nothing.
inline constexpr std::int64_t kInitialBalance = 1'000'000'000'000;

class Workload {
 public:
  // Keeps a reference to the options, which have to outlive it. Needs parties <= accounts, or
  // next() would never find enough of them.
  explicit Workload(const Options& options);

  // Fills an empty request with the next transfer: the last party pays 1 to each of the others.
  void next(scalegraph::ledger::TransferRequest& request);

 private:
  // Draws one account.
  std::uint32_t pick();

  const Options& options_;
  std::mt19937_64 random_;
  // Walker's alias table, see workload.cpp; both are empty for a uniform choice.
  std::vector<double> threshold_;
  std::vector<std::uint32_t> alias_;
  std::vector<std::uint32_t> picked_;  // the parties of the transfer that is being made
  std::uint64_t key_ = 0;              // number of the next idempotency key
  std::string key_prefix_;             // different in every run
};

}  // namespace sg::bench
