// The states of a unit on its shard:
//
//   fresh --vote()--> granted --apply() or abort()--> done
//                     waiting --settle()--> granted, or done (refused)
//
// A refused unit is done at once, since it holds nothing.
#include "ledger/locks/shard_ledger.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "ledger/invariant.hpp"

namespace sg::ledger {
namespace {

// Up to so many entries, a scan over the unit's locks is faster than a hash table.
constexpr std::uint32_t kScanLocks = 16;
// With many accounts each lock waits for memory, so the slot is asked for this many locks ahead.
constexpr std::uint32_t kPrefetchAhead = 12;
// Finding a unit by its number costs about as much as walking over this many units.
constexpr std::size_t kUnitsWorthWalk = 8;
// Units whose names are looked up together, so that their waits for memory overlap.
constexpr std::size_t kUnitsTogether = 32;

bool is_creation(LockMode mode) {
  return mode == LockMode::create_account || mode == LockMode::create_participant;
}

bool moves_money(LockMode mode) { return mode == LockMode::escrow || mode == LockMode::exclusive; }

bool is_participant(LockMode mode) {
  return mode == LockMode::create_participant || mode == LockMode::participant_exists ||
         mode == LockMode::participant_absent;
}

// True for locks on a name that need not exist yet.
bool makes_name(LockMode mode) { return is_creation(mode) || mode == LockMode::participant_absent; }

}  // namespace

ShardLedger::ShardLedger(std::uint32_t shard, std::uint64_t incarnation, Sequence applied)
    : shard_(shard), incarnation_(incarnation), applied_(applied) {}

Slot ShardLedger::resolve(const EntryPart& entry) {
  auto& names = is_participant(entry.mode) ? participants_ : accounts_;
  if (const auto found = names.find(entry.name)) return *found;
  if (!makes_name(entry.mode)) return kNone;
  const Slot slot = table_.add_name();
  names.insert(entry.name, slot);
  creating_.emplace(slot, Creating{is_participant(entry.mode), std::string(entry.name)});
  return slot;
}

void ShardLedger::resolve_ahead(const ShardPart& part, std::uint32_t first, std::uint32_t end) {
  const auto entries = std::span(part.entries).subspan(first, end - first);
  hashes_ahead_.clear();
  for (const auto& entry : entries) {
    hashes_ahead_.push_back(NameTable::hash(entry.name));
    accounts_.prefetch(hashes_ahead_.back());
  }
  // Three passes: ask for the entries, then for the texts and slots, then look up. Each pass finds
  // what the one before has asked for.
  for (const auto hash : hashes_ahead_) {
    if (const auto slot = accounts_.prefetch_text(hash)) table_.prefetch(*slot);
  }
  ahead_.clear();
  first_ahead_ = first;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const bool is_account = moves_money(entries[i].mode);
    const auto slot = is_account ? accounts_.find(entries[i].name, hashes_ahead_[i]) : std::nullopt;
    ahead_.push_back(slot.value_or(kNone));
  }
}

Slot ShardLedger::slot_of(const ShardPart& part, std::uint32_t entry) {
  const auto ahead = entry - first_ahead_;
  if (ahead < ahead_.size() && ahead_[ahead] != kNone) return ahead_[ahead];
  return resolve(part.entries[entry]);
}

void ShardLedger::drop_name_if_vacant(Slot slot) {
  if (!table_.vacant(slot)) return;
  const auto found = creating_.find(slot);
  if (found == creating_.end()) return;
  // The freed slot may get another name, so slots found ahead are not valid any more.
  ahead_.clear();
  (found->second.participant ? participants_ : accounts_).erase(found->second.name);
  creating_.erase(found);
  table_.remove_name(slot);
}

// Nets the unit's entries to one lock per account; false when a name is not found.
bool ShardLedger::collect_locks(ShardPart& part, UnitPart& unit, Refusal& refusal) {
  unit.first_lock = static_cast<std::uint32_t>(part.locks.size());
  const bool many = unit.entry_count > kScanLocks;
  if (many) lock_of_slot_.clear();
  for (std::uint32_t e = unit.first_entry; e < unit.first_entry + unit.entry_count; ++e) {
    const auto& entry = part.entries[e];
    const Slot slot = slot_of(part, e);
    if (slot == kNone) {
      refusal.reason = entry.mode == LockMode::participant_exists ? Reason::participant_not_found
                                                                  : Reason::account_not_found;
      refusal.entry = entry.entry;
      part.locks.resize(unit.first_lock);
      return false;
    }
    std::uint32_t at = kNone;
    if (many) {
      const auto [found, added] =
          lock_of_slot_.try_emplace(slot, static_cast<std::uint32_t>(part.locks.size()));
      if (!added) at = found->second;
    } else {
      for (auto l = unit.first_lock; l < part.locks.size() && at == kNone; ++l) {
        if (part.locks[l].slot == slot) at = l;
      }
    }
    if (at == kNone) {
      at = static_cast<std::uint32_t>(part.locks.size());
      part.locks.push_back({.slot = slot, .mode = entry.mode});
    }
    auto& lock = part.locks[at];
    lock.amount += entry.amount;
    lock.sides |= side_of(entry.amount);
    if (entry.mode == LockMode::exclusive) lock.mode = LockMode::exclusive;
    lock.first_entry = std::min(lock.first_entry, entry.entry);
  }
  unit.lock_count = static_cast<std::uint32_t>(part.locks.size()) - unit.first_lock;
  return true;
}

void ShardLedger::refuse(ShardPart& part, UnitPart& unit, const Refusal& refusal) {
  unit.vote = Vote::refused;
  unit.refusal = static_cast<std::uint32_t>(part.refusals.size());
  unit.state = PartState::done;
  part.refusals.push_back(refusal);
  --part.undecided;
}

void ShardLedger::vote(LockBatch& batch, UnitPart& unit) {
  auto& part = batch.parts[shard_];
  Refusal refusal;
  refusal.observed = applied_;
  if (!collect_locks(part, unit, refusal)) return refuse(part, unit, refusal);

  refused_.clear();
  for (std::uint32_t l = unit.first_lock; l < unit.first_lock + unit.lock_count; ++l) {
    auto& lock = part.locks[l];
    const LockOwner owner{&batch, static_cast<std::uint32_t>(&unit - part.units.data()), l};
    // Locks after a refused one are requested as well, so that explain() knows all that were
    // refused.
    const auto judgement =
        table_.request(lock.slot, lock.mode, lock.amount, lock.sides, owner, lock.waiter);
    if (judgement.vote == Vote::granted) {
      lock.state = LockState::held;
    } else if (judgement.vote == Vote::waiting) {
      lock.state = LockState::waiting;
      ++unit.locks_waiting;
    } else {
      refused_.push_back({l, judgement.reason});
    }
  }
  if (!refused_.empty()) {
    refusal = explain(part, unit, refused_);
    roll_back(part, unit);
    return refuse(part, unit, refusal);
  }
  const bool waits = unit.locks_waiting > 0;
  unit.vote = waits ? Vote::waiting : Vote::granted;
  unit.state = waits ? PartState::waiting : PartState::granted;
  if (!waits) return finish(batch, unit);
  note_waits(part, unit);
}

// Writes the numbers of a granted unit's accounts for the journal.
void ShardLedger::finish(LockBatch& batch, UnitPart& unit) {
  auto& part = batch.parts[shard_];
  const auto first = unit.first_account;
  for (std::uint32_t e = unit.first_entry; e < unit.first_entry + unit.entry_count; ++e) {
    const auto& entry = part.entries[e];
    if (!moves_money(entry.mode)) continue;
    auto slot = kNone;
    if (unit.lock_count == unit.entry_count) {
      // No two entries share an account, so the locks stand in the order of the entries.
      slot = part.locks[unit.first_lock + (e - unit.first_entry)].slot;
    } else {
      slot = *accounts_.find(entry.name);
    }
    batch.account_numbers[first + entry.entry] = table_.at(slot).number;
  }
}

void ShardLedger::roll_back(ShardPart& part, UnitPart& unit) {
  for (std::uint32_t l = unit.first_lock; l < unit.first_lock + unit.lock_count; ++l) {
    auto& lock = part.locks[l];
    const auto state = std::exchange(lock.state, LockState::none);
    if (state == LockState::none) continue;
    if (state == LockState::waiting) {
      table_.leave(lock.slot, lock.waiter, decided_);
    } else if (is_creation(lock.mode)) {
      table_.abort_creation(lock.slot, decided_);
    } else if (lock.mode == LockMode::participant_absent) {
      table_.release_absence(lock.slot, decided_);
    } else if (lock.mode == LockMode::exclusive) {
      table_.abort_exclusive(lock.slot, decided_);
    } else {
      table_.abort(lock.slot, lock.amount, decided_);
    }
    absorb();
    drop_name_if_vacant(lock.slot);
  }
  unit.locks_waiting = 0;
}

// A decided waiter has left its queue. Its lock must say so before roll_back() looks at it.
void ShardLedger::absorb() {
  for (; absorbed_ < decided_.size(); ++absorbed_) {
    const auto& [owner, judgement] = decided_[absorbed_];
    owner.batch->parts[shard_].locks[owner.lock].state =
        judgement.vote == Vote::granted ? LockState::held : LockState::none;
  }
}

void ShardLedger::lock(const LockBatchPtr& batch, std::vector<LateVote>& late) {
  auto& part = batch->parts[shard_];
  // The coordinator hands each part over once, to one shard.
  invariant(part.incarnation == 0, "a shard is given a part that was voted on");
  std::atomic_ref(part.incarnation).store(incarnation_, std::memory_order_relaxed);
  part.undecided = static_cast<std::uint32_t>(part.units.size());
  part.locks.reserve(part.entries.size());
  active_.emplace(batch->id, batch);
  const std::span units(part.units);
  for (std::size_t begin = 0; begin < units.size(); begin += kUnitsTogether) {
    const auto together = units.subspan(begin, std::min(kUnitsTogether, units.size() - begin));
    const auto first = together.front().first_entry;
    const auto end = together.back().first_entry + together.back().entry_count;
    resolve_ahead(part, first, end);
    for (auto& unit : together) vote(*batch, unit);
  }
  ahead_.clear();
  settle(late);
  if (part.undecided == 0) active_.erase(batch->id);
}

void ShardLedger::settle(std::vector<LateVote>& late) {
  // Rolling back a refused unit can decide further waiters, so the list grows during the walk.
  for (std::size_t i = 0; i < decided_.size(); ++i) {
    const auto [owner, judgement] = decided_[i];
    auto& part = owner.batch->parts[shard_];
    auto& unit = part.units[owner.unit_part];
    if (unit.state != PartState::waiting) continue;
    if (judgement.vote == Vote::granted && --unit.locks_waiting > 0) continue;
    const auto batch = active_.find(owner.batch->id)->second;
    if (judgement.vote == Vote::granted) {
      unit.state = PartState::granted;
      finish(*batch, unit);
      late.push_back({batch, shard_, unit.unit, incarnation_, Vote::granted, {}});
      continue;
    }
    const auto& lock = part.locks[owner.lock];
    const RefusedLock refused{owner.lock, judgement.reason};
    const auto refusal = explain(part, unit, {&refused, 1});
    unit.state = PartState::done;
    drop_name_if_vacant(lock.slot);
    roll_back(part, unit);
    if (--part.undecided == 0) active_.erase(batch->id);
    late.push_back({batch, shard_, unit.unit, incarnation_, Vote::refused, refusal});
  }
  decided_.clear();
  absorbed_ = 0;
}

void ShardLedger::apply(LockBatch& batch, std::span<const std::uint32_t> units, Sequence last,
                        std::vector<LateVote>& late) {
  // The loaded state reflects these records already.
  if (last <= applied_) return;
  applied_ = last;
  const auto active = active_.find(batch.id);
  // A restarted coordinator counts its batches anew, so the id alone may name another batch.
  if (active == active_.end() || active->second.get() != &batch) return;
  // Keeps the batch alive: the map's pointer to it may be erased below.
  const auto keep = active->second;
  auto& part = batch.parts[shard_];
  // Each shard has a part of the batch. Walking over it is cheaper than a look-up of each unit,
  // unless the units are few.
  if (units.size() * kUnitsWorthWalk < part.units.size()) {
    for (const auto index : units) {
      if (auto* unit = find_unit(part, index)) apply_unit(batch, *unit);
    }
  } else {
    for (auto& unit : part.units) {
      // A later group of the journal may have given out higher sequences already. Its message
      // follows.
      const auto sequence = batch.sequence_of(unit.unit);
      if (sequence != 0 && sequence <= last) apply_unit(batch, unit);
    }
  }
  settle(late);
  if (part.undecided == 0) active_.erase(batch.id);
}

void ShardLedger::apply_unit(LockBatch& batch, UnitPart& unit) {
  if (unit.state != PartState::granted) return;
  auto& part = batch.parts[shard_];
  unit.state = PartState::done;
  --part.undecided;
  for (std::uint32_t l = unit.first_lock; l < unit.first_lock + unit.lock_count; ++l) {
    if (l + kPrefetchAhead < part.locks.size()) {
      table_.prefetch(part.locks[l + kPrefetchAhead].slot);
    }
    auto& lock = part.locks[l];
    lock.state = LockState::none;
    if (is_creation(lock.mode)) {
      const auto& created = batch.units[unit.unit].submission->operation;
      creating_.erase(lock.slot);
      if (const auto* account = std::get_if<NewAccount>(&created)) {
        keep_for_copies(lock.slot);
        table_.commit_creation(lock.slot, batch.units[unit.unit].created, account->initial_balance,
                               ledger::policy_of(*account), decided_);
      } else {
        table_.commit_creation(lock.slot, kNoAccount, 0, Policy(), decided_);
      }
    } else if (lock.mode == LockMode::participant_absent) {
      table_.release_absence(lock.slot, decided_);
    } else if (lock.mode == LockMode::exclusive) {
      apply_exclusive(batch, unit, lock.slot);
    } else {
      keep_for_copies(lock.slot);
      table_.commit(lock.slot, lock.amount, decided_);
    }
    absorb();
    if (lock.mode == LockMode::participant_absent) drop_name_if_vacant(lock.slot);
  }
}

void ShardLedger::apply_exclusive(const LockBatch& batch, const UnitPart& unit, Slot slot) {
  const auto& outcome = batch.outcomes.find(unit.unit)->second;
  const auto* account = outcome.find(table_.at(slot).number);
  invariant(account != nullptr, "an account is locked exclusively and has no outcome");
  keep_for_copies(slot);
  table_.commit_exclusive(slot, account->balance, account->policy, decided_);
}

void ShardLedger::abort(LockBatch& batch, std::span<const std::uint32_t> units,
                        std::vector<LateVote>& late) {
  const auto active = active_.find(batch.id);
  if (active == active_.end() || active->second.get() != &batch) return;
  const auto keep = active->second;
  auto& part = batch.parts[shard_];
  for (const auto index : units) {
    auto* unit = find_unit(part, index);
    if (unit == nullptr || unit->state == PartState::done || unit->state == PartState::fresh) {
      continue;
    }
    unit->state = PartState::done;
    --part.undecided;
    roll_back(part, *unit);
  }
  settle(late);
  if (part.undecided == 0) active_.erase(batch.id);
}

void ShardLedger::drop_undecided() {
  // Their late votes would go to a coordinator that was fenced, so none are made.
  const auto dropped = std::exchange(active_, {});
  for (const auto& [id, batch] : dropped) {
    for (auto& unit : batch->parts[shard_].units) {
      // Waiters first: then the roll-back of the granted units has nobody left to grant.
      if (unit.state == PartState::waiting) {
        unit.state = PartState::done;
        roll_back(batch->parts[shard_], unit);
      }
    }
  }
  for (const auto& [id, batch] : dropped) {
    for (auto& unit : batch->parts[shard_].units) {
      if (unit.state != PartState::granted) continue;
      unit.state = PartState::done;
      roll_back(batch->parts[shard_], unit);
    }
  }
  decided_.clear();
  absorbed_ = 0;
}

void ShardLedger::begin_copy() { copies_.emplace_back(table_); }

std::optional<HeldBalances> ShardLedger::advance_copy(std::size_t pages) {
  if (!copies_.front().advance(pages, table_)) return std::nullopt;
  auto held = std::move(copies_.front()).take();
  copies_.pop_front();
  return held;
}

std::optional<AccountReading> ShardLedger::read(std::string_view id) const {
  const auto found = accounts_.find(id);
  if (!found) return std::nullopt;
  const auto& account = table_.at(*found);
  if (!account.exists()) return std::nullopt;
  return AccountReading{account.number, account.balance, applied_, table_.policy_of(*found)};
}

}  // namespace sg::ledger
