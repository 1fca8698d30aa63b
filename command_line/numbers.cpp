#include "command_line/numbers.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <charconv>
#include <cmath>

namespace sg::command_line {
namespace {

// True if the whole text is one number. from_chars() knows no locale, no leading space, no "+" and
// no octal or hexadecimal notation.
template <class Number, class... Format>
bool read(std::string_view text, Number& value, Format... format) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, format...);
  return error == std::errc{} && stop == end;
}

template <class Number>
tl::unexpected<std::string> refused(std::string_view text, const char* kind,
                                    const Bounds<Number>& bounds) {
  return tl::unexpected("\"" + std::string(text) + "\" is not " + kind + " from " +
                        written(bounds.least) + " to " + written(bounds.most));
}

template <class Number, class... Format>
std::string shortest(Number number, Format... format) {
  std::array<char, 512> digits{};  // more than any double needs; DBL_MAX has 309
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, format...);
  return {digits.data(), end.ptr};
}

}  // namespace

std::string written(std::uint64_t number) { return shortest(number); }
std::string written(double number) { return shortest(number, std::chars_format::fixed); }

tl::expected<std::uint64_t, std::string> parse_whole(std::string_view text,
                                                     const Bounds<std::uint64_t>& bounds) {
  std::uint64_t value = 0;
  if (read(text, value) && value >= bounds.least && value <= bounds.most) return value;
  return refused(text, "a whole number", bounds);
}

tl::expected<double, std::string> parse_decimal(std::string_view text,
                                                const Bounds<double>& bounds) {
  double value = 0;
  // from_chars() accepts "inf" and "nan" as well: neither is a number here, whatever the bounds.
  if (read(text, value, std::chars_format::general) && std::isfinite(value) &&
      value >= bounds.least && value <= bounds.most) {
    return value;
  }
  return refused(text, "a number", bounds);
}

}  // namespace sg::command_line
