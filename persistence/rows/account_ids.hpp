// A cache of account ids by account number. Blocks name accounts by number; listings and retries
// turn many of the same numbers back into ids. The id of a durable account never changes, so an
// entry never goes stale.
//
//   AccountIdCache ids;
//   auto id = ids.id_of(17, Catalog(rows, durable));   // "alice:cash", read from the store once
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "persistence/rows/catalog.hpp"

namespace sg::persistence {

// Thread-safe. Limits: it holds 65,536 ids. A number has one slot, which it shares with other
// numbers; the slot keeps the id that was read last.
class AccountIdCache {
 public:
  AccountIdCache() : slots_(kSlots) {}

  // The id of an account that must exist; `corrupt` if it has no row. Reads the store only if the
  // cache does not have the id.
  StoreResult<std::string> id_of(AccountNumber number, const Catalog& catalog) {
    if (auto known = find(number)) return std::move(*known);
    auto id = catalog.account_id(number);
    if (id) add(number, *id);
    return id;
  }

 private:
  std::optional<std::string> find(AccountNumber number) const {
    const std::lock_guard lock(mutex_of(number));
    const Slot& slot = slots_[number % kSlots];
    if (slot.number != number) return std::nullopt;
    return slot.id;
  }
  void add(AccountNumber number, const std::string& id) {
    const std::lock_guard lock(mutex_of(number));
    slots_[number % kSlots] = {number, id};
  }

  static constexpr std::size_t kSlots = 1 << 16;
  // It divides kSlots, so all numbers of one slot share one mutex.
  static constexpr std::size_t kMutexes = 64;
  struct Slot {
    AccountNumber number = ledger::kNoAccount;  // kNoAccount: the slot is empty
    std::string id;
  };
  std::mutex& mutex_of(AccountNumber number) const { return mutexes_[number % kMutexes]; }

  mutable std::array<std::mutex, kMutexes> mutexes_;
  std::vector<Slot> slots_;
};

}  // namespace sg::persistence
