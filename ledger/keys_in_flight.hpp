// Idempotency keys of undecided transfers, and who waits for their outcome. A duplicate joins the
// first; cancelling one waiter does not cancel the other.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ledger/idempotency.hpp"
#include "ledger/name_map.hpp"
#include "ledger/submission.hpp"

namespace sg::ledger {

class KeysInFlight {
 public:
  // An item, or with an atomic batch all of its items, that waits for the key's outcome.
  struct Joiner {
    SubmissionPtr submission;
    std::uint32_t first_item = 0;
    std::uint32_t item_count = 1;
    Digest digest{};
  };

  bool contains(std::string_view key) const { return keys_.contains(key); }
  // Needs: the key is not in flight.
  void begin(std::string_view key, const Digest& digest) {
    keys_.try_emplace(key, Key{digest, {}});
  }
  // Needs: the key is in flight.
  void join(std::string_view key, Joiner joiner) {
    keys_.find(key)->second.joiners.push_back(std::move(joiner));
  }
  const Digest& digest(std::string_view key) const { return keys_.find(key)->second.digest; }
  // Ends the key and returns who waited, in order of arrival.
  std::vector<Joiner> end(std::string_view key) {
    const auto found = keys_.find(key);
    if (found == keys_.end()) return {};
    auto joiners = std::move(found->second.joiners);
    keys_.erase(found);
    return joiners;
  }
  std::vector<Joiner> end_all() {
    std::vector<Joiner> all;
    for (auto& [key, entry] : keys_) {
      for (auto& joiner : entry.joiners) all.push_back(std::move(joiner));
    }
    keys_.clear();
    return all;
  }
  std::size_t size() const { return keys_.size(); }

 private:
  struct Key {
    Digest digest{};
    std::vector<Joiner> joiners;
  };
  NameMap<Key> keys_;
};

}  // namespace sg::ledger
