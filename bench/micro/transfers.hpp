// Transfers between two random accounts each, as input for the micro-benchmarks. The same arguments
// make the same transfers.
//
//   const auto accounts = account_ids(10'000);
//   const Transfers batch(accounts, 8000);
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "ledger/submission.hpp"

namespace sg::bench {

// Returns `count` different ids of accounts, all of the same length.
inline std::vector<std::string> account_ids(std::size_t count) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < count; ++i) ids.push_back("bench" + std::to_string(100'000'000 + i));
  return ids;
}

// A submission to which nobody waits for an answer. Its entries refer to the texts of `accounts`,
// which has to outlive it.
class Transfers final : public ledger::Submission {
 public:
  // Deleted: a temporary would not outlive the submission.
  Transfers(std::vector<std::string>&& accounts, std::size_t count,
            bool with_keys = false) = delete;
  // Needs two accounts or more. Each transfer moves 1 from a payer to a payee. `with_keys`: each
  // has an idempotency key of its own.
  Transfers(const std::vector<std::string>& accounts, std::size_t count, bool with_keys = false) {
    std::mt19937 random(1);
    auto& batch = operation.emplace<ledger::TransferBatch>();
    // Transfers refer to elements of both vectors, so these must not grow later.
    entries_.reserve(2 * count);
    if (with_keys) keys_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto payer = random() % accounts.size();
      // Any account but the payer.
      const auto payee = (payer + 1 + random() % (accounts.size() - 1)) % accounts.size();
      entries_.push_back({accounts[payer], -1});
      entries_.push_back({accounts[payee], 1});
      ledger::Transfer transfer;
      transfer.entries = std::span(entries_).subspan(2 * i, 2);
      if (with_keys) {
        keys_.push_back("a-key-of-some-length-" + std::to_string(i));
        transfer.idempotency_key = keys_.back();
      }
      batch.transfers.push_back(transfer);
    }
    results.resize(count);
  }

 private:
  void on_answered() override {}

  std::vector<ledger::Entry> entries_;
  std::vector<std::string> keys_;
};

}  // namespace sg::bench
