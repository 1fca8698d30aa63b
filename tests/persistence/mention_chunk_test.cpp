#include "persistence/index/mention_chunk.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <random>
#include <string>

#include "tests/persistence/bed.hpp"

namespace sg::persistence::test {
namespace {

constexpr std::size_t kMentions = 3 * MentionChunk::kPieceMentions + 1000;

struct Terms {
  std::string name;
  std::function<Term(std::mt19937_64&)> next;
};
std::ostream& operator<<(std::ostream& out, const Terms& terms) { return out << terms.name; }

// Two to a record, some the same.
std::vector<Mention> mentions_of(const Terms& terms, std::mt19937_64& random) {
  std::vector<Mention> all;
  for (std::size_t i = 0; i < kMentions; ++i) all.push_back({terms.next(random), i / 2 + 1});
  return all;
}

MentionChunk chunk_of(std::span<const Mention> mentions, std::mt19937_64& random) {
  MentionChunk chunk;
  while (!mentions.empty()) {
    const auto some = mentions.first(std::min({mentions.size(), chunk.room(), random() % 100 + 1}));
    chunk.add(some);
    if (chunk.room() == 0) chunk.end_piece(chunk.tail_in_order());
    mentions = mentions.subspan(some.size());
  }
  return chunk;
}

}  // namespace

TEST_CASE("A chunk finds and puts in order what was added, whatever the terms are like") {
  const auto terms = GENERATE(
      Terms{"one", [](auto&) { return Term{7}; }}, Terms{"few", [](auto& r) { return r() % 5; }},
      Terms{"as many as mentions", [](auto& r) { return r() % kMentions; }},
      Terms{"hashes", [](auto& r) { return r(); }},
      Terms{"the least and the most", [](auto& r) { return r() % 2 == 0 ? Term{0} : ~Term{0}; }},
      Terms{"many, and one far away",
            [](auto& r) { return r() % 9 == 0 ? ~Term{0} : r() % 1000; }});
  CAPTURE(terms);
  std::mt19937_64 random(11);
  const auto added = mentions_of(terms, random);
  const auto chunk = chunk_of(added, random);
  CHECK(chunk.size() == kMentions);

  auto in_order = added;
  std::sort(in_order.begin(), in_order.end(), precedes);
  in_order.erase(std::unique(in_order.begin(), in_order.end()), in_order.end());
  CHECK(chunk.sorted() == in_order);

  const Sequence last = added.back().sequence;
  for (int i = 0; i < 50; ++i) {
    const Term term = i % 10 == 0 ? random() : added[random() % added.size()].term;
    MentionRange range;
    if (i % 2 == 0) range.first = random() % (last + 2);
    if (i % 3 == 0) range.before = random() % (last + 2);
    if (i % 5 == 0) range.limit = random() % 20;
    std::vector<Sequence> found;
    chunk.collect(term, range, found);
    CHECK(found == found_by_hand(in_order, term, range));
  }
}

TEST_CASE("A chunk with nothing in it finds nothing") {
  const MentionChunk chunk;
  std::vector<Sequence> found;
  chunk.collect(1, {}, found);
  CHECK(found.empty());
  CHECK(chunk.sorted().empty());
}

}  // namespace sg::persistence::test
