// The youngest mentions of an index, in memory: the records of whole groups, in order. Mentions of
// one term are linked from the newest back, so that a look-up costs only what it finds.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <span>
#include <vector>

#include "persistence/mention.hpp"

namespace sg::persistence {

class MentionChunk {
 public:
  // Room for as many mentions and terms as a chunk like this one had.
  void reserve_like(const MentionChunk& other);
  // Sequences never fall. A term twice in one record is kept once.
  void add(std::span<const Mention> mentions);
  std::size_t size() const { return links_.size(); }
  std::size_t terms() const { return terms_.size(); }
  // Asks for the memory that mentions_after() looks at first.
  void prefetch(Term term) const { index_.prefetch(term); }
  bool mentions_after(Term term, Sequence after) const;
  // Appends the term's sequences in the range until `into` has `range.limit`.
  void collect(Term term, const MentionRange& range, std::vector<Sequence>& into) const;
  // All of them, in the order of an index.
  std::vector<Mention> sorted() const;

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  void add(const Mention& mention);

  struct Link {
    Sequence sequence;
    std::uint32_t previous;  // of the same term
    std::uint32_t term;      // index into terms_
  };
  struct Mentioned {
    Term term;
    std::uint32_t newest;
    std::uint32_t count;
  };
  std::vector<Link> links_;
  std::vector<Mentioned> terms_;
  absl::flat_hash_map<Term, std::uint32_t> index_;  // into terms_
};

}  // namespace sg::persistence
