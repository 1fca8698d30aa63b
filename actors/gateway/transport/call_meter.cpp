#include "actors/gateway/transport/call_meter.hpp"

#include <algorithm>
#include <array>

namespace sg::actors {
namespace {

using telemetry::TransferOutcome;

// Counts of one submission, before they are added to those that all threads see.
class Tally {
 public:
  void add(TransferOutcome outcome, std::size_t entries) {
    ++counts_[static_cast<std::size_t>(outcome)][telemetry::parties_of(entries)];
  }
  void add_to(telemetry::Metrics& metrics) const {
    for (std::size_t outcome = 0; outcome < counts_.size(); ++outcome) {
      for (std::size_t parties = 0; parties < counts_[outcome].size(); ++parties) {
        const auto count = counts_[outcome][parties];
        if (count > 0) metrics.transfers[outcome][parties].add(count);
      }
    }
  }

 private:
  std::array<std::array<std::uint64_t, telemetry::kPartiesNames.size()>,
             telemetry::kTransferOutcomes.size()>
      counts_{};
};

TransferOutcome outcome_of(const ledger::ItemResult& result) {
  if (result.state == ledger::ItemResult::State::committed) return TransferOutcome::committed;
  const bool is_known = result.error && result.error->outcome == ledger::Outcome::none;
  return is_known ? TransferOutcome::refused : TransferOutcome::unknown;
}

}  // namespace

telemetry::MethodCalls& CallMeter::of(const Method& method) {
  auto& methods = metrics_->methods;
  const auto known = std::find_if(methods.begin(), methods.end(), [&](const auto& one) {
    return one.service == method.service && one.method == method.name;
  });
  if (known != methods.end()) return *known;
  auto& made = methods.emplace_back();
  made.service = method.service;
  made.method = method.name;
  return made;
}

void CallMeter::count(const ledger::Submission& submission, ledger::SteadyTime now) {
  Tally tally;
  const bool moves_money = submission.key_request() == nullptr;
  const auto transfers = moves_money ? submission.transfers() : std::span<const ledger::Transfer>();
  for (std::size_t i = 0; i < submission.results.size(); ++i) {
    const auto& result = submission.results[i];
    if (i < transfers.size()) {
      tally.add(outcome_of(result), transfers[i].entries.size());
      if (until_hot_-- == 0) {
        until_hot_ = kHotEvery - 1;
        for (const auto& entry : transfers[i].entries) {
          metrics_->hot_accounts.count(entry.account_id);
        }
      }
    }
    if (result.error) metrics_->refusals[static_cast<std::size_t>(result.error->reason)].add();
  }
  tally.add_to(*metrics_);
  measure(submission.times, now);
}

void CallMeter::count_lost(const telemetry::CountsByParties& lost) {
  auto& unknown = metrics_->transfers[static_cast<std::size_t>(TransferOutcome::unknown)];
  for (std::size_t parties = 0; parties < lost.size(); ++parties) {
    if (lost[parties] > 0) unknown[parties].add(lost[parties]);
  }
}

void CallMeter::measure(const ledger::WriteTimes& times, ledger::SteadyTime now) {
  if (times.durable == ledger::SteadyTime{}) return;
  auto& stages = metrics_->stages;
  stages.queue.record(times.formed - times.received);
  stages.vote.record(times.voted - times.formed);
  if (times.locked > times.voted) stages.lock.record(times.locked - times.voted);
  stages.journal.record(times.handed_over - times.locked);
  stages.commit.record(times.durable - times.handed_over);
  stages.reply.record(now - times.durable);
}

}  // namespace sg::actors
