// One shard's ledger, asked directly: each request is a batch of one unit.
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ledger/locks/shard_ledger.hpp"
#include "tests/support/test_submission.hpp"

namespace sg::test {

class ShardBed {
 public:
  // A request as its shard sees it.
  struct Asked {
    TestSubmissionPtr submission;
    ledger::LockBatchPtr batch;

    ledger::Vote vote() const { return batch->parts[0].units[0].vote; }
    const ledger::Refusal& refusal() const {
      return batch->parts[0].refusals[batch->parts[0].units[0].refusal];
    }
  };

  explicit ShardBed(ledger::Sequence applied = 0) : shard(0, 1, applied), sequence_(applied) {}

  Asked ask(const TestSubmissionPtr& submission) {
    Asked asked{submission, std::make_shared<ledger::LockBatch>()};
    asked.batch->id = ++batches_;
    asked.batch->parts.resize(1);
    ledger::add_unit(*asked.batch, *submission, 0, static_cast<std::uint32_t>(submission->items()));
    shard.lock(asked.batch, late_);
    return asked;
  }
  Asked ask(std::vector<Posting> postings) { return ask(transfer(std::move(postings))); }

  void commit(const Asked& asked) {
    asked.batch->set_sequence(0, ++sequence_);
    asked.batch->units[0].created = 1000;
    const std::uint32_t unit = 0;
    shard.apply(*asked.batch, {&unit, 1}, sequence_, late_);
  }
  void abort(const Asked& asked) {
    const std::uint32_t unit = 0;
    shard.abort(*asked.batch, {&unit, 1}, late_);
  }
  // The late votes since the last call, oldest first.
  std::vector<ledger::LateVote> late() { return std::exchange(late_, {}); }

  bool at_rest() const { return shard.undecided_batches() == 0 && shard.waiting() == 0; }
  // Nothing is held and nothing is to come: all that the account has can be moved at once.
  bool is_free(const std::string& account, ledger::Amount balance) {
    const auto reading = shard.read(account);
    if (!reading || reading->balance != balance) return false;
    std::vector<Posting> postings;
    const auto room = std::numeric_limits<ledger::Amount>::max() - balance;
    const auto debit = balance == 0 ? ledger::Vote::granted : probe({{account, -balance}});
    return debit == ledger::Vote::granted && probe({{account, room}}) == ledger::Vote::granted;
  }

  ledger::ShardLedger shard;

 private:
  ledger::Vote probe(std::vector<Posting> postings) {
    const auto asked = ask(std::move(postings));
    const auto vote = asked.vote();
    abort(asked);
    return vote;
  }

  std::uint64_t batches_ = 0;
  ledger::Sequence sequence_;
  std::vector<ledger::LateVote> late_;
};

}  // namespace sg::test
