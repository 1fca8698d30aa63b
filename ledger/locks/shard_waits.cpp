// The part of a shard's rules that says what a unit waits for.
#include <algorithm>

#include "ledger/locks/shard_ledger.hpp"

namespace sg::ledger {

// For whoever asks later what the unit waited for.
void ShardLedger::note_waits(ShardPart& part, const UnitPart& unit) const {
  for (auto l = unit.first_lock; l < unit.first_lock + unit.lock_count; ++l) {
    const auto& lock = part.locks[l];
    if (lock.state != LockState::waiting || part.waits.size() >= LockWait::kMost) continue;
    const auto first = part.entries.begin() + unit.first_entry;
    const auto entry = std::find_if(first, first + unit.entry_count, [&](const EntryPart& one) {
      return one.entry == lock.first_entry;
    });
    if (entry == first + unit.entry_count) continue;
    const auto& account = table_.at(lock.slot);
    part.waits.push_back({unit.unit, entry->name, account.held, account.incoming});
  }
}

}  // namespace sg::ledger
