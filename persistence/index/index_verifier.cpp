// The parts of an index may change while a verification runs, so they are compared by spans of
// sequences. The spans are laid out once, at the start. A part is compared if it is made of whole
// spans: the parts of the start are, and so is a part that was merged from them later.
//
// A record that no part covers belongs to a gap. A gap must have no mentions, except for keys that
// have expired and were given up.
#include "persistence/index/index_verifier.hpp"

#include <algorithm>
#include <utility>

namespace sg::persistence {
namespace {

// For messages.
std::string name_of(Index index) {
  if (index == Index::links) return "the index of references";
  return index == Index::history ? "the histories" : "the key index";
}

std::string name_of(Sequence first, Sequence last) {
  return "sequences " + std::to_string(first) + " to " + std::to_string(last);
}

}  // namespace

void MentionSum::add(const Mention& mention) {
  const std::uint64_t hash = mix(mention.term ^ mix(mention.sequence));
  ++count;
  low += hash;
  high += mix(hash ^ mention.term);
}

void MentionSum::add(const MentionSum& other) {
  count += other.count;
  low += other.low;
  high += other.high;
}

void IndexVerifier::start(const RecordIndex& index, Sequence until) {
  until_ = until;
  link_hash_ = index.link_hash();
  // Before the parts are taken: what is filled in between is among them, and not required.
  link_gap_ = index.link_gap();
  take_parts(index);
  // Ask only after the parts were taken. If a run is given up in between, it is still among them,
  // and its keys are merely not required.
  given_up_ = index.keys_given_up();
  for (auto& side : sides_) lay_out(side);
}

void IndexVerifier::restart(const RecordIndex& index) {
  take_parts(index);
  // Before its first run is written an index has another secret after each opening.
  if (index.link_hash() != link_hash_) {
    for (auto& span : sides_[at(Index::links)].spans) span.is_known = false;
  }
  index_ = part_ = page_ = 0;
  sum_ = {};
  is_readable_ = true;
}

void IndexVerifier::take_parts(const RecordIndex& index) {
  auto parts = index.parts();
  read_ = total_ = 0;
  for (const auto which : kAllIndexes) {
    Side& side = sides_[at(which)];
    // After a restart the parts end where the spans of the first start end.
    const Sequence covered = side.spans.empty() ? until_ : side.spans.back().last;
    side.parts = std::move(parts[at(which)]);
    for (auto& part : side.parts) part.last = std::min(part.last, covered);
    std::erase_if(side.parts, [](const RecordIndex::Part& part) { return part.last < part.first; });
    for (const auto& part : side.parts) total_ += part.size();
  }
}

void IndexVerifier::lay_out(Side& side) {
  Sequence next = 1;
  for (const auto& part : side.parts) {
    if (part.first > next) side.spans.push_back({next, part.first - 1, {}, false, true});
    side.spans.push_back({part.first, part.last, {}, true, true});
    next = part.last + 1;
  }
}

void IndexVerifier::add(Index index, const Mention& mention) {
  Side& side = sides_[at(index)];
  while (side.filling < side.spans.size() && side.spans[side.filling].last < mention.sequence) {
    ++side.filling;
  }
  if (side.filling == side.spans.size()) return;  // younger than what the index held at the start
  Span& span = side.spans[side.filling];
  // A key that may have been given up counts only if a part should have it. So does a link that may
  // not have been read yet.
  const bool may_be_gone = (index == Index::keys && mention.sequence <= given_up_) ||
                           (index == Index::links && link_gap_.holds(mention.sequence));
  if (span.is_part || !may_be_gone) span.sum.add(mention);
}

void IndexVerifier::skip(Sequence first, Sequence last) {
  for (auto& side : sides_) {
    for (auto& span : side.spans) {
      if (span.first <= last && span.last >= first) span.is_known = false;
    }
  }
}

void IndexVerifier::check_gaps(Index index, std::vector<std::string>& problems) {
  Side& side = sides_[at(index)];
  if (std::exchange(side.gaps_told, true)) return;
  for (const Span& span : side.spans) {
    if (span.is_part || !span.is_known || span.sum.count == 0) continue;
    problems.push_back(name_of(index) + " lack " + std::to_string(span.sum.count) + " entries of " +
                       name_of(span.first, span.last));
  }
}

void IndexVerifier::compare(Index index, const RecordIndex::Part& part,
                            std::vector<std::string>& problems) const {
  // A part that filled the gap later: its records were not added up.
  const bool fills_gap =
      index == Index::links && part.first <= link_gap_.last && part.last >= link_gap_.first;
  if (fills_gap) return;
  MentionSum wanted;
  for (const Span& span : sides_[at(index)].spans) {
    if (span.last < part.first || span.first > part.last) continue;
    // The part cuts a span in two, or one of its spans has lost records: it cannot be compared.
    if (span.first < part.first || span.last > part.last || !span.is_known) return;
    wanted.add(span.sum);
  }
  if (wanted == sum_) return;
  const auto where = name_of(index) + " of " + name_of(part.first, part.last);
  if (wanted.count == sum_.count) {
    problems.push_back(where + " hold other entries than the records make");
  } else {
    problems.push_back(where + " hold " + std::to_string(sum_.count) +
                       " entries, the records make " + std::to_string(wanted.count));
  }
}

// A look-up asks the filter first, then goes to a page by the footer. If either is wrong, mentions
// are on the pages and yet not found.
void IndexVerifier::check_lookups(Index index, const Run& run, std::vector<std::string>& problems) {
  const auto damaged = [&](const std::string& what) {
    problems.push_back("page " + std::to_string(page_) + " of run " +
                       std::to_string(run.facts().id) + " of " + name_of(index) + " " + what);
    is_readable_ = false;
  };
  if (mentions_.empty() || !run.begins(page_, mentions_.front())) {
    return damaged("does not begin as the run's footer says");
  }
  const auto family = family_of(index);
  for (const Mention& mention : mentions_) {
    if (run.filter().may_have(TermFilter::Probe(filter_hash(family, mention.term)))) continue;
    return damaged("holds an entry that the run's filter does not know");
  }
}

// False if the part has no more pages, or if this one cannot be used. A chunk is one page.
bool IndexVerifier::read_page(const KeyValue& rows, Index index, const RecordIndex::Part& part,
                              std::vector<std::string>& problems) {
  if (part.chunk) {
    if (page_++ > 0) return false;
    mentions_ = part.chunk->sorted();
  } else {
    if (page_ == part.run->pages()) return false;
    if (auto page = part.run->read_page(rows, page_, mentions_); !page) {
      problems.push_back("the rows of " + std::string(family_name(family_of(index))) +
                         " cannot be read: " + page.error().message);
      is_readable_ = false;
    } else {
      check_lookups(index, *part.run, problems);
    }
    ++page_;
  }
  for (const Mention& mention : mentions_) {
    // A part may hold mentions of groups that were written after the verification began.
    if (mention.sequence <= part.last) sum_.add(mention);
  }
  read_ += part.chunk ? part.chunk->size() : mentions_.size();
  return is_readable_;
}

bool IndexVerifier::read(const KeyValue& rows, std::size_t mentions,
                         std::vector<std::string>& problems) {
  for (const auto end = read_ + mentions; index_ < kAllIndexes.size();) {
    const Index index = kAllIndexes[index_];
    const auto& parts = sides_[index_].parts;
    // The gaps of an index are known without reading it: they come behind its last part.
    if (part_ == parts.size()) {
      check_gaps(index, problems);
      ++index_;
      part_ = 0;
      continue;
    }
    const auto& part = parts[part_];
    if (read_page(rows, index, part, problems)) {
      if (read_ >= end) return true;
      continue;
    }
    if (is_readable_) compare(index, part, problems);
    ++part_;
    page_ = 0;
    sum_ = {};
    is_readable_ = true;
  }
  return false;
}

}  // namespace sg::persistence
