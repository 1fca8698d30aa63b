// Open addressing with linear probing. Beside a map of the library's it has one thing more: the
// memory that a look-up will need can be asked for ahead, so that many look-ups wait together.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "containers/huge_pages.hpp"
#include "containers/prefetch.hpp"

namespace sg::ledger {

// Entry: default-constructed it is empty; bool empty() const. The caller hashes, and knows when two
// are the same. Places change with grow() and erase().
template <class Entry>
class ProbeTable {
 public:
  static constexpr std::size_t kNowhere = ~std::size_t{0};

  std::size_t size() const { return size_; }
  std::size_t places() const { return entries_.size(); }
  Entry& operator[](std::size_t place) { return entries_[place]; }
  const Entry& operator[](std::size_t place) const { return entries_[place]; }

  void prefetch(std::uint64_t hash) const {
    if (!entries_.empty()) ledger::prefetch(&entries_[hash & mask()]);
  }

  // The place of the entry that `is` it.
  template <class Is>
  std::size_t find(std::uint64_t hash, const Is& is) const {
    if (entries_.empty()) return kNowhere;
    for (auto place = hash & mask(); !entries_[place].empty(); place = (place + 1) & mask()) {
      if (is(entries_[place])) return place;
    }
    return kNowhere;
  }

  // True when there has to be a grow() before the next insert().
  bool full() const { return 4 * (size_ + 1) > 3 * entries_.size(); }
  // Needs: not full, and no entry that is the same.
  std::size_t insert(std::uint64_t hash, Entry entry) {
    auto place = hash & mask();
    while (!entries_[place].empty()) place = (place + 1) & mask();
    entries_[place] = std::move(entry);
    ++size_;
    return place;
  }

  // Room for `count` entries, or twice as many as now. `hash_of` an entry; `moved(from, to)` is
  // told of every place that changes.
  template <class HashOf, class Moved>
  void grow(std::size_t count, const HashOf& hash_of, const Moved& moved) {
    const auto wanted = std::max({count * 4 / 3 + 1, 2 * entries_.size(), std::size_t{16}});
    auto old = std::exchange(entries_, Entries(std::bit_ceil(wanted)));
    size_ = 0;
    for (std::size_t from = 0; from < old.size(); ++from) {
      if (old[from].empty()) continue;
      const auto hash = hash_of(old[from]);
      moved(from, insert(hash, std::move(old[from])));
    }
  }

  // Closes the gap, so that no look-up has to pass over what was erased (Knuth, vol. 3, 6.4 R).
  template <class HashOf>
  void erase(std::size_t place, const HashOf& hash_of) {
    auto gap = place;
    for (auto next = (gap + 1) & mask(); !entries_[next].empty(); next = (next + 1) & mask()) {
      const auto home = hash_of(entries_[next]) & mask();
      // An entry may move back to the gap if its home is not between the two.
      if (((next - home) & mask()) < ((next - gap) & mask())) continue;
      entries_[gap] = std::move(entries_[next]);
      gap = next;
    }
    entries_[gap] = Entry{};
    --size_;
  }

 private:
  using Entries = std::vector<Entry, HugePageAllocator<Entry>>;

  std::size_t mask() const { return entries_.size() - 1; }

  Entries entries_;
  std::size_t size_ = 0;
};

}  // namespace sg::ledger
