// What the tests of the transfer flow share: a house with accounts on chosen shards, and results
// in one word.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/ledger_house.hpp"

namespace sg::test {

// An account id of the given shard, one for each `nth`.
inline std::string on_shard(std::uint32_t shard, const LedgerHouse& house, int nth = 0) {
  for (int i = 0;; ++i) {
    auto id = "account-" + std::to_string(i);
    if (ledger::shard_of(id, house.shards()) == shard && nth-- == 0) return id;
  }
}

// "OK", the reason of the refusal, or "" while there is no answer.
inline std::string told(const TestSubmissionPtr& submission, std::size_t item = 0) {
  if (!submission->answered()) return {};
  const auto& result = submission->results[item];
  if (result.state == ledger::ItemResult::State::committed) return "OK";
  return std::string(to_string(result.error->reason));
}

inline std::vector<std::string> told_all(const TestSubmissionPtr& submission) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < submission->results.size(); ++i) all.push_back(told(submission, i));
  return all;
}

inline std::string fact(const TestSubmissionPtr& submission, std::string_view name,
                        std::size_t item = 0) {
  for (const auto& [key, value] : submission->results[item].error->metadata) {
    if (key == name) return value;
  }
  return {};
}

using Told = std::vector<std::string>;

}  // namespace sg::test
