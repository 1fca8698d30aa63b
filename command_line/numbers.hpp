// Numbers on a command line, read strictly: decimal digits, a point, an exponent, and nothing else.
//
//   double seconds = 10;
//   add_number(app, "--timeout", seconds, {0.001, 86'400.0}, "longest wait");
//
// CLI11's own numbers are not strict enough. It accepts `nan` within any bounds and reads 010 as 8.
//
// Thread safety: no shared state.
#pragma once

#include <CLI/App.hpp>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <type_traits>

namespace sg::command_line {

// The range that a number has to lie in.
template <class Number>
struct Bounds {
  Number least;
  Number most;  // inclusive, as is `least`
};

// Reads all of `text` as one number. Returns it, or a sentence that quotes the text and says what
// would be right. parse_whole() takes digits only; parse_decimal() takes finite numbers only.
[[nodiscard]] tl::expected<std::uint64_t, std::string> parse_whole(
    std::string_view text, const Bounds<std::uint64_t>& bounds);
[[nodiscard]] tl::expected<double, std::string> parse_decimal(std::string_view text,
                                                              const Bounds<double>& bounds);

// The shortest text that reads back as the same number, never with an exponent: "0.1", "100000".
[[nodiscard]] std::string written(std::uint64_t number);
[[nodiscard]] std::string written(double number);

// Adds an option that reads a number into `value`, with parse_whole() or parse_decimal(). `value`
// has to outlive the parsing, and holds the default now. The help text names the bounds and this
// default. A number that cannot be read ends the parsing with CLI::ValidationError.
template <class Number>
CLI::Option* add_number(CLI::App& app, const std::string& name, Number& value,
                        const Bounds<Number>& bounds, const std::string& description) {
  const auto take = [&value, bounds, name](const std::string& text) {
    const auto accept = [&](const auto& parsed) {
      if (!parsed) throw CLI::ValidationError(name, parsed.error());
      value = static_cast<Number>(*parsed);
    };
    if constexpr (std::unsigned_integral<Number>) {
      accept(parse_whole(text, {bounds.least, bounds.most}));
    } else {
      accept(parse_decimal(text, bounds));
    }
  };
  using Widest = std::conditional_t<std::unsigned_integral<Number>, std::uint64_t, double>;
  const auto text = [](Number number) { return written(static_cast<Widest>(number)); };
  return app
      .add_option_function<std::string>(name, take,
                                        description + ", " + text(bounds.least) + " to " +
                                            text(bounds.most) + ", " + text(value) +
                                            " if not given")
      ->type_name("N");
}

}  // namespace sg::command_line
