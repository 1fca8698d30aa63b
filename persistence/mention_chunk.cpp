#include "persistence/mention_chunk.hpp"

#include <algorithm>

namespace sg::persistence {

void MentionChunk::add(const Mention& mention) {
  const auto [newest, inserted] = newest_.try_emplace(mention.term, kNone);
  if (!inserted && links_[newest->second].sequence == mention.sequence) return;
  links_.push_back({mention.sequence, newest->second});
  newest->second = static_cast<std::uint32_t>(links_.size() - 1);
}

void MentionChunk::collect(Term term, const MentionRange& range,
                           std::vector<Sequence>& into) const {
  const auto newest = newest_.find(term);
  if (newest == newest_.end()) return;
  for (auto at = newest->second; at != kNone && into.size() < range.limit;
       at = links_[at].previous) {
    const Sequence sequence = links_[at].sequence;
    if (sequence < range.first) return;
    if (sequence < range.before) into.push_back(sequence);
  }
}

std::vector<Mention> MentionChunk::sorted() const {
  std::vector<std::pair<Term, std::uint32_t>> terms(newest_.begin(), newest_.end());
  std::sort(terms.begin(), terms.end());
  std::vector<Mention> all;
  all.reserve(links_.size());
  for (const auto& [term, newest] : terms) {
    for (auto at = newest; at != kNone; at = links_[at].previous) {
      all.push_back({term, links_[at].sequence});
    }
  }
  return all;
}

}  // namespace sg::persistence
