// Parses a text that has to hold exactly one YAML document, within limits of memory.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstddef>
#include <string>
#include <tl/expected.hpp>

namespace sg::cli {

// The most nodes of a file: keys, values, lists and maps. A node takes two bytes in a file, but
// hundreds in memory.
inline constexpr std::size_t kMostNodes = 10'000'000;

// The most that all aliases of a file may stand for, added up: nodes, and bytes of text. Aliases
// multiply, so a few lines of them can stand for more nodes than fit in memory.
inline constexpr std::size_t kMostAliasedNodes = 1'000'000;
inline constexpr std::size_t kMostAliasedBytes = 64 << 20;

// Returns the document, or a sentence if the text holds none or several. Throws YAML::Exception if
// the text is not YAML or passes a limit.
[[nodiscard]] tl::expected<YAML::Node, std::string> only_document(const std::string& text);

}  // namespace sg::cli
