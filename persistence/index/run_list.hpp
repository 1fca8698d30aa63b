// The row that names the runs of the indexes: what is not in it does not exist.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/index/run.hpp"

namespace sg::persistence {

enum class Index : std::uint8_t { history, keys };
inline constexpr std::array kAllIndexes{Index::history, Index::keys};
constexpr std::size_t at(Index index) { return static_cast<std::size_t>(index); }
Family family_of(Index index);

struct RunList {
  std::uint32_t next_run = 1;  // no run has had this number, or a greater one
  std::array<std::vector<RunFacts>, kAllIndexes.size()> runs;  // oldest first
};

std::string encode(const RunList& list);
// Nothing when the bytes are no list.
std::optional<RunList> decode_run_list(std::string_view bytes);

}  // namespace sg::persistence
