#include "cli/output/time_text.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>

namespace sg::cli {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::sys_days;
using std::chrono::sys_time;
using std::chrono::year_month_day;

// 0001-01-01 and 9999-12-31T23:59:59.999: four digits of year.
constexpr std::int64_t kFirstMs = -62'135'596'800'000;
constexpr std::int64_t kLastMs = 253'402'300'799'999;

// Takes exactly `digits` digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<sys_days> take_date(std::string_view& text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  const year_month_day date{std::chrono::year{*year},
                            std::chrono::month{static_cast<unsigned>(*month)},
                            std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return sys_days{date};
}

std::optional<milliseconds> take_time_of_day(std::string_view& text) {
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  milliseconds time = std::chrono::hours{*hour} + std::chrono::minutes{*minute};
  if (!take(text, ':')) return time;
  const auto second = take_number(text, 2);
  if (!second || *second > 59) return std::nullopt;
  time += std::chrono::seconds{*second};
  if (!take(text, '.')) return time;
  const auto fraction = take_number(text, 3);
  if (!fraction) return std::nullopt;
  return time + milliseconds{*fraction};
}

std::optional<std::int64_t> parse_iso_8601(std::string_view text) {
  const auto date = take_date(text);
  if (!date) return std::nullopt;
  milliseconds time{0};
  if (take(text, 'T')) {
    const auto time_of_day = take_time_of_day(text);
    if (!time_of_day) return std::nullopt;
    time = *time_of_day;
    take(text, 'Z');
  }
  if (!text.empty()) return std::nullopt;
  return (date->time_since_epoch() + time).count();
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

std::string iso_8601(std::int64_t time) {
  if (time < kFirstMs || time > kLastMs) return std::to_string(time);
  const sys_time<milliseconds> point{milliseconds{time}};
  const sys_days day = std::chrono::floor<days>(point);
  const year_month_day date{day};
  const std::chrono::hh_mm_ss clock{point - day};
  std::array<char, 64> text{};
  const int written = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
      static_cast<int>(clock.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(written)};
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

}  // namespace sg::cli
