// How much room a text takes on a terminal, and how to keep it on one line. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sg::cli {

// How many columns of a terminal the text takes, by the tables of Unicode (utf8proc).
//
// Characters that are shown as one count as one, and take at most two columns. Examples are a
// letter with its marks, a Hangul syllable and joined emoji. Each byte that is not UTF-8 takes one
// column. Needs: text without control characters, such as printable() returns.
[[nodiscard]] std::size_t width(std::string_view text);

// The text with everything escaped that could steer a terminal: control characters, marks that turn
// the direction of writing, and bytes that are not UTF-8. They become \n, \t or \xNN. Names and
// references come from other people, so they go through here before they are shown.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace sg::cli
