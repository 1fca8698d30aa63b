#include "command_line/time_text.hpp"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <limits>

using namespace sg::command_line;

TEST_CASE("times are written as ISO-8601 in UTC") {
  const auto [time, text] = GENERATE(table<std::int64_t, std::string>({
      {0, "1970-01-01T00:00:00.000Z"},
      {1'714'557'600'123, "2024-05-01T10:00:00.123Z"},
      {951'782'399'999, "2000-02-28T23:59:59.999Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
      {253'402'300'799'999, "9999-12-31T23:59:59.999Z"},
      {253'402'300'800'000, "253402300800000"},
      {std::numeric_limits<std::int64_t>::max(), "9223372036854775807"},
      {std::numeric_limits<std::int64_t>::min(), "-9223372036854775808"},
  }));
  CHECK(iso_8601(time) == text);
}

TEST_CASE("times are read in every form that is offered") {
  const auto [text, time] = GENERATE(table<std::string, std::int64_t>({
      {"2024-05-01", 1'714'521'600'000},
      {"2024-05-01T10:00", 1'714'557'600'000},
      {"2024-05-01T10:00:00", 1'714'557'600'000},
      {"2024-05-01T10:00:00Z", 1'714'557'600'000},
      {"2024-05-01T10:00:00.123Z", 1'714'557'600'123},
      {"1714557600123", 1'714'557'600'123},
      {"1000000000000", 1'000'000'000'000},
      {"9999999999999", 9'999'999'999'999},
      {"1714557600123ms", 1'714'557'600'123},
      {"2099ms", 2099},
      {"0ms", 0},
      {"-1ms", -1},
      {"9223372036854775807ms", std::numeric_limits<std::int64_t>::max()},
      {"2024-02-29", 1'709'164'800'000},
  }));
  CAPTURE(text);
  CHECK(parse_time(text).value() == time);
}

TEST_CASE("what is no time is refused with the forms that are") {
  const auto text = GENERATE(
      as<std::string>{}, "", "yesterday", "2024-13-01", "2023-02-29", "2024-05-01T24:00",
      "2024-05-01T10:60", "2024-05-01T10:00:61", "2024-05-01T10:00:00.1", "2024-05-01T",
      "2024-05-01 10:00", "2024-05-01T10:00:00+02:00", "12x", "99999999999999999999",
      // A year, a month, a date, a date and a time, seconds.
      "2099", "209901", "20990101", "202405011000", "20240501100000", "1714557600", "-714557600123",
      "0", "ms", "-ms", "1.5ms", "+1ms", " 1ms", "1 ms", "12345678901ms1", "9223372036854775808ms");
  CAPTURE(text);
  const auto parsed = parse_time(text);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().find("2024-05-01T10:00:00Z") != std::string::npos);
}

TEST_CASE("a time that is written is read back") {
  CHECK(rc::check([] {
    const auto time = *rc::gen::inRange<std::int64_t>(-62'135'596'800'000, 253'402'300'800'000);
    RC_ASSERT(parse_time(iso_8601(time)).value() == time);
  }));
}

TEST_CASE("durations show their two largest units") {
  CHECK(duration(999) == "0s");
  CHECK(duration(59'000) == "59s");
  CHECK(duration(61'000) == "1m 1s");
  CHECK(duration(3'660'000) == "1h 1m");
  CHECK(duration(93'784'005) == "1d 2h");
}
