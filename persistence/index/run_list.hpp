// The list of runs: one row in the meta family that names the runs of both indexes. A run that is
// not in the list does not exist for readers, even if its pages are in the database. So writing
// this row is what makes a new run, or a merge, take effect.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/index/run.hpp"

namespace sg::persistence {

// The two indexes over the chain's records. Their order is part of the list's format.
enum class Index : std::uint8_t { history, keys };
inline constexpr std::array kAllIndexes{Index::history, Index::keys};
// The place of an index in arrays.
constexpr std::size_t at(Index index) { return static_cast<std::size_t>(index); }
Family family_of(Index index);

struct RunList {
  std::uint32_t next_run = 1;  // no run has this number or a greater one
  std::array<std::vector<RunFacts>, kAllIndexes.size()> runs;  // oldest first
};

std::string encode(const RunList& list);
// Nullopt if the bytes are not a list.
std::optional<RunList> decode_run_list(std::string_view bytes);

}  // namespace sg::persistence
