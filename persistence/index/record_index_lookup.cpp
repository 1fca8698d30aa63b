// Look-ups of the record index: in memory first, then in the runs, from the youngest to the oldest.
//
// candidates() is for batches of keys, nearly all of them new. For each chunk and run it asks the
// filter about 64 keys at once: it prefetches the lines of all of them, then tests them. So the
// waits for memory overlap instead of adding up.
#include <algorithm>

#include "persistence/index/record_index.hpp"

namespace sg::persistence {
namespace {

TermFilter::Probe key_probe(Term key) { return TermFilter::Probe(filter_hash(Family::keys, key)); }

// A group of keys that are looked up together.
constexpr std::size_t kAskedTogether = 64;
// The hashes are spread into filter bits once, and then asked of every filter.
struct Asked {
  explicit Asked(std::span<const Term> keys) : size(keys.size()) {
    std::transform(keys.begin(), keys.end(), probes.begin(), key_probe);
  }
  std::size_t size;
  std::array<TermFilter::Probe, kAskedTogether> probes;
  std::array<bool, kAskedTogether> has{};  // some filter may have the key
};

// Notes which of the keys the filter may have.
void ask(const TermFilter& filter, Asked& asked) {
  const std::span probes(asked.probes.data(), asked.size);
  for (const auto& probe : probes) filter.prefetch(probe);
  for (std::size_t i = 0; i < probes.size(); ++i) asked.has[i] |= filter.may_have(probes[i]);
}

}  // namespace

StoreResult<std::vector<Sequence>> RecordIndex::find(const KeyValue& rows, Index index, Term term,
                                                     const MentionRange& range) const {
  std::vector<Sequence> found;
  const auto collect = [&](const Chunk& chunk) {
    if (family_of(index) == Family::keys && !chunk.filter.may_have(key_probe(term))) return;
    chunk.indexes[at(index)].collect(term, range, found);
  };
  std::shared_ptr<const Frozen> frozen;
  {
    // The chunk that is being filled changes, so it is read under the lock. What is frozen is not
    // changed any more.
    const std::lock_guard lock(mutex_);
    collect(*filling_);
    frozen = frozen_;
  }
  const auto& chunks = frozen->chunks;
  for (auto chunk = chunks.rbegin(); chunk != chunks.rend(); ++chunk) {
    // Chunks behind this one are older still.
    if (found.size() >= range.limit || (*chunk)->last < range.first) return found;
    collect(**chunk);
  }
  const auto& runs = frozen->runs[at(index)];
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    if (found.size() >= range.limit || (*run)->facts().last < range.first) break;
    if ((*run)->facts().first >= range.before) continue;
    if (auto read = (*run)->collect(rows, term, range, found); !read) {
      return tl::unexpected(read.error());
    }
  }
  return found;
}

StoreResult<Sequence> RecordIndex::find_oldest(const KeyValue& rows, Index index, Term term,
                                               const MentionRange& range) const {
  MentionRange all = range;
  all.limit = ~std::size_t{0};
  std::vector<Sequence> found;
  std::shared_ptr<const Frozen> frozen;
  {
    const std::lock_guard lock(mutex_);
    filling_->indexes[at(index)].collect(term, all, found);
    frozen = frozen_;
  }
  for (const auto& run : frozen->runs[at(index)]) {
    if (run->facts().last < range.first || run->facts().first >= range.before) continue;
    auto oldest = run->oldest(rows, term, range);
    if (!oldest || *oldest != 0) return oldest;
  }
  for (const auto& chunk : frozen->chunks) {
    std::vector<Sequence> older;
    chunk->indexes[at(index)].collect(term, all, older);
    if (!older.empty()) return older.back();
  }
  return found.empty() ? Sequence{0} : found.back();
}

std::vector<std::uint32_t> RecordIndex::candidates(Index index, std::span<const Term> terms,
                                                   Sequence after) const {
  std::vector<std::uint32_t> found;
  for (std::size_t begin = 0; begin < terms.size(); begin += kAskedTogether) {
    Asked asked(terms.subspan(begin, std::min(kAskedTogether, terms.size() - begin)));
    std::shared_ptr<const Frozen> frozen;
    {
      const std::lock_guard lock(mutex_);
      ask(filling_->filter, asked);
      frozen = frozen_;
    }
    for (const auto& chunk : frozen->chunks) {
      if (chunk->last > after) ask(chunk->filter, asked);
    }
    for (const auto& run : frozen->runs[at(index)]) {
      if (run->facts().last > after) ask(run->filter(), asked);
    }
    for (std::size_t i = 0; i < asked.size; ++i) {
      if (asked.has[i]) found.push_back(static_cast<std::uint32_t>(begin + i));
    }
  }
  return found;
}

}  // namespace sg::persistence
