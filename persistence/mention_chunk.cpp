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
  grow(other.terms_.size());
}

void MentionChunk::add(std::span<const Mention> mentions) {
  for (std::size_t i = 0; i < mentions.size(); ++i) {
    if (i + kPrefetchAhead < mentions.size()) prefetch(mentions[i + kPrefetchAhead].term);
    add(mentions[i]);
  }
}

void MentionChunk::add(const Mention& mention) {
  auto place = place_of(mention.term);
  auto previous = kNone;
  if (place == terms_.kNowhere) {
    if (terms_.full()) grow(0);
    place = terms_.insert(hash(mention.term), {mention.term, kNone, 1});
  } else {
    previous = terms_[place].newest;
    // What was added last is of the same record, if any is.
    const auto last = links_.size() - 1;
    if (links_[last].sequence == mention.sequence &&
        links_[previous].sequence == mention.sequence) {
      return;
    }
    ++terms_[place].count;
  }
  links_.push_back({mention.sequence, previous, static_cast<std::uint32_t>(place)});
  terms_[place].newest = static_cast<std::uint32_t>(links_.size() - 1);
}

void MentionChunk::grow(std::size_t terms) {
  std::vector<std::uint32_t> now_at(terms_.places());
  terms_.grow(
      terms, [](const Mentioned& one) { return hash(one.term); },
      [&](std::size_t from, std::size_t to) { now_at[from] = static_cast<std::uint32_t>(to); });
  for (auto& link : links_) link.term = now_at[link.term];
}

bool MentionChunk::mentions_after(Term term, Sequence after) const {
  const auto place = place_of(term);
  return place != terms_.kNowhere && links_[terms_[place].newest].sequence > after;
}

void MentionChunk::collect(Term term, const MentionRange& range,
                           std::vector<Sequence>& into) const {
  const auto place = place_of(term);
  if (place == terms_.kNowhere) return;
  for (auto at = terms_[place].newest; at != kNone && into.size() < range.limit;
       at = links_[at].previous) {
    const Sequence sequence = links_[at].sequence;
    if (sequence < range.first) return;
    if (sequence < range.before) into.push_back(sequence);
  }
}

// A counting sort: the terms are put in order, then each mention goes to its term's next place.
std::vector<Mention> MentionChunk::sorted() const {
  std::vector<Placed> order;
  order.reserve(terms_.size());
  for (std::uint32_t place = 0; place < terms_.places(); ++place) {
    if (!terms_[place].empty()) order.emplace_back(terms_[place].term, place);
  }
  order = in_order(order);
  std::vector<std::uint32_t> next(terms_.places());
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
