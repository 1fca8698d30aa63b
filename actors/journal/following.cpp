// The part of the journal that a member of a cluster has: it follows what is committed, and begins
// to give out sequences when its node leads.

#include <utility>

#include "actors/children.hpp"
#include "actors/journal/journal.hpp"
#include "ledger/invariant.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

caf::message_handler Journal::member_behavior() {
  return {
      [this](const supervisor::ChildUp& up) { child_up(up); },
      [this](const supervisor::ChildDown& down) { child_down(down); },
      [this](FollowsFrom) {
        if (log_writer_.is_sender()) start();
      },
      [this](const Committed& message) {
        if (log_writer_.is_sender() && is_loaded_) follow(message);
      },
      [this](const Lead& message) {
        if (replica_.is_sender()) lead(message);
      },
      [this](TermEnded) {
        if (replica_.is_sender() && term_ != 0) end({});
      },
      [this](const RoundsEnded& message) {
        if (replica_.is_sender()) end_rounds(message);
      },
      [this](const AwaitSequence& message) { await_sequence(message); },
  };
}

void Journal::child_up(const supervisor::ChildUp& up) {
  if (log_writer_.is_up(up)) log_writer_.send(FollowLog{handle_of(self_)});
  // Before the books are loaded nothing can be led.
  if (replica_.is_up(up) && is_loaded_) replica_.send(FollowTerms{handle_of(self_)});
}

// A log writer that ended did not tell what it did last, and its successor opens the store anew.
// Without a replica nothing can be proposed any more.
void Journal::child_down(const supervisor::ChildDown& down) {
  if (log_writer_.is_down(down) && is_loaded_) return end({});
  if (replica_.is_down(down) && term_ != 0) end({});
}

void Journal::follow(const Committed& message) {
  const auto& changes = *message.changes;
  // Its own groups come back to it through append().
  if (is_over_ || term_ != 0 || changes.after.sequence <= settled_) return;
  // Something was missed while the log writer began anew: the successor reads all.
  if (changes.before.sequence != settled_) return end({});
  for (const auto& account : changes.accounts) {
    ledger::invariant(account.number == books_.accounts(), "accounts are followed out of order");
    books_.open(account.initial_balance, ledger::policy_of(account));
  }
  for (const auto& [account, amount] : changes.postings) books_.post(account, amount);
  for (const auto& [sequence, result] : changes.policies) {
    if (result.account == ledger::kNoAccount) {
      require_balanced_ = result.require_balanced;
    } else {
      books_.set_policy(result.account, result.policy);
    }
  }
  if (!changes.accounts.empty() || !changes.participants.empty()) rosters_.clear();
  head_ = changes.after;
  for (const auto& shard : shards_) {
    if (shard.handle) self_->send(shard.handle, Follow{message.changes});
  }
  settle(head_.sequence);
  run_barriers();
  offer_maintenance();
}

void Journal::lead(const Lead& message) {
  auto& store = *runtime_->member;
  // Groups begin on what is committed now. If that is more than the books have, another node leads
  // already.
  store.end_under_way();
  if (is_over_ || store.head().sequence != settled_) return end({});
  term_ = message.term;
  log(Module::journal).info("leads in term {}, from sequence {}", term_, settled_);
  run_clock_ = ledger::RunClock(store.head().run_ms, runtime_->steady_clock());
  store.set_proposer(
      [replica = replica_, term = term_, ordinal = std::uint64_t{0}](auto blocks) mutable {
        const auto first = ordinal;
        ordinal += blocks.size();
        replica.send(Propose{term, first, std::make_shared<decltype(blocks)>(std::move(blocks))});
        return true;
      });
  if (const auto waiting = std::exchange(fence_, std::nullopt)) fence(*waiting);
}

// All that was told to the shards before stands before what is asked of them because of this.
void Journal::end_rounds(const RoundsEnded& message) {
  for (const auto& [asker, number] : message.asked) self_->send(asker, RoundEnded{number});
}

void Journal::await_sequence(const AwaitSequence& wait) {
  if (wait.sequence <= settled_) {
    self_->send(wait.asker, SequenceReached{wait.query});
    return;
  }
  awaited_.emplace(wait.sequence, wait);
}

}  // namespace sg::actors
