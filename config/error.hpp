// Errors in the settings: what is wrong, where, and what would be right. Each is printed as one
// line:
//
//   config/scalegraph.toml:12: server.max_in_flight = 0: must be an integer from 1 to 1000000
//   --set: server.max_in_flight = 0: must be an integer from 1 to 1000000
//
// Also the ways to show text of unknown origin in a message. Operations are pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sg::config {

struct Error {
  std::string source;                 // the file as it was named, or "--set"
  std::optional<std::uint32_t> line;  // from 1; nullopt if the fault has no line
  std::string key;                    // "server.listen", a table's name, or empty
  std::string value;                  // as TOML writes it; empty if it is not one short value
  std::string message;                // what would be right, or what failed

  bool operator==(const Error&) const = default;
};

// Everything that is wrong with one file, in the order of its lines. Never empty when returned.
using Errors = std::vector<Error>;

// "SOURCE:LINE: KEY = VALUE: MESSAGE", without the parts that are empty.
[[nodiscard]] std::string to_string(const Error& error);
// One error per line, no newline at the end.
[[nodiscard]] std::string to_string(const Errors& errors);

// Makes `text` safe for one line of a message. Control characters are escaped as \n, \t or \u00XX.
// After 80 bytes the rest is cut off, at the border of a UTF-8 character, and "..." follows.
[[nodiscard]] std::string printable(std::string_view text);
// The same, without cutting anything off.
[[nodiscard]] std::string one_line(std::string_view text);
// As printable(), in double quotes. Quotes and backslashes within are escaped.
[[nodiscard]] std::string quote(std::string_view text);

}  // namespace sg::config
