// The part of the journal that knows who may commit: coordinators, shards, and whose votes stand.
#include <algorithm>
#include <atomic>

#include "actors/journal/journal.hpp"
#include "faults/fault_injection.hpp"

namespace sg::actors {

using ledger::LockBatch;

namespace {

// A shard that none of the units at hand touches may be voting at this moment.
std::uint64_t voted_by(ledger::ShardPart& part) {
  return std::atomic_ref(part.incarnation).load(std::memory_order_relaxed);
}

// Its successor has asked already.
bool is_left_behind(std::uint64_t start_number, std::uint64_t latest) {
  return start_number < latest && !faults::has(faults::Defect::heed_left_behind);
}

}  // namespace

void Journal::fence(const Fence& message) {
  // One that was left behind wakes up, while its successor serves.
  if (is_left_behind(message.start_number, coordinator_start_)) return;
  coordinator_start_ = message.start_number;
  if (!sequences()) {
    fence_ = message;
    return;
  }
  // The successor looks keys up in the store: what its predecessor had sequenced has to be there,
  // or a shard that shows it could refuse its retry.
  if (faults::has(faults::Defect::forget_uncommitted_keys)) return install(message);
  once_durable([this, message] { install(message); });
}

void Journal::install(const Fence& message) {
  if (message.start_number != coordinator_start_) return;  // another has asked meanwhile
  coordinator_ = message.coordinator;
  coordinator_incarnation_ = runtime_->next_incarnation();
  for (const auto& shard : shards_) {
    if (shard.handle) self_->send(shard.handle, FenceOlder{coordinator_incarnation_});
  }
  self_->send(coordinator_, Fenced{coordinator_incarnation_, settled_, term_, require_balanced_});
  watch({coordinator_});
}

void Journal::watch(const Watch& message) {
  self_->monitor(message.watcher);
  watchers_.push_back(message.watcher);
  for (std::uint32_t i = 0; i < shards_.size(); ++i) {
    if (shards_[i].handle) self_->send(message.watcher, ShardAttached{i, shards_[i].handle});
  }
}

template <class Message>
void Journal::tell_watchers(const Message& message) {
  for (const auto& watcher : watchers_) self_->send(watcher, message);
}

void Journal::attach(const Attach& message) {
  auto& shard = shards_[message.shard];
  // As in fence().
  if (is_left_behind(message.start_number, shard.start_number)) return;
  shard.start_number = message.start_number;
  if (faults::has(faults::Defect::attach_unsynced)) return switch_to(message);
  // The answer shows durable state only, and what is sequenced later goes to the new handle.
  once_durable([this, message] { switch_to(message); });
}

void Journal::switch_to(const Attach& message) {
  auto& shard = shards_[message.shard];
  if (message.start_number != shard.start_number) return;  // another has asked meanwhile
  detach(message.shard);
  shard.handle = message.handle;
  shard.incarnation = runtime_->next_incarnation();
  self_->monitor(shard.handle);
  Attached answer{shard.incarnation,
                  coordinator_incarnation_,
                  incarnation_,
                  settled_,
                  take_roster(message.shard),
                  nullptr,
                  nullptr};
  if (!answer.roster) {
    answer.balances =
        std::make_shared<const std::vector<ledger::Amount>>(books_.balances(0, books_.accounts()));
  }
  answer.policies = std::make_shared<const ledger::Policies>(books_.policies());
  self_->send(shard.handle, std::move(answer));
  tell_watchers(ShardAttached{message.shard, shard.handle});
}

std::shared_ptr<const ShardRoster> Journal::take_roster(std::uint32_t shard) {
  if (rosters_.empty()) return nullptr;
  const auto roster = std::exchange(rosters_[shard], nullptr);
  if (!roster) return nullptr;
  roster->set_balances([this](auto number) { return books_.balance(number); });
  return roster;
}

void Journal::detach(std::uint32_t index) {
  auto& shard = shards_[index];
  if (!shard.handle) return;
  shard.handle = nullptr;
  for (const auto& snapshot : verified_) snapshot->give_up(index);
  // Votes of the one that left do not count any more.
  shard.incarnation = runtime_->next_incarnation();
  tell_watchers(ShardDetached{index});
}

void Journal::down(const caf::down_msg& message) {
  std::erase_if(watchers_, [&](const caf::actor& w) { return w.address() == message.source; });
  for (std::uint32_t i = 0; i < shards_.size(); ++i) {
    if (shards_[i].handle && shards_[i].handle.address() == message.source) detach(i);
  }
}

bool Journal::all_votes_stand(LockBatch& batch) const {
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    auto& part = batch.parts[i];
    if (!part.units.empty() && voted_by(part) != shards_[i].incarnation) return false;
  }
  return true;
}

bool Journal::votes_stand(LockBatch& batch, std::uint32_t unit, bool all_stand) const {
  if (all_stand || faults::has(faults::Defect::votes_of_the_dead)) return true;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    auto& part = batch.parts[i];
    if (voted_by(part) == shards_[i].incarnation) continue;
    const auto found =
        std::lower_bound(part.units.begin(), part.units.end(), unit,
                         [](const ledger::UnitPart& p, std::uint32_t u) { return p.unit < u; });
    if (found != part.units.end() && found->unit == unit) return false;
  }
  return true;
}

}  // namespace sg::actors
