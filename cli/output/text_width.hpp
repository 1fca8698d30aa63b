// How much room a text takes on a terminal, and how to keep it on one line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sg::cli {

// Columns of a terminal, by Unicode's tables (utf8proc). What belongs together, such as a letter
// and its marks, a syllable of Hangul or emoji that are joined, takes two columns at most. Each
// byte that is not UTF-8 takes one. Expects text without control characters.
[[nodiscard]] std::size_t width(std::string_view text);

// The text with control characters, turns of direction and stray bytes written as \n, \t or \xNN:
// names and references come from others and must not steer the terminal.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace sg::cli
