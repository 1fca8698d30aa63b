// A run holds the mentions of one span of sequences, in the order of an index. Its pages never
// change: RunWriter writes them once, and any number of threads read them. docs/adr/0006 says why
// indexes have this form.
//
//   row    := be32(run) be32(page) -> page        pages from 0
//           | be32(run) be32(2^32-1) -> footer
//   page   := term:varint sequence:varint mention*
//   mention:= 0 (sequence before - sequence):varint            of the same term
//           | (term - term before):varint sequence:varint      of a higher one
//   footer := pages:varint terms:varint (term:u64 sequence:u64){pages} filter
//
// Numbers in keys are big-endian (be32), other fixed numbers little-endian. The footer tells each
// page's first mention, so that a look-up finds the page without reading another one. The filter is
// a TermFilter of the run's terms, by filter_hash().
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

// A page is ended once it has this many bytes, so it may be longer by one mention.
inline constexpr std::size_t kPageBytes = 4096;
// The page number under which the footer is stored: behind all pages.
inline constexpr std::uint32_t kFooterPage = ~std::uint32_t{0};

// The key of a page's row. All rows of a run lie in [run_key(run, 0), run_key(run + 1, 0)).
std::string run_key(std::uint32_t run, std::uint32_t page);

// The hash by which filters know a term. The term of a key is a hash already. Account numbers are
// dense, so they are mixed.
constexpr std::uint64_t filter_hash(Family family, Term term) {
  return family == Family::keys ? term : mix(term);
}

// What the list of runs says about one run.
struct RunFacts {
  std::uint32_t id = 0;     // its number, which its keys begin with
  std::uint32_t level = 0;  // how often its mentions were merged
  Sequence first = 0;       // the span that it covers, both ends inclusive
  Sequence last = 0;
  std::uint64_t mentions = 0;
  std::int64_t run_ms = 0;  // the run clock at `last`, in ms
};

// A finished run: its facts and its footer are in memory, its pages are in the store. Thread-safe.
class Run {
 public:
  Run(Family family, const RunFacts& facts, std::vector<Mention> page_starts, std::uint64_t terms,
      TermFilter filter)
      : family_(family),
        facts_(facts),
        page_starts_(std::move(page_starts)),
        terms_(terms),
        filter_(std::move(filter)) {}
  // Reads the footer of a run that the list of runs names. `corrupt` if it is missing or damaged.
  static StoreResult<std::shared_ptr<const Run>> load(const KeyValue& rows, Family family,
                                                      const RunFacts& facts);

  // The oldest sequence in the range that mentions the term; 0: none does. Reads one page.
  StoreResult<Sequence> oldest(const KeyValue& rows, Term term, const MentionRange& range) const;

  const RunFacts& facts() const { return facts_; }
  std::uint32_t pages() const { return static_cast<std::uint32_t>(page_starts_.size()); }
  // How many different terms it has.
  std::uint64_t terms() const { return terms_; }
  const TermFilter& filter() const { return filter_; }
  // Whether the page begins with this mention, by what the footer says; `index` < pages().
  bool begins(std::uint32_t index, const Mention& mention) const {
    return page_starts_[index] == mention;
  }

  // Appends the term's sequences in the range, newest first, until `into` has `range.limit`. Reads
  // no page if the filter does not know the term. `corrupt` for a page that is missing or damaged.
  StoreResult<void> collect(const KeyValue& rows, Term term, const MentionRange& range,
                            std::vector<Sequence>& into) const;
  // Replaces `into` by the mentions of the page, in order; `into` keeps its capacity. `index` must
  // be below pages().
  StoreResult<void> read_page(const KeyValue& rows, std::uint32_t index,
                              std::vector<Mention>& into) const;

 private:
  friend class RunWriter;
  // The bytes of the footer.
  std::string footer() const;
  // Calls `visit` with each mention of the page in order, until it returns false.
  template <class Visit>
  StoreResult<void> visit_page(const KeyValue& rows, std::uint32_t index, const Visit& visit) const;

  Family family_;
  RunFacts facts_;
  std::vector<Mention> page_starts_;  // the first mention of each page
  std::uint64_t terms_ = 0;           // how many different ones
  TermFilter filter_;
};

using RunPtr = std::shared_ptr<const Run>;

// Writes one run:
//
//   RunWriter writer(Family::history, facts, terms);
//   for (const Mention& mention : in_order) writer.add(mention);
//   auto run = writer.finish(rows);
//
// Not thread-safe. After an error the writer must not be used again. Pages that a crash leaves
// without a footer are in no list of runs, and the next opening removes them.
class RunWriter {
 public:
  // `terms`: an upper bound for the different terms that will be added; it sizes the filter.
  RunWriter(Family family, const RunFacts& facts, std::uint64_t terms)
      : run_(family, facts, {}, 0, TermFilter(terms)) {}

  // Mentions must come in the order of an index, see precedes(), without duplicates.
  void add(const Mention& mention);
  // Writes the pages that are full, to free their memory.
  StoreResult<void> write_pages(KeyValue& rows);
  // Writes the rest of the pages and the footer, and returns the run. Needs at least one mention.
  StoreResult<RunPtr> finish(KeyValue& rows);

 private:
  void end_page();
  StoreResult<void> write(KeyValue& rows, const std::string* footer);

  Run run_;           // as far as it is written
  Mention previous_;  // the last one that was added
  std::string page_;  // room for one page, filled up to page_end_
  std::size_t page_end_ = 0;
  std::vector<std::string> pages_;  // full pages that are not written yet
  // A ring of terms whose lines of the filter are being loaded. The oldest one is at
  // terms % kTermsAhead; it is added to the filter when its place is needed.
  static constexpr std::size_t kTermsAhead = 16;
  std::array<TermFilter::Probe, kTermsAhead> ahead_;
  std::uint32_t written_ = 0;  // number of pages in the store
};

}  // namespace sg::persistence
