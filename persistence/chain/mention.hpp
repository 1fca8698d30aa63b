// What the indexes are made of: that a record mentions a term. In the history a term is an
// account's number, in the key index the hash of an idempotency key, in the links a hash of what a
// record is found by beside (mentions.hpp).
#pragma once

#include <cstdint>

#include "persistence/chain/record.hpp"

namespace sg::persistence {

using Term = std::uint64_t;

struct Mention {
  Term term = 0;
  Sequence sequence = 0;

  bool operator==(const Mention&) const = default;
};

// Spreads terms, since account numbers are dense: splitmix64's finish (Steele, Lea, Flood 2014).
constexpr std::uint64_t mix(Term x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// The order of an index: by term, and newest first within one.
inline bool precedes(const Mention& a, const Mention& b) {
  return a.term != b.term ? a.term < b.term : a.sequence > b.sequence;
}

// Which of a term's sequences are wanted, newest first.
struct MentionRange {
  Sequence first = 1;              // inclusive
  Sequence before = ~Sequence{0};  // exclusive
  std::size_t limit = ~std::size_t{0};
};

}  // namespace sg::persistence
