#include "persistence/mention_chunk.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

namespace sg::persistence {
namespace {

// With many terms each look-up waits for memory: it is asked for so many mentions ahead.
constexpr std::size_t kPrefetchAhead = 12;

using Placed = std::pair<Term, std::uint32_t>;

// Hashes and account numbers are spread evenly: each term goes to about its place at once, and what
// fell together is sorted there.
std::vector<Placed> in_order(const std::vector<Placed>& terms) {
  if (terms.empty()) return {};
  const auto [least, most] = std::minmax_element(terms.begin(), terms.end());
  const Term first = least->first;
  const auto width = [](std::uint64_t value) { return static_cast<int>(std::bit_width(value)); };
  const int shift = std::max(width(most->first - first) - width(terms.size()), 0);
  const auto place_of = [&](Term term) {
    return static_cast<std::size_t>((term - first) >> shift);
  };
  std::vector<std::uint32_t> ends(place_of(most->first) + 1);
  for (const auto& [term, index] : terms) ++ends[place_of(term)];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<Placed> placed(terms.size());
  for (const auto& term : terms) placed[--ends[place_of(term.first)]] = term;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto begin = placed.begin() + ends[i];
    const auto end = i + 1 < ends.size() ? placed.begin() + ends[i + 1] : placed.end();
    if (end - begin > 1) std::sort(begin, end);
  }
  return placed;
}

}  // namespace

void MentionChunk::reserve_like(const MentionChunk& other) {
  links_.reserve(other.links_.size());
  terms_.reserve(other.terms_.size());
  index_.reserve(other.terms_.size());
}

void MentionChunk::add(std::span<const Mention> mentions) {
  for (std::size_t i = 0; i < mentions.size(); ++i) {
    if (i + kPrefetchAhead < mentions.size()) index_.prefetch(mentions[i + kPrefetchAhead].term);
    add(mentions[i]);
  }
}

void MentionChunk::add(const Mention& mention) {
  const auto [found, inserted] =
      index_.try_emplace(mention.term, static_cast<std::uint32_t>(terms_.size()));
  if (inserted) terms_.push_back({mention.term, kNone, 0});
  auto& term = terms_[found->second];
  if (!inserted && links_[term.newest].sequence == mention.sequence) return;
  links_.push_back({mention.sequence, term.newest, found->second});
  term.newest = static_cast<std::uint32_t>(links_.size() - 1);
  ++term.count;
}

bool MentionChunk::mentions_after(Term term, Sequence after) const {
  const auto found = index_.find(term);
  return found != index_.end() && links_[terms_[found->second].newest].sequence > after;
}

void MentionChunk::collect(Term term, const MentionRange& range,
                           std::vector<Sequence>& into) const {
  const auto found = index_.find(term);
  if (found == index_.end()) return;
  for (auto at = terms_[found->second].newest; at != kNone && into.size() < range.limit;
       at = links_[at].previous) {
    const Sequence sequence = links_[at].sequence;
    if (sequence < range.first) return;
    if (sequence < range.before) into.push_back(sequence);
  }
}

// A counting sort: the terms are put in order, then each mention goes to its term's next place.
std::vector<Mention> MentionChunk::sorted() const {
  std::vector<Placed> order(terms_.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = {terms_[i].term, i};
  order = in_order(order);
  std::vector<std::uint32_t> next(terms_.size());
  std::uint32_t begin = 0;
  for (const auto& [term, index] : order) {
    next[index] = begin;
    begin += terms_[index].count;
  }
  std::vector<Mention> all(links_.size());
  for (auto link = links_.rbegin(); link != links_.rend(); ++link) {
    all[next[link->term]++] = {terms_[link->term].term, link->sequence};
  }
  return all;
}

}  // namespace sg::persistence
