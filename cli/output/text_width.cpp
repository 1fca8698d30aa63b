// Width and escaping of UTF-8 text.
//
// Terminals show a grapheme cluster, such as a letter with its marks, in one place. utf8proc knows
// where clusters end (Unicode Standard Annex #29) and how wide a character is. The width of a
// cluster is the sum of its characters, but at most two columns.
#include "cli/output/text_width.hpp"

#include <utf8proc.h>

#include <algorithm>

namespace sg::cli {
namespace {

// U+FFFD, which stands for a byte that is not UTF-8.
constexpr utf8proc_int32_t kReplacement = 0xFFFD;

// One character, or one byte that is not UTF-8.
struct Character {
  utf8proc_int32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

// The first character of `text`, which must not be empty. A byte that starts no character is
// returned on its own, not valid.
Character decode(std::string_view text) {
  Character next;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto taken =
      utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &next.code);
  next.valid = taken > 0;
  if (next.valid) next.bytes = static_cast<std::size_t>(taken);
  return next;
}

// Characters that turn the direction of the text behind them: marks, embeddings, overrides,
// isolates.
bool turns_direction(utf8proc_int32_t code) {
  return code == 0x061C || code == 0x200E || code == 0x200F || (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069);
}

// True for C0, DEL, C1, the separators of lines and paragraphs, and for turns of direction.
bool steers(utf8proc_int32_t code) {
  const auto category = utf8proc_category(code);
  return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP || turns_direction(code);
}

void append_escaped(std::string& out, std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += "\\x";
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 0xFU];
  }
}

}  // namespace

std::size_t width(std::string_view text) {
  constexpr std::size_t kWidest = 2;
  std::size_t columns = 0;  // of the clusters before this one
  std::size_t cluster = 0;  // of this one so far
  utf8proc_int32_t before = 0;
  // Kept by utf8proc between calls: some boundaries depend on more than two characters.
  utf8proc_int32_t state = 0;
  while (!text.empty()) {
    const Character next = decode(text);
    const utf8proc_int32_t code = next.valid ? next.code : kReplacement;
    if (utf8proc_grapheme_break_stateful(before, code, &state)) {
      columns += cluster;
      cluster = 0;
    }
    cluster = std::min(kWidest, cluster + static_cast<std::size_t>(utf8proc_charwidth(code)));
    before = code;
    text.remove_prefix(next.bytes);
  }
  return columns + cluster;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character next = decode(text);
    const std::string_view bytes = text.substr(0, next.bytes);
    if (bytes == "\n") {
      out += "\\n";
    } else if (bytes == "\t") {
      out += "\\t";
    } else if (!next.valid || steers(next.code)) {
      append_escaped(out, bytes);
    } else {
      out += bytes;
    }
    text.remove_prefix(next.bytes);
  }
  return out;
}

}  // namespace sg::cli
