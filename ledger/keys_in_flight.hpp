// Idempotency keys of undecided transfers, and who waits for their outcome. A duplicate joins the
// first; cancelling one waiter does not cancel the other.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "ledger/idempotency.hpp"
#include "ledger/submission.hpp"

namespace sg::ledger {

// Transfers are stamped. The first transfer with a key outlives the key's time here: nothing of it
// is copied, and a slot is as small as can be, since most keys have no second.
class KeysInFlight {
 public:
  // An item, or with an atomic batch all of its items, that waits for the key's outcome.
  struct Joiner {
    SubmissionPtr submission;
    std::uint32_t first_item = 0;
    std::uint32_t item_count = 1;
    Digest digest{};
  };
  struct Ended {
    Digest digest{};
    std::vector<Joiner> joiners;  // in order of arrival
  };

  KeysInFlight() = default;
  KeysInFlight(const KeysInFlight&) = delete;
  KeysInFlight& operator=(const KeysInFlight&) = delete;
  // Who drops a request answers it: in an order that repeats, as in end_all().
  ~KeysInFlight() { const auto dropped = end_all(); }

  // False when the key is in flight already.
  bool begin(const Transfer& transfer) { return keys_.try_emplace(key_of(transfer)).second; }
  bool contains(const Transfer& transfer) const { return keys_.contains(key_of(transfer)); }
  // Asks for the memory that the other functions look at first.
  void prefetch(const Transfer& transfer) const { keys_.prefetch(key_of(transfer)); }
  // Needs: the key is in flight.
  void join(const Transfer& transfer, Joiner joiner) {
    auto& joiners = keys_.find(key_of(transfer))->second;
    if (!joiners) joiners = std::make_unique<std::vector<Joiner>>();
    joiners->push_back(std::move(joiner));
  }
  // Nobody, when the key is not in flight.
  Ended end(const Transfer& transfer) {
    const auto found = keys_.find(key_of(transfer));
    if (found == keys_.end()) return {};
    Ended ended{found->first.first->digest, {}};
    if (found->second) ended.joiners = std::move(*found->second);
    keys_.erase(found);
    return ended;
  }
  std::vector<Joiner> end_all() {
    // By hash of the key: an order that repeats.
    std::map<std::uint64_t, std::vector<Joiner>> ordered;
    for (auto& [key, joiners] : keys_) {
      if (!joiners) continue;
      std::move(joiners->begin(), joiners->end(), std::back_inserter(ordered[key.hash]));
    }
    keys_.clear();
    std::vector<Joiner> all;
    for (auto& [hash, joiners] : ordered) {
      std::move(joiners.begin(), joiners.end(), std::back_inserter(all));
    }
    return all;
  }
  std::size_t size() const { return keys_.size(); }

 private:
  struct Key {
    std::uint64_t hash = 0;
    const Transfer* first = nullptr;
    bool operator==(const Key& other) const {
      return first == other.first ||
             (hash == other.hash && first->idempotency_key == other.first->idempotency_key);
    }
  };
  struct HashOf {
    std::size_t operator()(const Key& key) const { return key.hash; }
  };
  static Key key_of(const Transfer& transfer) { return {transfer.key_hash, &transfer}; }

  absl::flat_hash_map<Key, std::unique_ptr<std::vector<Joiner>>, HashOf> keys_;
};

}  // namespace sg::ledger
