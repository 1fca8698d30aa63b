// Times as people write them: ISO-8601, UTC, to the millisecond.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace sg::command_line {

// 1714557600123 -> "2024-05-01T10:00:00.123Z". Years beyond 9999 come out as the number itself.
[[nodiscard]] std::string iso_8601(std::int64_t milliseconds);

// "2024-05-01", "2024-05-01T10:00", "...:00", "...:00.123", with or without Z; or milliseconds
// since 1970: "1714557600123", 13 digits, or any number with its unit, "86400000ms". Other bare
// numbers are refused: 2099 and 20990101 are meant as a year and a date. The error says what is
// accepted.
[[nodiscard]] tl::expected<std::int64_t, std::string> parse_time(std::string_view text);

// 93784005 -> "1d 2h": the two largest units.
[[nodiscard]] std::string duration(std::int64_t milliseconds);

}  // namespace sg::command_line
