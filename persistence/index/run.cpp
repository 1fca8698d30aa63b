// How the pages of a run are written and read; run.hpp has the grammar. Mentions are sorted, so
// each is stored as its difference to the one before it. Terms ascend. Of one term the sequences
// descend, so a difference of zero in the term means that the sequence is counted downwards.
//
// A look-up asks the filter, then finds the page by the starts in the footer, and decodes that page
// from its begin. If the term has more mentions, it goes on with the pages behind it.
#include "persistence/index/run.hpp"

#include <algorithm>

#include "faults/fault_injection.hpp"
#include "persistence/encoding/bytes.hpp"

namespace sg::persistence {
namespace {

tl::unexpected<StoreError> damaged_run(Family family, std::uint32_t run, const std::string& what) {
  return store_error(StoreFault::corrupt, "run " + std::to_string(run) + " of the index '" +
                                              std::string(family_name(family)) + "': " + what);
}

// Calls `visit` with the page's mentions in order, until `visit` returns false. Returns false if
// the bytes that were looked at do not decode.
template <class Visit>
bool walk_page(std::string_view bytes, const Visit& visit) {
  ByteReader in(bytes);
  Mention at{in.varint(), in.varint()};
  if (!in.ok()) return false;
  while (visit(at) && in.left() > 0) {
    const auto step = in.varint();
    const auto sequence = in.varint();
    const Mention next{at.term + step, step == 0 ? at.sequence - sequence : sequence};
    // Both sums may have wrapped in damaged bytes: then the mention does not follow the last one.
    if (!in.ok() || next.term < at.term || !precedes(at, next)) return false;
    at = next;
  }
  return true;
}

}  // namespace

std::string run_key(std::uint32_t run, std::uint32_t page) {
  std::string key(2 * sizeof run, '\0');
  put_be32(put_be32(key.data(), run), page);
  return key;
}

StoreResult<RunPtr> Run::load(const KeyValue& rows, Family family, const RunFacts& facts) {
  const auto footer = rows.get(family, run_key(facts.id, kFooterPage));
  if (!footer) return tl::unexpected(footer.error());
  if (!*footer) return damaged_run(family, facts.id, "its footer is missing");
  ByteReader in(**footer);
  const auto pages = in.varint();
  const auto terms = in.varint();
  // The number of pages is checked against the bytes before so much memory is taken.
  if (!in.ok() || in.left() / sizeof(Mention) < pages) {
    return damaged_run(family, facts.id, "its footer does not decode");
  }
  std::vector<Mention> starts(pages);
  for (auto& start : starts) {
    start.term = in.fixed<Term>();
    start.sequence = in.fixed<Sequence>();
  }
  TermFilter filter;
  if (!filter.load(in.take(in.left()))) {
    return damaged_run(family, facts.id, "its filter does not decode");
  }
  return std::make_shared<const Run>(family, facts, std::move(starts), terms, std::move(filter));
}

std::string Run::footer() const {
  const auto filter = filter_.bytes();
  std::string bytes(2 * kMaxVarintBytes + page_starts_.size() * sizeof(Mention) + filter.size(),
                    '\0');
  char* to = put_varint(put_varint(bytes.data(), page_starts_.size()), terms_);
  for (const auto& start : page_starts_) {
    to = put_fixed(put_fixed(to, start.term), start.sequence);
  }
  to = put_bytes(to, filter);
  bytes.resize(static_cast<std::size_t>(to - bytes.data()));
  return bytes;
}

template <class Visit>
StoreResult<void> Run::visit_page(const KeyValue& rows, std::uint32_t index,
                                  const Visit& visit) const {
  const auto page = rows.get(family_, run_key(facts_.id, index));
  if (!page) return tl::unexpected(page.error());
  if (!*page || !walk_page(**page, visit)) {
    return damaged_run(family_, facts_.id,
                       "page " + std::to_string(index) + " is missing or does not decode");
  }
  return {};
}

StoreResult<void> Run::read_page(const KeyValue& rows, std::uint32_t index,
                                 std::vector<Mention>& into) const {
  into.clear();
  return visit_page(rows, index, [&into](const Mention& mention) {
    into.push_back(mention);
    return true;
  });
}

StoreResult<void> Run::collect(const KeyValue& rows, Term term, const MentionRange& range,
                               std::vector<Sequence>& into) const {
  if (range.before == 0) return {};
  if (!filter_.may_have(TermFilter::Probe(filter_hash(family_, term)))) return {};
  // The newest mention that may be wanted. It can only be on the last page that does not begin
  // behind it, or on a later page if that one ends before it.
  const Mention newest{term, range.before - 1};
  const auto behind = std::upper_bound(page_starts_.begin(), page_starts_.end(), newest, precedes);
  auto index = behind == page_starts_.begin()
                   ? std::uint32_t{0}
                   : static_cast<std::uint32_t>(behind - page_starts_.begin() - 1);
  bool goes_on = true;
  for (; goes_on && index < pages() && page_starts_[index].term <= term; ++index) {
    const auto read = visit_page(rows, index, [&](const Mention& mention) {
      // Pass over smaller terms, and over sequences that are too new.
      if (precedes(mention, newest)) return true;
      goes_on =
          mention.term == term && mention.sequence >= range.first && into.size() < range.limit;
      if (goes_on) into.push_back(mention.sequence);
      return goes_on;
    });
    if (!read) return read;
  }
  return {};
}

// Within a term the oldest stands last. All that is as old as `range.first` or younger, and not on
// the last page that begins no later than that, is on an earlier page, and younger.
StoreResult<Sequence> Run::oldest(const KeyValue& rows, Term term,
                                  const MentionRange& range) const {
  if (!filter_.may_have(TermFilter::Probe(filter_hash(family_, term)))) return Sequence{0};
  const auto behind = std::upper_bound(page_starts_.begin(), page_starts_.end(),
                                       Mention{term, range.first}, precedes);
  if (behind == page_starts_.begin()) return Sequence{0};
  const auto page = static_cast<std::uint32_t>(behind - page_starts_.begin() - 1);
  Sequence found = 0;
  const auto read = visit_page(rows, page, [&](const Mention& mention) {
    const bool is_wanted = mention.term == term && mention.sequence >= range.first;
    if (is_wanted && mention.sequence < range.before) found = mention.sequence;
    return mention.term <= term;
  });
  if (!read) return tl::unexpected(read.error());
  return found;
}

void RunWriter::add(const Mention& mention) {
  if (page_.empty()) page_.resize(kPageBytes + 2 * kMaxVarintBytes);
  const bool starts_page = page_end_ == 0;
  // A page begins with full numbers, so that it can be decoded without the one before it.
  const Mention before = starts_page ? Mention{} : previous_;
  const bool same_term = !starts_page && mention.term == before.term;
  char* to = put_varint(page_.data() + page_end_, mention.term - before.term);
  to = put_varint(to, same_term ? before.sequence - mention.sequence : mention.sequence);
  page_end_ = static_cast<std::size_t>(to - page_.data());
  if (starts_page) run_.page_starts_.push_back(mention);
  if (run_.facts_.mentions == 0 || previous_.term != mention.term) {
    // A new term. Its line of the filter is loaded now and changed 16 terms later, so the writer
    // does not wait for memory.
    auto& place = ahead_[run_.terms_ % kTermsAhead];
    if (run_.terms_++ >= kTermsAhead) run_.filter_.add(place);
    place = TermFilter::Probe(filter_hash(run_.family_, mention.term));
    run_.filter_.prefetch(place);
  }
  ++run_.facts_.mentions;
  previous_ = mention;
  if (page_end_ >= kPageBytes) end_page();
}

void RunWriter::end_page() {
  pages_.emplace_back(page_, 0, page_end_);
  page_end_ = 0;
}

StoreResult<void> RunWriter::write_pages(KeyValue& rows) { return write(rows, nullptr); }

StoreResult<RunPtr> RunWriter::finish(KeyValue& rows) {
  if (page_end_ != 0) end_page();
  // The terms that are still in the ring. Their order does not matter.
  const auto waiting = std::min<std::size_t>(run_.terms_, kTermsAhead);
  for (std::size_t i = 0; i < waiting; ++i) run_.filter_.add(ahead_[i]);
  const auto footer = run_.footer();
  if (auto written = write(rows, &footer); !written) return tl::unexpected(written.error());
  return std::make_shared<const Run>(std::move(run_));
}

StoreResult<void> RunWriter::write(KeyValue& rows, const std::string* footer) {
  std::vector<std::string> keys;
  keys.reserve(pages_.size() + 1);
  std::vector<KeyRow> pages;
  pages.reserve(pages_.size() + 1);
  for (const auto& page : pages_) {
    // The rows are views of these keys, so the vector must not grow its memory: see reserve().
    keys.push_back(run_key(run_.facts_.id, written_++));
    pages.push_back({keys.back(), page});
  }
  if (footer != nullptr) {
    keys.push_back(run_key(run_.facts_.id, kFooterPage));
    pages.push_back({keys.back(), *footer});
  }
  faults::reach(faults::Point::index_before_ingest);
  if (auto ingested = rows.ingest(run_.family_, pages); !ingested) return ingested;
  pages_.clear();
  return {};
}

}  // namespace sg::persistence
