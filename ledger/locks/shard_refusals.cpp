// The part of a shard's rules that says why it refuses a unit: which entry is to blame.
#include <algorithm>

#include "ledger/locks/shard_ledger.hpp"

namespace sg::ledger {
namespace {

// The balance would leave its range: which item is to blame depends on those before it.
bool is_of_bounds(Reason reason) {
  return reason == Reason::insufficient_funds || reason == Reason::balance_overflow ||
         reason == Reason::ceiling_exceeded;
}

}  // namespace

// An entry on the other side than the frozen one is not to blame.
std::uint32_t ShardLedger::first_frozen(
    const ShardPart& part, const UnitPart& unit,
    const absl::flat_hash_map<Slot, std::uint8_t>& frozen) const {
  for (auto e = unit.first_entry; e < unit.first_entry + unit.entry_count; ++e) {
    const auto& entry = part.entries[e];
    const auto found = frozen.find(accounts_.find(entry.name).value_or(kNone));
    if (found != frozen.end() && (found->second & side_of(entry.amount)) != 0) return entry.entry;
  }
  return kNone;
}

// Of several refused locks, the one whose item comes first explains the refusal.
//
// A unit is judged by its net on each account. The item to blame is the first one that takes the
// account's running balance out of its range. Such an item exists, because the net is out of range.
// One walk over the entries serves all refused locks: a unit may have thousands of both.
// What the state of an account refuses comes before what its bounds do, whatever the entry; and
// ceilings come last, as in refusal_text.cpp.
Refusal ShardLedger::explain(const ShardPart& part, const UnitPart& unit,
                             std::span<const RefusedLock> refused) {
  Refusal first;
  first.observed = applied_;
  first.entry = kNone;
  running_.clear();
  absl::flat_hash_map<Slot, std::uint8_t> frozen;
  const bool only_ceilings = std::all_of(refused.begin(), refused.end(), [](const auto& one) {
    return one.reason == Reason::ceiling_exceeded;
  });
  for (const auto& [index, reason] : refused) {
    const auto& lock = part.locks[index];
    const auto balance = table_.at(lock.slot).balance;
    if (is_of_bounds(reason)) {
      const bool counts = reason != Reason::ceiling_exceeded || only_ceilings;
      if (counts) running_.emplace(lock.slot, RunningBalance{reason, balance});
    } else if (reason == Reason::account_frozen) {
      frozen.emplace(lock.slot, table_.policy_of(lock.slot).frozen);
    } else if (lock.first_entry < first.entry) {
      first = {reason, lock.first_entry, balance, balance, lock.amount, applied_};
    }
  }
  if (!frozen.empty()) {
    const auto entry = first_frozen(part, unit, frozen);
    if (entry < first.entry) first = {Reason::account_frozen, entry, 0, 0, 0, applied_};
  }
  if (running_.empty() || first.entry != kNone) return first;
  const auto end = unit.first_entry + unit.entry_count;
  for (auto e = unit.first_entry; e < end && first.entry == kNone;) {
    // All entries of one item on this shard.
    const auto item = part.entries[e].item;
    touched_.clear();
    for (; e < end && part.entries[e].item == item; ++e) {
      const auto& entry = part.entries[e];
      // The name is gone if the creation of its account was aborted.
      const auto found = running_.find(accounts_.find(entry.name).value_or(kNone));
      if (found == running_.end()) continue;
      auto& [slot, running] = *found;
      if (!running.touched) touched_.push_back(slot);
      running.touched = true;
      const bool to_blame = (running.reason == Reason::insufficient_funds) == (entry.amount < 0);
      if (to_blame && running.entry == kNone) running.entry = entry.entry;
      running.amount += entry.amount;
    }
    for (const auto slot : touched_) {
      auto& running = running_.find(slot)->second;
      const auto policy = table_.policy_of(slot);
      const auto after = running.balance + running.amount;
      const bool is_out = running.reason == Reason::insufficient_funds ? after < policy.floor
                                                                       : after > policy.ceiling;
      if (is_out && running.entry < first.entry) {
        first = {running.reason, running.entry, table_.at(slot).balance, running.balance,
                 running.amount, applied_,      policy.ceiling};
      }
      running = {running.reason, after};
    }
  }
  return first;
}

}  // namespace sg::ledger
