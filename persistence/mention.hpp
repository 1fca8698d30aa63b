// What the indexes are made of: that a record mentions a term. In the history a term is an
// account's number, in the key index the hash of an idempotency key.
#pragma once

#include <cstdint>

#include "persistence/record.hpp"

namespace sg::persistence {

using Term = std::uint64_t;

struct Mention {
  Term term = 0;
  Sequence sequence = 0;

  bool operator==(const Mention&) const = default;
};

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
