// How much room a text takes on a terminal, and how to keep it on one line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sg::cli {

// Columns of a terminal: 2 for East Asian wide characters and emoji, 0 for combining marks, 1 for
// each byte that is not UTF-8. Expects text without control characters.
[[nodiscard]] std::size_t width(std::string_view text);

// The text with control characters and stray bytes written as \n, \t or \xNN: names and references
// come from others and must not steer the terminal.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace sg::cli
