#include "command_line/time_text.hpp"

#include <absl/time/time.h>

#include <array>
#include <charconv>
#include <optional>

namespace sg::command_line {
namespace {

// Years 0001 to 9999, to the millisecond: four digits of year.
constexpr std::int64_t kFirstMs = -62'135'596'800'000;
constexpr std::int64_t kLastMs = 253'402'300'799'999;

// The forms of a time that are accepted, `d` being a digit, and the same in absl's words.
struct Form {
  std::string_view shape;
  std::string_view format;
};
constexpr std::array kForms{
    Form{"dddd-dd-dd", "%Y-%m-%d"},
    Form{"dddd-dd-ddTdd:dd", "%Y-%m-%dT%H:%M"},
    Form{"dddd-dd-ddTdd:dd:dd", "%Y-%m-%dT%H:%M:%S"},
    Form{"dddd-dd-ddTdd:dd:dd.ddd", "%Y-%m-%dT%H:%M:%E*S"},
};
constexpr std::size_t kSecondsAt = 17;  // in the forms that have seconds

// absl's parser takes spaces, signs, and fields with fewer digits too.
bool has_shape(std::string_view text, std::string_view shape) {
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (shape[i] == 'd' ? !is_digit : text[i] != shape[i]) return false;
  }
  return true;
}

std::optional<std::int64_t> parse_iso_8601(std::string_view text) {
  const bool has_clock = text.find('T') != std::string_view::npos;
  if (has_clock && text.ends_with('Z')) text.remove_suffix(1);
  for (const auto& [shape, format] : kForms) {
    if (!has_shape(text, shape)) continue;
    // absl moves a leap second to the next minute; a block's time has none.
    if (text.size() > kSecondsAt && text.substr(kSecondsAt, 2) == "60") return std::nullopt;
    absl::Time time;
    std::string error;
    if (!absl::ParseTime({format.data(), format.size()}, {text.data(), text.size()},
                         absl::UTCTimeZone(), &time, &error)) {
      return std::nullopt;
    }
    return absl::ToUnixMillis(time);
  }
  return std::nullopt;
}

// "1714557600123", with or without "ms" behind it. A bare number has to have 13 digits, which are
// the years 2001 to 2286. Fewer or more could be a date without dashes, or seconds.
std::optional<std::int64_t> parse_milliseconds(std::string_view text) {
  constexpr std::string_view kUnit = "ms";
  constexpr std::size_t kBareDigits = 13;
  const bool has_unit = text.ends_with(kUnit);
  if (has_unit) text.remove_suffix(kUnit.size());
  const bool bare = text.size() == kBareDigits && text.front() != '-';
  if (!has_unit && !bare) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string iso_8601(std::int64_t milliseconds) {
  if (milliseconds < kFirstMs || milliseconds > kLastMs) return std::to_string(milliseconds);
  return absl::FormatTime("%E4Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(milliseconds),
                          absl::UTCTimeZone());
}

tl::expected<std::int64_t, std::string> parse_time(std::string_view text) {
  if (const auto time = parse_iso_8601(text)) return *time;
  if (const auto time = parse_milliseconds(text)) return *time;
  return tl::unexpected("\"" + std::string(text) +
                        "\" is no time: write 2024-05-01, 2024-05-01T10:00:00Z (UTC), or "
                        "milliseconds since 1970 as 13 digits, 1714557600123, or with their unit, "
                        "86400000ms");
}

std::string duration(std::int64_t milliseconds) {
  const std::int64_t seconds = milliseconds / 1000;
  const auto text = [](std::int64_t value, const char* unit) {
    return std::to_string(value) + unit;
  };
  if (seconds < 60) return text(seconds, "s");
  if (seconds < 3600) return text(seconds / 60, "m ") + text(seconds % 60, "s");
  if (seconds < 86400) return text(seconds / 3600, "h ") + text(seconds / 60 % 60, "m");
  return text(seconds / 86400, "d ") + text(seconds / 3600 % 24, "h");
}

}  // namespace sg::command_line
