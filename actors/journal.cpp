#include "actors/journal.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <utility>

#include "actors/actor_errors.hpp"

namespace sg::actors {

using ledger::Amount;
using ledger::LockBatch;
using ledger::RejectedUnits;
using ledger::Sequence;
using ledger::Unit;
using ledger::UnitsOf;

namespace {

bool is_undecided(const ledger::ItemResult& result) {
  return result.state == ledger::ItemResult::State::undecided;
}

// With many accounts each balance waits for memory: it is asked for so many entries ahead.
constexpr std::size_t kPrefetchAhead = 8;

// A shard that none of the units at hand touches may be voting at this moment.
std::uint64_t voted_by(ledger::ShardPart& part) {
  return std::atomic_ref(part.incarnation).load(std::memory_order_relaxed);
}

// Two's complement: only the balance after the last entry counts, and the shards granted that.
Amount wrapping_add(Amount a, Amount b) {
  return static_cast<Amount>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

}  // namespace

Journal::Journal(caf::event_based_actor* self, RuntimePtr runtime, bool reopen)
    : self_(self),
      runtime_(std::move(runtime)),
      reopen_(reopen),
      shards_(runtime_->settings.ledger.shards) {}

caf::behavior Journal::make_behavior() {
  self_->set_down_handler([this](const caf::down_msg& message) { down(message); });
  return {
      [this](supervisor::Init) -> caf::result<supervisor::Ready> {
        if (auto error = open()) return error;
        return supervisor::Ready{};
      },
      [this](const Commit& message) { commit(message); },
      [this](Flush) { flush(); },
      [this](const Fence& message) { fence(message); },
      [this](const Attach& message) { attach(message); },
      [this](const Watch& message) { watch(message); },
      [this](const AwaitDurable& message) { await_durable(message); },
      [this](const TakeSnapshot& message) { take_snapshot(message); },
      [this](const MaintenanceDone& message) { maintenance_done(message); },
      [this](const TakeDirtyBalances& message) { take_dirty(message); },
  };
}

caf::error Journal::open() {
  auto& store = *runtime_->store;
  // Before anything of it can become durable: who reads that looks at the life after it.
  life_ = runtime_->journal_lives->fetch_add(1) + 1;
  if (reopen_) {
    if (auto opened = store.reopen(); !opened) return store_error(opened.error());
  }
  auto balances = store.load_balances();
  if (!balances) return store_error(balances.error());
  auto floors = store.load_floors();
  if (!floors) return store_error(floors.error());
  balances_ = std::move(*balances);
  floors_ = std::move(*floors);
  // What the last checkpoint lacks is not known by account: the next one takes all of them.
  mark_all_dirty();
  run_ms_at_start_ = store.head().run_ms;
  started_at_ = runtime_->steady_clock();
  last_checkpoint_ = store.checkpoint();
  return {};
}

void Journal::fence(const Fence& message) {
  // The successor looks keys up in the store: what its predecessor had sequenced has to be there,
  // or a shard that shows it could refuse its retry.
  if (!flush()) return;
  coordinator_ = message.coordinator;
  coordinator_incarnation_ = runtime_->next_incarnation();
  for (const auto& shard : shards_) {
    if (shard.handle) self_->send(shard.handle, FenceOlder{coordinator_incarnation_});
  }
  self_->send(coordinator_, Fenced{coordinator_incarnation_, runtime_->store->durable()});
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
  // The answer shows durable state only, and what is sequenced later goes to the new handle.
  if (!flush()) return;
  detach(message.shard);
  auto& shard = shards_[message.shard];
  shard.handle = message.handle;
  shard.incarnation = runtime_->next_incarnation();
  self_->monitor(shard.handle);
  self_->send(shard.handle, Attached{shard.incarnation, coordinator_incarnation_, life_,
                                     runtime_->store->durable(), copy_balances()});
  tell_watchers(ShardAttached{message.shard, shard.handle});
}

void Journal::detach(std::uint32_t index) {
  auto& shard = shards_[index];
  if (!shard.handle) return;
  shard.handle = nullptr;
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
  if (all_stand) return true;
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

void Journal::reject(const ledger::LockBatchPtr& batch, std::uint32_t unit,
                     RejectedUnits::Why why) {
  if (rejected_.empty() || rejected_.back().units.batch != batch || rejected_.back().why != why) {
    rejected_.push_back({{batch, {}}, why});
  }
  rejected_.back().units.units.push_back(unit);
}

bool Journal::begin_group() {
  if (group_) return true;
  auto& store = *runtime_->store;
  if (!store.has_room()) return false;
  const auto ran =
      std::chrono::duration_cast<std::chrono::milliseconds>(runtime_->steady_clock() - started_at_);
  group_.emplace(store.begin_group(runtime_->wall_clock(), run_ms_at_start_ + ran.count()));
  return true;
}

void Journal::commit(const Commit& message) {
  auto applied = std::make_shared<std::vector<AppliedUnits>>();
  for (const auto& units : message.units) {
    // A fenced coordinator's commit is dropped: its callers are told that the outcome is unknown.
    if (units.batch->coordinator != coordinator_incarnation_) continue;
    sequence(units, *applied);
  }
  if (!applied->empty()) {
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      const bool touched = std::any_of(
          applied->begin(), applied->end(),
          [i](const AppliedUnits& a) { return !a.units.batch->parts[i].units.empty(); });
      if (touched && shards_[i].handle) self_->send(shards_[i].handle, Applied{applied});
    }
  }
  schedule_flush();
}

void Journal::sequence(const UnitsOf& units, std::vector<AppliedUnits>& applied) {
  auto& batch = *units.batch;
  if (!begin_group()) {
    for (const auto unit : units.units) {
      reject(units.batch, unit, RejectedUnits::Why::storage_full);
    }
    return;
  }
  const bool all_stand = all_votes_stand(batch);
  UnitsOf booked{units.batch, {}};
  booked.units.reserve(units.units.size());
  for (const auto index : units.units) {
    prefetch_balances(batch, index);
    if (!votes_stand(batch, index, all_stand)) {
      reject(units.batch, index, RejectedUnits::Why::shard_changed);
      continue;
    }
    switch (book(batch, batch.units[index])) {
      case Booked::yes:
        booked.units.push_back(index);
        break;
      case Booked::key_bound:
        reject(units.batch, index, RejectedUnits::Why::key_bound);
        break;
      case Booked::refused:
        reject(units.batch, index, RejectedUnits::Why::refused);
        break;
    }
  }
  if (booked.units.empty()) return;
  applied.push_back({booked, group_->last_sequence()});
  committed_.push_back({std::move(booked), group_->time()});
}

// As many as the unit has, further on.
void Journal::prefetch_balances(const LockBatch& batch, std::uint32_t unit) const {
  const auto& numbers = batch.account_numbers;
  const auto next = unit + 1 < batch.units.size() ? batch.units[unit + 1].first_account
                                                  : static_cast<std::uint32_t>(numbers.size());
  const auto end = std::min(next + kPrefetchAhead, numbers.size());
  for (auto i = batch.units[unit].first_account + kPrefetchAhead; i < end; ++i) {
    const auto number = numbers[i];
    if (number >= balances_.size()) continue;
    __builtin_prefetch(&balances_[number], 1);
    __builtin_prefetch(&floors_[number]);
  }
}

void Journal::touch(ledger::AccountNumber account) {
  if (is_dirty_[account]) return;
  is_dirty_[account] = true;
  dirty_.push_back(account);
}

Journal::Booked Journal::book(LockBatch& batch, Unit& unit) {
  const auto& submission = *unit.submission;
  if (submission.new_participant) {
    unit.sequence = group_->add(*submission.new_participant).sequence;
  } else if (submission.new_account) {
    const auto account = group_->add(*submission.new_account);
    unit.sequence = account.sequence;
    unit.created = account.number;
    balances_.push_back(account.initial_balance);
    floors_.push_back(account.floor);
    is_dirty_.push_back(false);
    touch(account.number);
  } else {
    return book_transfers(batch, unit);
  }
  group_->end_unit();
  return Booked::yes;
}

// The coordinator has looked at the chain up to `known`. Two keys of one hash in a group: the
// second is looked up again once the first is durable.
ledger::Result<bool> Journal::key_is_bound(const ledger::Transfer& transfer, Sequence known) {
  if (group_keys_.contains(transfer.key_hash)) return true;
  auto found = runtime_->store->find_key({transfer.idempotency_key, transfer.key_hash, known});
  if (!found) return tl::unexpected(unavailable_error(found.error()));
  return found->has_value();
}

Journal::Booked Journal::book_transfers(LockBatch& batch, Unit& unit) {
  const auto& submission = *unit.submission;
  const auto end = unit.first_item + unit.item_count;
  std::uint32_t entries = 0;
  for (auto i = unit.first_item; i < end; ++i) {
    if (!is_undecided(submission.results[i])) continue;
    const auto& transfer = submission.transfers[i];
    entries += static_cast<std::uint32_t>(transfer.entries.size());
    if (transfer.idempotency_key.empty()) continue;
    const auto bound = key_is_bound(transfer, batch.keys_known);
    if (!bound) {
      spdlog::critical("journal: cannot look a key up: {}", bound.error().message);
      return Booked::refused;
    }
    if (*bound) return Booked::key_bound;
  }
  if (!move_money(batch, unit, entries)) return Booked::refused;

  auto account = unit.first_account;
  unit.sequence = group_->last_sequence() + 1;
  for (auto i = unit.first_item; i < end; ++i) {
    if (!is_undecided(submission.results[i])) continue;
    const auto& transfer = submission.transfers[i];
    postings_.clear();
    for (const auto& entry : transfer.entries) {
      postings_.push_back({batch.account_numbers[account++], entry.amount});
    }
    if (!transfer.idempotency_key.empty()) group_keys_.insert(transfer.key_hash);
    group_->add(persistence::TransferRecord{transfer.kind, postings_, transfer.reference,
                                            transfer.idempotency_key, transfer.digest,
                                            transfer.key_hash});
  }
  group_->end_unit();
  return Booked::yes;
}

// The last line of defence: the shards have granted, so no balance can end below its floor.
bool Journal::move_money(const LockBatch& batch, const Unit& unit, std::uint32_t entries) {
  const auto apply = [&](bool forward) {
    auto account = unit.first_account;
    for (auto i = unit.first_item; i < unit.first_item + unit.item_count; ++i) {
      if (!is_undecided(unit.submission->results[i])) continue;
      for (const auto& entry : unit.submission->transfers[i].entries) {
        const auto number = batch.account_numbers[account++];
        auto& balance = balances_[number];
        balance = forward ? wrapping_add(balance, entry.amount)
                          : static_cast<Amount>(static_cast<std::uint64_t>(balance) -
                                                static_cast<std::uint64_t>(entry.amount));
        touch(number);
      }
    }
  };
  apply(true);
  for (std::uint32_t e = 0; e < entries; ++e) {
    const auto number = batch.account_numbers[unit.first_account + e];
    if (balances_[number] >= floors_[number]) continue;
    spdlog::critical("journal: a granted unit would take account {} to {}, below its floor {}",
                     number, balances_[number], floors_[number]);
    apply(false);
    return false;
  }
  return true;
}

void Journal::schedule_flush() {
  if (flush_scheduled_) return;
  // Commits that wait in the mailbox already come before this message: they join the group.
  flush_scheduled_ = true;
  self_->send(self_, Flush{});
}

bool Journal::flush() {
  flush_scheduled_ = false;
  if (group_ && !group_->empty()) {
    auto written = runtime_->store->append(std::move(*group_));
    group_.reset();
    if (!written) {
      spdlog::error("journal: {}", written.error().message);
      self_->quit(store_error(written.error()));
      return false;
    }
  }
  group_.reset();
  if (!group_keys_.empty()) {
    // The next group has about as many; clear() alone gives the room back.
    const auto keys = group_keys_.size();
    group_keys_.clear();
    group_keys_.reserve(keys);
  }
  const auto durable = runtime_->store->durable();
  if (coordinator_ && !(committed_.empty() && rejected_.empty())) {
    self_->send(coordinator_,
                Durable{durable, std::exchange(committed_, {}), std::exchange(rejected_, {})});
  }
  for (const auto& wait : std::exchange(waiters_, {})) {
    self_->send(wait.waiter, NowDurable{wait.query});
  }
  offer_maintenance();
  return true;
}

void Journal::await_durable(const AwaitDurable& wait) {
  if (wait.sequence <= runtime_->store->durable()) {
    self_->send(wait.waiter, NowDurable{wait.query});
    return;
  }
  waiters_.push_back(wait);
}

std::shared_ptr<const std::vector<Amount>> Journal::copy_balances() const {
  return std::make_shared<const std::vector<Amount>>(balances_);
}

void Journal::take_snapshot(const TakeSnapshot& take) {
  if (!flush()) return;
  self_->send(take.asker, Snapshot{take.query, runtime_->store->head(), copy_balances()});
}

void Journal::mark_all_dirty() {
  is_dirty_.assign(balances_.size(), true);
  dirty_.resize(balances_.size());
  std::iota(dirty_.begin(), dirty_.end(), ledger::AccountNumber{0});
  taking_.clear();
}

void Journal::take_dirty(const TakeDirtyBalances& take) {
  if (!flush()) return;
  if (take.first) {
    // What changes from here on belongs to the next checkpoint, so this one ends.
    taking_ = std::exchange(dirty_, {});
    for (const auto account : taking_) is_dirty_[account] = false;
  }
  DirtyBalances answer;
  answer.sequence = runtime_->store->durable();
  const auto count = std::min(take.limit, taking_.size());
  answer.rows.reserve(count);
  for (auto it = taking_.end() - static_cast<std::ptrdiff_t>(count); it != taking_.end(); ++it) {
    answer.rows.push_back({*it, balances_[*it], answer.sequence});
  }
  taking_.resize(taking_.size() - count);
  answer.more = !taking_.empty();
  self_->send(take.indexer, std::move(answer));
}

void Journal::maintenance_done(const MaintenanceDone& message) {
  // What a dead indexer took and did not write has to be taken again.
  if (message.failed || message.indexer != last_indexer_) mark_all_dirty();
  if (message.failed) last_checkpoint_ = runtime_->store->checkpoint();
  last_indexer_ = message.indexer;
  indexer_ = message.indexer;
  offer_maintenance();
}

void Journal::offer_maintenance() {
  if (!indexer_) return;  // none, or busy
  const auto& store = *runtime_->store;
  const auto durable = store.durable();
  const bool checkpoint =
      durable - last_checkpoint_ >= runtime_->settings.storage.checkpoint_interval;
  const bool index = store.has_index_work();
  if (checkpoint) last_checkpoint_ = durable;
  if (checkpoint || index) self_->send(std::exchange(indexer_, {}), Maintain{checkpoint});
}

caf::behavior journal(caf::event_based_actor* self, RuntimePtr runtime, bool reopen) {
  auto state = std::make_shared<Journal>(self, std::move(runtime), reopen);
  auto behavior = state->make_behavior();
  self->attach_functor([state] {});
  return behavior;
}

}  // namespace sg::actors
