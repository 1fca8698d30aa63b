// A run: the mentions of one span of sequences, in the order of an index, in pages that never
// change. It is written once, by RunWriter, and read by any number of threads.
//
//   row    := be32(run) be32(page) -> page        pages from 0
//           | be32(run) be32(2^32-1) -> footer
//   page   := term:varint sequence:varint mention*
//   mention:= 0 (sequence before - sequence):varint            of the same term
//           | (term - term before):varint sequence:varint      of a higher one
//   footer := pages:varint terms:varint (term:u64 sequence:u64){pages} filter
//
// The footer names each page's first mention; the filter is TermFilter's, of filter_hash().
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "persistence/chain/mention.hpp"
#include "persistence/index/term_filter.hpp"
#include "persistence/medium/key_value.hpp"

namespace sg::persistence {

inline constexpr std::size_t kPageBytes = 4096;
inline constexpr std::uint32_t kFooterPage = ~std::uint32_t{0};

std::string run_key(std::uint32_t run, std::uint32_t page);

// How filters know a term: that of a key is a hash already, account numbers are dense.
constexpr std::uint64_t filter_hash(Family family, Term term) {
  return family == Family::keys ? term : mix(term);
}

// What the list of runs says of one.
struct RunFacts {
  std::uint32_t id = 0;
  std::uint32_t level = 0;  // how often its mentions were merged
  Sequence first = 0;       // the span that it covers
  Sequence last = 0;
  std::uint64_t mentions = 0;
  std::int64_t run_ms = 0;  // the run clock at `last`
};

class Run {
 public:
  Run(Family family, const RunFacts& facts, std::vector<Mention> page_starts, std::uint64_t terms,
      TermFilter filter)
      : family_(family),
        facts_(facts),
        page_starts_(std::move(page_starts)),
        terms_(terms),
        filter_(std::move(filter)) {}
  static StoreResult<std::shared_ptr<const Run>> load(const KeyValue& rows, Family family,
                                                      const RunFacts& facts);

  const RunFacts& facts() const { return facts_; }
  std::uint32_t pages() const { return static_cast<std::uint32_t>(page_starts_.size()); }
  std::uint64_t terms() const { return terms_; }
  const TermFilter& filter() const { return filter_; }
  // Whether the footer says that the page begins with it; `index` < pages().
  bool begins(std::uint32_t index, const Mention& mention) const {
    return page_starts_[index] == mention;
  }

  // Appends the term's sequences in the range until `into` has `range.limit`.
  StoreResult<void> collect(const KeyValue& rows, Term term, const MentionRange& range,
                            std::vector<Sequence>& into) const;
  // `index` < pages(); `into` keeps its capacity.
  StoreResult<void> read_page(const KeyValue& rows, std::uint32_t index,
                              std::vector<Mention>& into) const;

 private:
  friend class RunWriter;
  std::string footer() const;
  // `visit` of each mention in order, until it returns false.
  template <class Visit>
  StoreResult<void> visit_page(const KeyValue& rows, std::uint32_t index, const Visit& visit) const;

  Family family_;
  RunFacts facts_;
  std::vector<Mention> page_starts_;
  std::uint64_t terms_ = 0;
  TermFilter filter_;
};

using RunPtr = std::shared_ptr<const Run>;

// Writes one run. Pages reach the store when asked to, the footer with finish(); after an error the
// writer is of no use any more. A run that a crash left behind is removed by the next opening.
class RunWriter {
 public:
  // At most `terms` different ones will come.
  RunWriter(Family family, const RunFacts& facts, std::uint64_t terms)
      : run_(family, facts, {}, 0, TermFilter(terms)) {}

  // In the order of an index, none twice.
  void add(const Mention& mention);
  StoreResult<void> write_pages(KeyValue& rows);
  // The rest of the pages and the footer; needs at least one mention.
  StoreResult<RunPtr> finish(KeyValue& rows);

 private:
  void end_page();
  StoreResult<void> write(KeyValue& rows, const std::string* footer);

  Run run_;
  Mention previous_;
  std::string page_;  // room for one, filled up to page_end_
  std::size_t page_end_ = 0;
  std::vector<std::string> pages_;  // full ones that the store does not have yet
  // Terms whose lines of the filter have been asked for, the oldest at terms % kTermsAhead.
  static constexpr std::size_t kTermsAhead = 16;
  std::array<TermFilter::Probe, kTermsAhead> ahead_;
  std::uint32_t written_ = 0;
};

}  // namespace sg::persistence
