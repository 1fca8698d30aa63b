// Idempotency keys of undecided transfers, and who waits for their outcome. A duplicate joins the
// first; cancelling one waiter does not cancel the other.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/hash/hash.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "containers/probe_table.hpp"
#include "ledger/flow/idempotency.hpp"
#include "ledger/submission.hpp"

namespace sg::ledger {

// Transfers are stamped. The first transfer with a key outlives the key's time here: nothing of it
// is copied, and a place is as small as can be, since most keys have no second.
class KeysInFlight {
 public:
  // An item, or with an atomic batch all of its items, that waits for the key's outcome.
  struct Joiner {
    SubmissionPtr submission;
    std::uint32_t first_item = 0;
    std::uint32_t item_count = 1;
  };
  struct Ended {
    const Transfer* first = nullptr;  // with the key
    std::vector<Joiner> joiners;      // in order of arrival
  };

  KeysInFlight() = default;
  KeysInFlight(const KeysInFlight&) = delete;
  KeysInFlight& operator=(const KeysInFlight&) = delete;
  // Who drops a request answers it: in an order that repeats, as in end_all().
  ~KeysInFlight() { const auto dropped = end_all(); }

  // False when the key is in flight already.
  bool begin(const Transfer& transfer) {
    if (contains(transfer)) return false;
    if (keys_.full()) keys_.grow(keys_.size() + 1, place_hash_of, [](std::size_t, std::size_t) {});
    keys_.insert(place_hash(transfer.key_hash), {transfer.key_hash, &transfer});
    return true;
  }
  bool contains(const Transfer& transfer) const { return place_of(transfer) != keys_.kNowhere; }
  // The transfer that its key is in flight with; null: it is not.
  const Transfer* first_with(const Transfer& transfer) const {
    const auto place = place_of(transfer);
    return place == keys_.kNowhere ? nullptr : keys_[place].first;
  }
  bool is_first(const Transfer& transfer) const { return first_with(transfer) == &transfer; }
  // Asks for the memory that the other functions look at first.
  void prefetch(const Transfer& transfer) const { keys_.prefetch(place_hash(transfer.key_hash)); }
  // Needs: the key is in flight.
  void join(const Transfer& transfer, Joiner joiner) {
    joiners_[keys_[place_of(transfer)].first].push_back(std::move(joiner));
  }
  // Nobody, when the key is not in flight.
  Ended end(const Transfer& transfer) {
    const auto place = place_of(transfer);
    if (place == keys_.kNowhere) return {};
    const auto* first = keys_[place].first;
    keys_.erase(place, place_hash_of);
    Ended ended{first, {}};
    if (joiners_.empty()) return ended;
    if (const auto joined = joiners_.find(first); joined != joiners_.end()) {
      ended.joiners = std::move(joined->second);
      joiners_.erase(joined);
    }
    return ended;
  }
  std::vector<Joiner> end_all() {
    // By hash of the key: an order that repeats.
    std::map<std::uint64_t, std::vector<Joiner>> ordered;
    for (std::size_t place = 0; place < keys_.places(); ++place) {
      const auto joined = joiners_.find(keys_[place].first);
      if (joined == joiners_.end()) continue;
      std::move(joined->second.begin(), joined->second.end(),
                std::back_inserter(ordered[keys_[place].hash]));
    }
    joiners_.clear();
    keys_ = {};
    std::vector<Joiner> all;
    for (auto& [hash, joiners] : ordered) {
      std::move(joiners.begin(), joiners.end(), std::back_inserter(all));
    }
    return all;
  }
  std::size_t size() const { return keys_.size(); }

 private:
  struct InFlight {
    std::uint64_t hash = 0;
    const Transfer* first = nullptr;  // with this key
    bool empty() const { return first == nullptr; }
  };
  // Of another seed in each process: keys can be chosen whose hashes have the same low bits.
  static std::uint64_t place_hash(std::uint64_t hash) { return absl::Hash<std::uint64_t>{}(hash); }
  static std::uint64_t place_hash_of(const InFlight& key) { return place_hash(key.hash); }
  std::size_t place_of(const Transfer& transfer) const {
    return keys_.find(place_hash(transfer.key_hash), [&transfer](const InFlight& key) {
      return key.first == &transfer || (key.hash == transfer.key_hash &&
                                        key.first->idempotency_key == transfer.idempotency_key);
    });
  }

  ProbeTable<InFlight> keys_;
  absl::flat_hash_map<const Transfer*, std::vector<Joiner>> joiners_;  // of a key's first transfer
};

}  // namespace sg::ledger
