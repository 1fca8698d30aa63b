// The lists of runs: two rows in the meta family that name the runs of the indexes. A run that is
// in no list does not exist for readers, even if its pages are in the database. So writing these
// rows is what makes a new run, or a merge, take effect.
//
// The links have a row of their own, and pages in the family of the keys. A program that does not
// know them reads the other row, and removes their pages as those of runs that no list names. The
// next program that knows them finds them gone, and builds them anew.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/index/run.hpp"

namespace sg::persistence {

// The indexes over the chain's records. Their order is part of the list's format.
enum class Index : std::uint8_t { history, keys, links };
inline constexpr std::array kAllIndexes{Index::history, Index::keys, Index::links};
// The place of an index in arrays.
constexpr std::size_t at(Index index) { return static_cast<std::size_t>(index); }
Family family_of(Index index);

// A span of sequences, both ends inclusive; empty if it ends before it begins.
struct SequenceSpan {
  Sequence first = 1;
  Sequence last = 0;

  bool empty() const { return last < first; }
  bool holds(Sequence sequence) const { return sequence >= first && sequence <= last; }
};

// Of the histories and the keys.
struct RunList {
  std::uint32_t next_run = 1;  // no run of any index has this number or a greater one
  std::array<std::vector<RunFacts>, 2> runs;  // oldest first
};
// Of the links.
struct LinkList {
  std::uint64_t secret = 0;    // of the hashes that are their terms
  Sequence indexed = 0;        // the runs have all mentions up to it, but for those of `gap`
  SequenceSpan gap;            // records from before there were links, which are still to be read
  std::vector<RunFacts> runs;  // oldest first
};

std::string encode(const RunList& list);
std::string encode(const LinkList& list);
// Nullopt if the bytes are not such a list.
std::optional<RunList> decode_run_list(std::string_view bytes);
std::optional<LinkList> decode_link_list(std::string_view bytes);

}  // namespace sg::persistence
