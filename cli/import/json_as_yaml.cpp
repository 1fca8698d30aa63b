#include "cli/import/json_as_yaml.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>

namespace sg::cli {
namespace {

// Length of "\uD83D". A pair of surrogates has twice as many characters.
constexpr std::size_t kEscapeLength = 6;

// The UTF-16 unit of an escape such as "\uD83D".
std::uint32_t escaped_unit(std::string_view escape) {
  std::uint32_t unit = 0;
  std::from_chars(escape.data() + 2, escape.data() + kEscapeLength, unit, 16);
  return unit;
}

// The escape at the start of the text, rewritten. Sets `taken` to its length in the text.
std::string escape(std::string_view text, std::size_t& taken) {
  taken = 2;
  if (text[1] != 'u') return std::string(text.substr(0, taken));
  taken = kEscapeLength;
  const std::uint32_t high = escaped_unit(text);
  // Not the first half of a pair: YAML has the same escape.
  if (high < 0xD800 || high > 0xDBFF) return std::string(text.substr(0, taken));
  taken = 2 * kEscapeLength;
  const std::uint32_t low = escaped_unit(text.substr(kEscapeLength));
  // The JSON is valid, so the second half follows. The formula is that of UTF-16.
  const std::uint32_t code = 0x10000 + ((high - 0xD800) << 10U) + (low - 0xDC00);
  std::array<char, 16> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), "\\U%08X", code);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

}  // namespace

std::string json_as_yaml(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  bool in_string = false;
  while (!json.empty()) {
    std::size_t taken = 1;
    const char c = json.front();
    if (in_string && c == '\\') {
      out += escape(json, taken);
    } else {
      if (c == '"') in_string = !in_string;
      // In valid JSON a tab never stands in a string, only its escape does.
      out += c == '\t' ? ' ' : c;
    }
    json.remove_prefix(taken);
  }
  return out;
}

}  // namespace sg::cli
