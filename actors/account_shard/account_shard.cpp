#include "actors/account_shard/account_shard.hpp"

#include <algorithm>
#include <utility>

#include "actors/actor_errors.hpp"
#include "actors/reading.hpp"
#include "actors/unhandled.hpp"
#include "faults/fault_injection.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

using faults::Point;

namespace {

// `floor`: that the account was created with.
ledger::Policy policy_of(const Attached& state, ledger::AccountNumber number,
                         ledger::Amount floor) {
  const auto found = state.policies->find(number);
  return found == state.policies->end() ? ledger::Policy{floor} : found->second;
}

}  // namespace

AccountShard::AccountShard(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
                           std::uint32_t index, std::uint64_t start_number)
    : self_(self),
      runtime_(std::move(runtime)),
      root_(std::move(root)),
      index_(index),
      start_number_(start_number) {}

caf::behavior AccountShard::make_behavior() {
  return {
      [this](supervisor::Init) -> caf::result<supervisor::Ready> {
        ready_ = self_->make_response_promise();
        subscribe(self_, root_);
        return ready_;
      },
      [this](supervisor::Probe) { return alive(self_); },
      [this](const supervisor::ChildUp& up) {
        if (journal_.is_up(up)) journal_up();
      },
      // Undecided locks belong to a ledger that is gone: what was not durable never happened.
      [this](const supervisor::ChildDown& down) {
        if (journal_.is_down(down)) leave_journal();
      },
      [this](const Attached& message) { attached(message); },
      [this](const LockUnits& message) { lock(message); },
      [this](const AbortUnits& message) {
        if (!ledger_) return;
        for (const auto& units : message.units) {
          if (units.batch->coordinator != coordinator_incarnation_) continue;
          ledger_->abort(*units.batch, units.units, late_);
        }
        tell_late_votes();
      },
      [this](const Apply& message) {
        if (!ledger_ || !journal_.is_sender()) return;
        faults::reach(Point::shard_before_apply);
        for (const auto& [units, last] : *message.units) {
          ledger_->apply(*units.batch, units.units, last, late_);
        }
        faults::reach(Point::shard_after_apply);
        tell_late_votes();
      },
      [this](const Follow& message) {
        if (ledger_ && journal_.is_sender()) follow(*message.changes);
      },
      [this](const FenceOlder& message) {
        if (journal_.is_sender()) heed_coordinator(message.incarnation);
      },
      [this](const ReadAccounts& message) { read(message); },
      [this](const CopyHeld& message) { copy_held(message); },
      [this](CopySlice) { copy_slice(); },
  };
}

void AccountShard::leave_journal() {
  ledger_.reset();
  copying_.clear();
}

void AccountShard::journal_up() {
  leave_journal();
  faults::reach(Point::shard_before_attach);
  journal_.send(Attach{index_, handle_of(self_), start_number_});
}

void AccountShard::attached(const Attached& message) {
  if (!journal_.is_sender()) return;
  if (auto error = load(message)) {
    self_->quit(error);
    return;
  }
  log(Module::shards)
      .debug("shard {}: {} accounts at sequence {}", index_, ledger_->accounts(), message.sequence);
  if (ready_.pending()) ready_.deliver(supervisor::Ready{});
}

caf::error AccountShard::load(const Attached& message) {
  faults::reach(Point::shard_before_load);
  coordinator_incarnation_ = std::max(coordinator_incarnation_, message.coordinator);
  journal_incarnation_ = message.journal_incarnation;
  leave_journal();
  ledger_.emplace(index_, message.incarnation, message.sequence);
  if (runtime_->member) ledger_->note_numbers();
  if (!message.roster) return load_from_store(message);
  message.roster->for_each_account([&](std::string_view id, const ShardRoster::Account& account) {
    ledger_->load_account(id, account.number, account.balance,
                          policy_of(message, account.number, account.floor));
  });
  for (const auto& id : message.roster->participants()) ledger_->load_participant(id);
  return {};
}

caf::error AccountShard::load_from_store(const Attached& message) {
  const auto& store = *runtime_->store;
  const auto shards = runtime_->settings.ledger.shards;
  const auto& balances = *message.balances;
  auto accounts = store.for_each_account(
      message.sequence,
      [&](std::string_view id, ledger::AccountNumber number, ledger::Amount floor) {
        if (ledger::shard_of(id, shards) == index_) {
          ledger_->load_account(id, number, balances[number], policy_of(message, number, floor));
        }
      });
  if (!accounts) return store_error(accounts.error());
  auto participants = store.for_each_participant(message.sequence, [&](std::string_view id) {
    if (ledger::shard_of(id, shards) == index_) ledger_->load_participant(id);
  });
  if (!participants) return store_error(participants.error());
  return {};
}

void AccountShard::follow(const persistence::CommittedChanges& changes) {
  faults::reach(Point::shard_before_apply);
  const auto shards = runtime_->settings.ledger.shards;
  for (const auto& account : changes.accounts) {
    if (ledger::shard_of(account.id, shards) == index_) {
      ledger_->load_account(account.id, account.number, account.initial_balance,
                            ledger::policy_of(account));
    }
  }
  for (const auto& participant : changes.participants) {
    if (ledger::shard_of(participant.id, shards) == index_) {
      ledger_->load_participant(participant.id);
    }
  }
  for (const auto& [account, amount] : changes.postings) ledger_->post(account, amount);
  for (const auto& [sequence, result] : changes.policies) {
    ledger_->set_policy(result.account, result.policy);
  }
  ledger_->followed(changes.after.sequence);
  faults::reach(Point::shard_after_apply);
}

bool AccountShard::heed_coordinator(std::uint64_t incarnation) {
  if (incarnation > coordinator_incarnation_) {
    coordinator_incarnation_ = incarnation;
    if (ledger_ && !faults::has(faults::Defect::keep_predecessors_locks)) {
      ledger_->drop_undecided();
    }
  }
  return incarnation == coordinator_incarnation_;
}

void AccountShard::lock(const LockUnits& request) {
  if (!ledger_ || !heed_coordinator(request.batch->coordinator)) return;
  coordinator_ = request.coordinator;
  faults::reach(Point::shard_before_votes);
  ledger_->lock(request.batch, late_);
  faults::reach(Point::shard_after_votes);
  caf::anon_send(coordinator_, Voted{request.batch, index_});
  tell_late_votes();
}

void AccountShard::tell_late_votes() {
  if (late_.empty()) return;
  caf::anon_send(coordinator_, VotedLate{std::exchange(late_, {})});
}

void AccountShard::read(const ReadAccounts& message) {
  for (const auto& query : message.batch->queries) {
    if (!query->drop_if_cancelled()) read(*query);
  }
  caf::anon_send(message.asker, AccountsRead{message.batch});
}

void AccountShard::read(Query& query) {
  if (!ledger_) {
    query.answer(tl::unexpected(
        ledger::Error{ledger::Reason::shard_unavailable,
                      "shard " + std::to_string(index_) + " is restarting: try again",
                      {{"shard", std::to_string(index_)}},
                      ledger::Outcome::none}));
    return;
  }
  query.readings.clear();
  for (const auto& id : query.account_ids) query.readings.push_back(ledger_->read(id));
  query.observed = ledger_->applied_sequence();
  query.journal_incarnation = journal_incarnation_;
  // All that a balance needs is here, unless it has to wait.
  if (std::holds_alternative<BalanceOf>(query.ask) &&
      durability_of(query, *runtime_) == Durability::durable) {
    query.answer(balance_answer(query));
  }
}

void AccountShard::copy_held(const CopyHeld& message) {
  if (!ledger_ || !journal_.is_sender()) return;
  ledger_->begin_copy();
  copying_.push_back(message.snapshot);
  if (copying_.size() == 1) self_->send(self_, CopySlice{});
}

// One slice a message, so that lock requests which wait in the mailbox come in between.
void AccountShard::copy_slice() {
  if (copying_.empty()) return;
  if (copying_.front()->is_over()) {
    ledger_->drop_copy();
    copying_.pop_front();
  } else if (auto held = ledger_->advance_copy(SnapshotInMaking::kPagesOfSlice)) {
    copying_.front()->set_held(index_, std::move(*held));
    copying_.pop_front();
  }
  if (!copying_.empty()) self_->send(self_, CopySlice{});
}

caf::behavior account_shard(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
                            std::uint32_t index, std::uint64_t start_number) {
  end_with_exceptions(self, "account_shard/" + std::to_string(index));
  auto state = std::make_shared<AccountShard>(self, std::move(runtime), std::move(root), index,
                                              start_number);
  self->attach_functor([state] {});
  return state->make_behavior();
}

}  // namespace sg::actors
