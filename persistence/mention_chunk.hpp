// The youngest mentions of an index, in memory: the records of whole groups, in order. Mentions of
// one term are linked from the newest back, so that a look-up costs only what it finds.
#pragma once

#include <span>
#include <vector>

#include "ledger/probe_table.hpp"
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
  void prefetch(Term term) const { terms_.prefetch(hash(term)); }
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
    std::uint32_t term;      // its place in terms_
  };
  struct Mentioned {
    Term term = 0;
    std::uint32_t newest = 0;
    std::uint32_t count = 0;
    bool empty() const { return count == 0; }
  };
  static std::uint64_t hash(Term term) { return mix(term); }
  std::size_t place_of(Term term) const {
    return terms_.find(hash(term), [term](const Mentioned& one) { return one.term == term; });
  }
  void grow(std::size_t terms);

  std::vector<Link> links_;
  ledger::ProbeTable<Mentioned> terms_;
};

}  // namespace sg::persistence
