// The part of the record index that looks up: in memory first, then in the runs, youngest first.
#include <algorithm>

#include "persistence/record_index.hpp"

namespace sg::persistence {
namespace {

// Terms that are looked for together, so that their waits for memory overlap.
constexpr std::size_t kAskedTogether = 64;
struct Asked {
  std::span<const Term> terms;
  std::array<TermFilter::Probe, kAskedTogether> probes{};
  std::array<bool, kAskedTogether> has{};
};

void ask(const MentionChunk& chunk, Sequence after, Asked& asked) {
  for (const auto term : asked.terms) chunk.prefetch(term);
  for (std::size_t i = 0; i < asked.terms.size(); ++i) {
    asked.has[i] |= chunk.mentions_after(asked.terms[i], after);
  }
}

void ask(const TermFilter& filter, Asked& asked) {
  const std::span probes(asked.probes.data(), asked.terms.size());
  for (const auto& probe : probes) filter.prefetch(probe);
  for (std::size_t i = 0; i < probes.size(); ++i) asked.has[i] |= filter.may_have(probes[i]);
}

}  // namespace

StoreResult<std::vector<Sequence>> RecordIndex::find(const KeyValue& rows, Index index, Term term,
                                                     const MentionRange& range) const {
  std::vector<Sequence> found;
  std::shared_ptr<const Frozen> frozen;
  {
    const std::lock_guard lock(mutex_);
    filling_->indexes[at(index)].collect(term, range, found);
    frozen = frozen_;
  }
  const auto& chunks = frozen->chunks;
  for (auto chunk = chunks.rbegin(); chunk != chunks.rend(); ++chunk) {
    if (found.size() >= range.limit || (*chunk)->last < range.first) return found;
    (*chunk)->indexes[at(index)].collect(term, range, found);
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

std::vector<std::uint32_t> RecordIndex::candidates(Index index, std::span<const Term> terms,
                                                   Sequence after) const {
  std::vector<std::uint32_t> found;
  for (std::size_t begin = 0; begin < terms.size(); begin += kAskedTogether) {
    Asked asked{terms.subspan(begin, std::min(kAskedTogether, terms.size() - begin))};
    std::shared_ptr<const Frozen> frozen;
    {
      const std::lock_guard lock(mutex_);
      ask(filling_->indexes[at(index)], after, asked);
      frozen = frozen_;
    }
    for (const auto& chunk : frozen->chunks) {
      if (chunk->last > after) ask(chunk->indexes[at(index)], after, asked);
    }
    const auto& runs = frozen->runs[at(index)];
    if (!runs.empty() && runs.back()->facts().last > after) {
      std::transform(asked.terms.begin(), asked.terms.end(), asked.probes.begin(),
                     [](Term term) { return TermFilter::Probe(term); });
    }
    for (const auto& run : runs) {
      if (run->facts().last > after) ask(run->filter(), asked);
    }
    for (std::size_t i = 0; i < asked.terms.size(); ++i) {
      if (asked.has[i]) found.push_back(static_cast<std::uint32_t>(begin + i));
    }
  }
  return found;
}

}  // namespace sg::persistence
