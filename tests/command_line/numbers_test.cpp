#include "command_line/numbers.hpp"

#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>

#include "command_line/parsing.hpp"

namespace sg::command_line {
namespace {

// What is a number to strtod, strtol or a human, and must not be one here.
const std::vector<std::string> kNever = {
    "",      "nan", "-nan", "NaN", "inf", "-inf", "infinity", "0x10", "1e999", "-1e999",   "1,5",
    "1_000", " 1",  "1 ",   "1x",  "+1",  "--1",  "1e",       ".",    "e3",    "\xD9\xA3",
};

TEST_CASE("A whole number is decimal digits within the bounds", "[command line]") {
  const auto [text, value] = GENERATE(table<std::string, std::uint64_t>({
      {"1", 1},
      {"010", 10},  // not octal
      {"18446744073709551615", std::numeric_limits<std::uint64_t>::max()},
  }));
  CHECK(parse_whole(text, {1, std::numeric_limits<std::uint64_t>::max()}).value() == value);
}

TEST_CASE("Whatever else is no whole number", "[command line]") {
  auto texts = kNever;
  texts.insert(texts.end(), {"0", "11", "-1", "1.0", "1.5", "1e0", "18446744073709551616",
                             "99999999999999999999999999"});
  for (const auto& text : texts) {
    CAPTURE(text);
    const auto parsed = parse_whole(text, {1, 10});
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error() == "\"" + text + "\" is not a whole number from 1 to 10");
  }
}

TEST_CASE("A number may have a point and an exponent", "[command line]") {
  const auto [text, value] = GENERATE(table<std::string, double>({
      {"0.5", 0.5},
      {".5", 0.5},
      {"5.", 5},
      {"10", 10},
      {"1e1", 10},
      {"2.5E-1", 0.25},
      {"0.1", 0.1},
  }));
  CHECK(parse_decimal(text, {0.1, 10}).value() == value);
}

TEST_CASE("Whatever else is no number, and nothing that is not finite", "[command line]") {
  auto texts = kNever;
  texts.insert(texts.end(), {"0", "0.09999", "10.0001", "-5", "1e-400"});
  for (const auto& text : texts) {
    CAPTURE(text);
    const auto parsed = parse_decimal(text, {0.1, 10});
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error() == "\"" + text + "\" is not a number from 0.1 to 10");
  }
}

TEST_CASE("An option takes what its bounds allow, and says so otherwise", "[command line]") {
  std::uint32_t count = 7;
  double seconds = 2;
  CLI::App app;
  add_number(app, "--count", count, {1, 100}, "how many");
  add_number(app, "--seconds", seconds, {0.1, 60}, "how long");
  CHECK_THAT(app.help(), Catch::Contains("how many, 1 to 100, 7 if not given"));
  CHECK_THAT(app.help(), Catch::Contains("how long, 0.1 to 60, 2 if not given"));

  parse(app, {"--count", "100", "--seconds=0.5"});
  CHECK(count == 100);
  CHECK(seconds == 0.5);
  CHECK_THROWS_WITH(parse(app, {"--count", "101"}),
                    "--count: \"101\" is not a whole number from 1 to 100");
  CHECK_THROWS_WITH(parse(app, {"--seconds", "nan"}),
                    "--seconds: \"nan\" is not a number from 0.1 to 60");
}

}  // namespace
}  // namespace sg::command_line
