// A coordinator led by hand: it fences, asks for locks and commits when the test says so, in any
// order, and notes what it is told. It stands in for one that died with messages on their way.
#pragma once

#include <memory>
#include <vector>

#include "tests/simulated/simulation.hpp"

namespace sg::test {

class HandCoordinator {
 public:
  explicit HandCoordinator(Simulation& house);

  // Takes over at the journal; runs the house.
  void fence();
  // Asks for the locks of one submission, an atomic batch if it has many items. Does not run.
  ledger::LockBatchPtr lock(const TestSubmissionPtr& submission);
  // The same, and checks that all were granted.
  ledger::LockBatchPtr granted(const TestSubmissionPtr& submission);
  void commit(const ledger::LockBatchPtr& batch);
  void abort(const ledger::LockBatchPtr& batch);

  // How many shards voted on the batch.
  std::size_t votes(const ledger::LockBatchPtr& batch) const;
  // "committed 7", "shard_changed", "key_bound", "storage_full", "refused", or "" while the journal
  // has said nothing.
  std::string verdict(const ledger::LockBatchPtr& batch) const;

  std::uint64_t incarnation() const { return heard_->fenced.back().incarnation; }

 private:
  struct Heard {
    std::vector<Fenced> fenced;
    std::vector<Voted> votes;
    std::vector<Durable> durable;
  };

  Simulation& house_;
  std::shared_ptr<Heard> heard_ = std::make_shared<Heard>();
  caf::actor actor_;
  std::uint64_t next_batch_ = 1;
};

}  // namespace sg::test
