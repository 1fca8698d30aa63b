#include "tests/simulated/hand_coordinator.hpp"

#include <algorithm>

namespace sg::test {

HandCoordinator::HandCoordinator(Simulation& house)
    : house_(house), actor_(house.spawn([heard = heard_](caf::event_based_actor*) -> caf::behavior {
        return {
            [heard](const Fenced& message) { heard->fenced.push_back(message); },
            [heard](const Voted& message) { heard->votes.push_back(message); },
            [heard](const Durable& message) { heard->durable.push_back(message); },
            [](const VotedLate&) {},
            [](const ShardAttached&) {},
            [](const ShardDetached&) {},
        };
      })) {}

void HandCoordinator::fence() {
  caf::anon_send(house_.handle(kJournalId), Fence{actor_, house_.runtime()->next_incarnation()});
  house_.run();
}

ledger::LockBatchPtr HandCoordinator::lock(const TestSubmissionPtr& submission) {
  auto batch = std::make_shared<ledger::LockBatch>();
  batch->id = next_batch_++;
  batch->coordinator = incarnation();
  batch->parts.resize(house_.shards());
  batch->submissions.push_back(submission);
  submission->stamp_keys(persistence::stamp);
  add_unit(*batch, *submission, 0, static_cast<std::uint32_t>(submission->items()));
  for (std::uint32_t i = 0; i < house_.shards(); ++i) {
    if (batch->parts[i].units.empty()) continue;
    caf::anon_send(house_.handle(house_.shard_id(i)), LockUnits{batch, actor_});
  }
  return batch;
}

ledger::LockBatchPtr HandCoordinator::granted(const TestSubmissionPtr& submission) {
  auto batch = lock(submission);
  house_.run();
  for (const auto& part : batch->parts) {
    for (const auto& unit : part.units) REQUIRE(unit.vote == ledger::Vote::granted);
  }
  return batch;
}

void HandCoordinator::commit(const ledger::LockBatchPtr& batch) {
  caf::anon_send(house_.handle(kJournalId), Commit{{{batch, {0}}}});
}

void HandCoordinator::abort(const ledger::LockBatchPtr& batch) {
  for (std::uint32_t i = 0; i < house_.shards(); ++i) {
    caf::anon_send(house_.handle(house_.shard_id(i)), AbortUnits{{{batch, {0}}}});
  }
}

std::size_t HandCoordinator::votes(const ledger::LockBatchPtr& batch) const {
  return static_cast<std::size_t>(
      std::count_if(heard_->votes.begin(), heard_->votes.end(),
                    [&](const Voted& vote) { return vote.batch == batch; }));
}

std::string HandCoordinator::verdict(const ledger::LockBatchPtr& batch) const {
  using Why = ledger::RejectedUnits::Why;
  for (const auto& told : heard_->durable) {
    for (const auto& group : told.committed) {
      if (group.units.batch == batch) return "committed " + std::to_string(batch->sequence_of(0));
    }
    for (const auto& [units, why, states] : told.rejected) {
      if (units.batch != batch) continue;
      if (why == Why::shard_changed) return "shard_changed";
      if (why == Why::key_bound) return "key_bound";
      return why == Why::storage_full ? "storage_full" : "refused";
    }
  }
  return {};
}

}  // namespace sg::test
