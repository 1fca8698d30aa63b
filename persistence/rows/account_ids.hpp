// Ids of accounts that were read lately, by number: listings and retries need many of the same. Ids
// of durable accounts never change.
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "persistence/rows/catalog.hpp"

namespace sg::persistence {

// Thread-safe. Each number has one slot, which the last one read keeps.
class AccountIdCache {
 public:
  AccountIdCache() : slots_(kSlots) {}

  // Of an account that must be there; reads it where it is not known.
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
  static constexpr std::size_t kMutexes = 64;  // divides kSlots, so a slot has one mutex
  struct Slot {
    AccountNumber number = ledger::kNoAccount;
    std::string id;
  };
  std::mutex& mutex_of(AccountNumber number) const { return mutexes_[number % kMutexes]; }

  mutable std::array<std::mutex, kMutexes> mutexes_;
  std::vector<Slot> slots_;
};

}  // namespace sg::persistence
