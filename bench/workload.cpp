// Zipf draws use Walker's alias method, with the table of Vose (1991, "A linear algorithm for
// generating random numbers with a given distribution"). A draw takes constant time.
//
// The table has one cell per account, and all cells are equally likely. Cell i is shared by at most
// two accounts: i itself, with probability threshold_[i], and alias_[i] with the rest. To draw,
// choose a cell, then toss a coin against its threshold.
//
// To build it, scale the weights so that their mean is 1, the size of a cell. As long as there is
// an account below 1 and one above, put the small one into its own cell, and fill the cell up with
// weight of the large one.
#include "bench/workload.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

namespace sg::bench {

const char* to_string(Mode mode) {
  switch (mode) {
    case Mode::unary:
      return "unary";
    case Mode::batch:
      return "batch";
    case Mode::stream:
      break;
  }
  return "stream";
}

std::string account_name(std::uint32_t index) {
  std::string name = "bench00000000";
  for (auto digit = name.end(); index > 0; index /= 10) {
    *--digit = static_cast<char>('0' + index % 10);
  }
  return name;
}

Workload::Workload(const Options& options) : options_(options), random_(options.seed) {
  // Keys of two runs must differ, or the second run would be answered by the first.
  key_prefix_ = std::to_string(std::chrono::system_clock::now().time_since_epoch().count()) + "-";
  if (options.zipf <= 0) return;
  const std::size_t n = options.accounts;
  std::vector<double> weight(n);
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    sum += weight[i] = 1.0 / std::pow(static_cast<double>(i + 1), options.zipf);
  }
  threshold_.resize(n);
  alias_.resize(n);
  std::vector<std::uint32_t> small;
  std::vector<std::uint32_t> large;
  for (std::uint32_t i = 0; i < n; ++i) {
    weight[i] *= static_cast<double>(n) / sum;
    (weight[i] < 1 ? small : large).push_back(i);
  }
  while (!small.empty() && !large.empty()) {
    // Invariant: weight[i] is what account i still has to place, and `small` holds those below 1.
    const auto poor = small.back();
    const auto rich = large.back();
    small.pop_back();
    threshold_[poor] = weight[poor];
    alias_[poor] = rich;
    weight[rich] -= 1 - weight[poor];
    if (weight[rich] < 1) {
      large.pop_back();
      small.push_back(rich);
    }
  }
  // What is left has a weight of 1, up to rounding: the cell is its own.
  for (const auto i : small) threshold_[i] = 1;
  for (const auto i : large) threshold_[i] = 1;
}

std::uint32_t Workload::pick() {
  const auto i = static_cast<std::uint32_t>(random_() % options_.accounts);
  if (threshold_.empty()) return i;
  // The upper 53 bits, as a number in [0, 1): a double holds no more.
  const double coin = static_cast<double>(random_() >> 11) * 0x1.0p-53;
  return coin < threshold_[i] ? i : alias_[i];
}

void Workload::next(scalegraph::ledger::TransferRequest& request) {
  picked_.clear();
  // Account 0 is the fee account.
  if (options_.fee_account) picked_.push_back(0);
  while (picked_.size() < options_.parties) {
    const auto account = pick();
    if (std::find(picked_.begin(), picked_.end(), account) == picked_.end()) {
      picked_.push_back(account);
    }
  }
  const auto others = static_cast<std::int64_t>(picked_.size()) - 1;
  // The last party pays, so a fee account, which is the first, only receives.
  for (std::size_t i = 0; i < picked_.size(); ++i) {
    auto& entry = *request.add_entries();
    // The name is made anew each time. With many accounts, a table of names would not fit into the
    // cache, and reading it would be slower.
    entry.set_account_id(account_name(picked_[i]));
    entry.set_amount(i + 1 == picked_.size() ? -others : 1);
  }
  if (!options_.idempotent) return;
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, key_++).ptr;
  auto& key = *request.mutable_idempotency_key();
  key.reserve(key_prefix_.size() + sizeof digits);
  key.append(key_prefix_).append(digits, end);
}

}  // namespace sg::bench
