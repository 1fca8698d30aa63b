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

// Two accounts on two shards, the first with 10.
struct FlowBed {
  LedgerHouse house{2};
  std::string a = on_shard(0, house), b = on_shard(1, house);

  FlowBed() {
    house.open_account(a, 10);
    house.open_account(b, 0);
  }
  TestSubmissionPtr submit(TestSubmissionPtr submission) {
    house.submit(submission);
    return submission;
  }
  TestSubmissionPtr ask(TestSubmissionPtr submission) {
    house.submit(submission);
    house.run();
    return submission;
  }
};

// "OK", what became of a key, the reason of the refusal, or "" while there is no answer.
inline std::string told(const TestSubmissionPtr& submission, std::size_t item = 0) {
  if (!submission->answered()) return {};
  const auto& result = submission->results[item];
  using State = ledger::ItemResult::State;
  if (result.state == State::committed) return "OK";
  if (result.state == State::unbound) return "UNBOUND";
  if (result.state == State::sealed) return "SEALED";
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
