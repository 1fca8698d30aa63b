// Sorting by counting. Hashes and account numbers are spread evenly over their range. So the high
// bits of a term tell about where it belongs among all of them:
//
// 1. Find the least and the greatest term, and with them how many low bits to ignore, so that there
//    are about as many places as mentions.
// 2. Count the mentions of each place. The sums of the counts are where each place begins.
// 3. Put each mention into its place.
// 4. Sort within each place, where only a few mentions have come together.
#include "persistence/index/mention_chunk.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

namespace sg::persistence {
namespace {

// Returns the mentions in the order of an index. `visit(use)` calls `use` with each of the `count`
// mentions, in the same order every time. It shows the mentions of one term newest first: then most
// places are in order already, and need no sorting.
template <class Visit>
std::vector<Mention> in_order(std::size_t count, const Visit& visit) {
  std::vector<Mention> placed(count);
  if (count == 0) return placed;
  Term least = ~Term{0};
  Term most = 0;
  visit([&](const Mention& mention) {
    least = std::min(least, mention.term);
    most = std::max(most, mention.term);
  });
  const auto width = [](std::uint64_t value) { return static_cast<int>(std::bit_width(value)); };
  const int shift = std::max(width(most - least) - width(count), 0);
  const auto place_of = [&](Term term) {
    return static_cast<std::size_t>((term - least) >> shift);
  };
  std::vector<std::uint32_t> begins(place_of(most) + 2);
  visit([&](const Mention& mention) { ++begins[place_of(mention.term) + 1]; });
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  visit([&](const Mention& mention) { placed[begins[place_of(mention.term)]++] = mention; });
  // At shift 0 every place has one term only, and its mentions came newest first.
  if (shift == 0) return placed;
  auto begin = placed.begin();
  for (std::size_t place = 0; place + 1 < begins.size(); ++place) {
    const auto end = placed.begin() + begins[place];  // moved on to there by the last visit
    if (end - begin > 1 && !std::is_sorted(begin, end, precedes)) std::sort(begin, end, precedes);
    begin = end;
  }
  return placed;
}

}  // namespace

void MentionChunk::add(std::span<const Mention> mentions) {
  if (tail_.capacity() == 0) tail_.reserve(kPieceMentions);
  tail_.insert(tail_.end(), mentions.begin(), mentions.end());
}

std::vector<Mention> MentionChunk::tail_in_order() const {
  return in_order(tail_.size(),
                  [this](const auto& use) { std::for_each(tail_.rbegin(), tail_.rend(), use); });
}

void MentionChunk::end_piece(std::vector<Mention> tail_in_order) {
  pieces_.push_back(std::make_shared<const std::vector<Mention>>(std::move(tail_in_order)));
  tail_.clear();
}

void MentionChunk::collect(Term term, const MentionRange& range,
                           std::vector<Sequence>& into) const {
  // False when no older one is wanted.
  const auto take = [&](Sequence sequence) {
    if (sequence < range.first || into.size() >= range.limit) return false;
    if (sequence >= range.before) return true;
    if (into.empty() || into.back() != sequence) into.push_back(sequence);
    return true;
  };
  for (auto at = tail_.rbegin(); at != tail_.rend(); ++at) {
    if (at->term == term && !take(at->sequence)) return;
  }
  // Below, `before - 1` is the newest sequence that may be wanted.
  if (range.before == 0) return;
  const Mention newest{term, range.before - 1};
  for (auto piece = pieces_.rbegin(); piece != pieces_.rend(); ++piece) {
    const auto& mentions = **piece;
    auto at = std::lower_bound(mentions.begin(), mentions.end(), newest, precedes);
    for (; at != mentions.end() && at->term == term; ++at) {
      if (!take(at->sequence)) return;
    }
  }
}

std::vector<Mention> MentionChunk::sorted() const {
  // Newest first, as in_order() wants it: the tail, then the pieces from the youngest on.
  auto all = in_order(size(), [this](const auto& use) {
    std::for_each(tail_.rbegin(), tail_.rend(), use);
    for (auto piece = pieces_.rbegin(); piece != pieces_.rend(); ++piece) {
      std::for_each((*piece)->begin(), (*piece)->end(), use);
    }
  });
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace sg::persistence
