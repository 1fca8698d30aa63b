// What is wrong with a setting, where, and what would be right. Printed as one line:
//
//   config/scalegraph.toml:12: server.max_in_flight = 0: must be an integer from 1 to 1000000
//   --set: server.max_in_flight = 0: must be an integer from 1 to 1000000
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sg::config {

struct Error {
  std::string source;                 // the file as it was named, or "--set"
  std::optional<std::uint32_t> line;  // from 1; none if the fault has no line
  std::string key;                    // "server.listen", a table's name, or empty
  std::string value;                  // as TOML writes it; empty if it is not one short value
  std::string message;                // what would be right

  bool operator==(const Error&) const = default;
};

// All that is wrong with one file, in the order of its lines; never empty where it is returned.
using Errors = std::vector<Error>;

[[nodiscard]] std::string to_string(const Error& error);
// One error per line, no newline at the end.
[[nodiscard]] std::string to_string(const Errors& errors);

// A text for one line of a message: control characters escaped, the rest of a long one cut off.
[[nodiscard]] std::string printable(std::string_view text);
// The same, whole.
[[nodiscard]] std::string one_line(std::string_view text);
// As printable(), in double quotes.
[[nodiscard]] std::string quote(std::string_view text);

}  // namespace sg::config
