// The part of the journal that makes groups durable.
//
// Commits gather in a group until the mailbox has no more of them. Then the group is handed over to
// the store, with what has to be told once it is durable, and the next one fills meanwhile. A store
// that writes at once answers at once. Another answers later, with a message; it is given a few
// groups ahead, and they become durable in order. When one fails, the journal ends.
//
// What shows the durable state only (an attaching shard, a new coordinator, a checkpoint, a
// snapshot) waits behind a barrier until all groups are durable. Commits that come meanwhile are
// postponed, so that nothing is sequenced in between.

#include <algorithm>
#include <iterator>
#include <utility>

#include "actors/actor_errors.hpp"
#include "actors/journal/journal.hpp"
#include "faults/fault_injection.hpp"
#include "ledger/invariant.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

using faults::Defect;
using faults::Point;
using ledger::RejectedUnits;

namespace {

// Groups that the store is given before it has answered. One more fills meanwhile, and takes up
// what comes: more of them would only be smaller.
constexpr std::size_t kGroupsUnderWay = 4;

}  // namespace

std::optional<RejectedUnits::Why> Journal::begin_group() {
  if (group_) return std::nullopt;
  auto& store = *runtime_->store;
  if (waits_for_room_ || !store.has_room()) return RejectedUnits::Why::storage_full;
  if (!store.keeps_up()) return RejectedUnits::Why::overloaded;
  group_.emplace(store.begin_group(runtime_->wall_clock(), run_clock_.ms()));
  return std::nullopt;
}

ledger::Sequence Journal::last_sequence() const {
  const auto under_way = under_way_.empty() ? settled_ : under_way_.back().last;
  // After a failed write a group begins on what the store has, and those under way end without it.
  return group_ ? std::max(under_way, group_->last_sequence()) : under_way;
}

void Journal::reject(const ledger::LockBatchPtr& batch, std::uint32_t unit,
                     RejectedUnits::Why why) {
  if (gathered_.rejected.empty() || gathered_.rejected.back().units.batch != batch ||
      gathered_.rejected.back().why != why) {
    gathered_.rejected.push_back({{batch, {}}, why, {}});
  }
  gathered_.rejected.back().units.units.push_back(unit);
}

void Journal::reject_for_state(const ledger::LockBatchPtr& batch, std::uint32_t unit) {
  reject(batch, unit, RejectedUnits::Why::state);
  gathered_.rejected.back().states.push_back(*std::exchange(refused_state_, std::nullopt));
}

void Journal::schedule_flush() {
  if (flush_scheduled_) return;
  // Commits that wait in the mailbox already come before this message: they join the group.
  flush_scheduled_ = true;
  self_->send(self_, Flush{});
}

void Journal::hand_over() {
  flush_scheduled_ = false;
  hand_over_is_due_ = under_way_.size() == kGroupsUnderWay;
  if (hand_over_is_due_) return;
  auto gathered = std::exchange(gathered_, {});
  if (!group_ || group_->empty()) {
    group_.reset();
    return under_way_.empty() ? tell(std::move(gathered)) : under_way_.back().add(gathered);
  }
  gathered.last = group_->last_sequence();
  gathered.handed_over = runtime_->steady_clock();
  auto& metrics = *runtime_->metrics;
  metrics.groups.add();
  metrics.group_records.record(group_->records());
  metrics.group_bytes.record(group_->bytes());
  if (faults::has(Defect::reply_before_sync) && coordinator_) {
    self_->send(coordinator_, Durable{gathered.last, std::exchange(gathered.committed, {}), {}});
  }
  // The next group has about as many.
  gathered_.keys.reserve(gathered.keys.size());
  under_way_.push_back(std::move(gathered));
  metrics.groups_under_way.set(static_cast<std::int64_t>(under_way_.size()));
  auto group = std::move(*group_);
  group_.reset();
  const auto later = [self = caf::actor_cast<caf::weak_actor_ptr>(self_)](
                         const persistence::StoreResult<void>& result) {
    const auto journal = caf::actor_cast<caf::actor>(self);
    if (journal) caf::anon_send(journal, Appended{result});
  };
  if (const auto result = runtime_->store->append(std::move(group), later)) appended(*result);
}

void Journal::appended(const persistence::StoreResult<void>& result) {
  if (is_over_) return;
  if (!result && runtime_->member) {
    log(Module::journal).info("the term is over: {}", result.error().message);
    return end({});
  }
  if (!result) {
    log(Module::journal).error("{}", result.error().message);
    return end(store_error(result.error()));
  }
  // The pair of the store's promise: durable() passes a group before the group is told.
  ledger::invariant(runtime_->store->durable() >= under_way_.front().last,
                    "a group is told durable that is not");
  auto told = std::move(under_way_.front());
  under_way_.pop_front();
  const auto now = runtime_->steady_clock();
  for (auto& units : told.committed) {
    units.handed_over = told.handed_over;
    units.durable = now;
  }
  runtime_->metrics->append.record(now - told.handed_over);
  runtime_->metrics->groups_under_way.set(static_cast<std::int64_t>(under_way_.size()));
  settle(told.last);
  tell(std::move(told));
  if (is_over_) return;
  if (hand_over_is_due_) hand_over();
  run_barriers();
}

void Journal::tell(Gathered gathered) {
  faults::reach(Point::journal_before_reply);
  const auto& store = *runtime_->store;
  if (const auto format = store.format(); format != format_) {
    log(Module::journal)
        .info("the store's format rises from {} to {}: older programs refuse it",
              std::exchange(format_, format), format);
  }
  if (coordinator_ && !(gathered.committed.empty() && gathered.rejected.empty())) {
    self_->send(coordinator_,
                Durable{settled_, std::move(gathered.committed), std::move(gathered.rejected)});
  }
  for (const auto& wait : gathered.waiters) self_->send(wait.waiter, NowDurable{wait.query});
  if (!give_way()) offer_maintenance();
}

void Journal::once_durable(std::function<void()> then) {
  barriers_.push_back(std::move(then));
  hand_over();
  run_barriers();
}

void Journal::run_barriers() {
  while (!is_over_ && under_way_.empty() && !group_ && !barriers_.empty()) {
    const auto then = std::move(barriers_.front());
    barriers_.pop_front();
    then();
  }
  if (is_over_ || !barriers_.empty()) return;
  for (const auto& message : std::exchange(postponed_, {})) commit(message);
}

void Journal::await_durable(const AwaitDurable& wait) {
  if (wait.sequence <= settled_) {
    self_->send(wait.waiter, NowDurable{wait.query});
    return;
  }
  for (auto& group : under_way_) {
    if (wait.sequence <= group.last) return group.waiters.push_back(wait);
  }
  gathered_.waiters.push_back(wait);
}

bool Journal::is_in_flight(std::uint64_t key_hash) const {
  if (faults::has(Defect::forget_uncommitted_keys)) return false;
  return gathered_.keys.contains(key_hash) ||
         std::any_of(under_way_.begin(), under_way_.end(),
                     [key_hash](const Gathered& group) { return group.keys.contains(key_hash); });
}

bool Journal::is_claim_in_flight(std::size_t claim) {
  return gathered_.claims.contains(claim) ||
         std::any_of(under_way_.begin(), under_way_.end(),
                     [claim](Gathered& group) { return group.claims.contains(claim); });
}

void Journal::Gathered::add(Gathered& later) {
  const auto move_all = [](auto& from, auto& to) {
    to.insert(to.end(), std::move_iterator(from.begin()), std::move_iterator(from.end()));
  };
  move_all(later.committed, committed);
  move_all(later.rejected, rejected);
  move_all(later.waiters, waiters);
  keys.insert(later.keys.begin(), later.keys.end());
  claims.add(later.claims);
}

void Journal::end(caf::error why) {
  is_over_ = true;
  self_->quit(std::move(why));
}

}  // namespace sg::actors
