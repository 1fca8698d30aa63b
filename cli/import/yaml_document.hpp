// One YAML document out of a text.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstddef>
#include <string>
#include <tl/expected.hpp>

namespace sg::cli {

// A node takes two bytes in a file, and hundreds in memory.
inline constexpr std::size_t kMostNodes = 10'000'000;

// Aliases multiply: a few lines of them can stand for more nodes than fit in memory. All aliases of
// a file stand for no more than this, added up.
inline constexpr std::size_t kMostAliasedNodes = 1'000'000;
inline constexpr std::size_t kMostAliasedBytes = 64 << 20;

// The only document of the text, or why there is not exactly one. Throws YAML::Exception for a text
// that is no YAML, or that passes the limits.
[[nodiscard]] tl::expected<YAML::Node, std::string> only_document(const std::string& text);

}  // namespace sg::cli
