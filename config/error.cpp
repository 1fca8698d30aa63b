// How errors are printed. Keys and values come from a file that somebody else may have written.
// They must neither break the line, nor steer the terminal, nor flood it.
#include "config/error.hpp"

namespace sg::config {
namespace {

constexpr std::size_t max_shown_bytes = 80;  // of a value or key that someone else wrote

// Every byte of a UTF-8 character but the first has the bits 10xxxxxx.
bool continues_utf8(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// Escapes as TOML does, so that a quoted value can be copied back into a file.
std::string escaped(std::string_view text, bool in_quotes) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      out.append("\\u00").append(1, hex[byte >> 4U]).append(1, hex[byte & 0x0FU]);
    } else if (in_quotes && (c == '"' || c == '\\')) {
      out.append("\\").append(1, c);
    } else {
      out += c;
    }
  }
  return out;
}

// The start of the text, cut before a character that would not be whole.
std::string_view shown_part(std::string_view text) {
  if (text.size() <= max_shown_bytes) return text;
  auto end = max_shown_bytes;
  while (end > 0 && continues_utf8(text[end])) --end;
  return text.substr(0, end);
}

}  // namespace

std::string to_string(const Error& error) {
  auto out = error.source;
  if (error.line) out += ":" + std::to_string(*error.line);
  out += ": ";
  if (!error.key.empty()) {
    out += error.key;
    if (!error.value.empty()) out += " = " + error.value;
    out += ": ";
  }
  return out + error.message;
}

std::string to_string(const Errors& errors) {
  std::string out;
  for (const auto& error : errors) {
    if (!out.empty()) out += '\n';
    out += to_string(error);
  }
  return out;
}

std::string printable(std::string_view text) {
  const auto shown = shown_part(text);
  return escaped(shown, false) + (shown.size() < text.size() ? "..." : "");
}

std::string one_line(std::string_view text) { return escaped(text, false); }

std::string quote(std::string_view text) {
  const auto shown = shown_part(text);
  return "\"" + escaped(shown, true) + (shown.size() < text.size() ? "..." : "") + "\"";
}

}  // namespace sg::config
