// Which accounts a transfer touches: uniform or Zipf, distinct within a transfer, the same for the
// same seed.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "bench/options.hpp"
#include "proto/ledger.pb.h"

namespace sg::bench {

std::string account_name(std::uint32_t index);
// The balance that every account starts with: far from both ends, so that nothing is refused.
inline constexpr std::int64_t kInitialBalance = 1'000'000'000'000;

class Workload {
 public:
  explicit Workload(const Options& options);

  // Fills a request with the next transfer: the first party pays each of the others.
  void next(scalegraph::ledger::TransferRequest& request);

 private:
  std::uint32_t pick();

  const Options& options_;
  std::mt19937_64 random_;
  // Walker's alias table (Vose 1991): a draw costs the same whatever the exponent.
  std::vector<double> threshold_;
  std::vector<std::uint32_t> alias_;
  std::vector<std::uint32_t> picked_;
  std::uint64_t key_ = 0;
  std::string key_prefix_;
};

}  // namespace sg::bench
