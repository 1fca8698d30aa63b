#include "cli/output/table.hpp"

#include <catch2/catch.hpp>

#include "cli/output/text_width.hpp"

using namespace sg::cli;

TEST_CASE("numbers align right, text left, and lines end without spaces") {
  Table table({{"ACCOUNT"}, {"BALANCE", Align::right}, {"NOTE"}});
  table.add({"alice", "5", ""});
  table.add({"b", "-1000000", "low"});
  CHECK(table.text(false) ==
        "ACCOUNT   BALANCE  NOTE\n"
        "alice           5\n"
        "b        -1000000  low\n");
}

TEST_CASE("columns stay aligned with accents, combining marks, wide characters and emoji") {
  Table table({{"NAME"}, {"N", Align::right}});
  table.add({"Företag", "1"});
  table.add({"e\u0301t", "2"});
  table.add({"銀行", "3"});
  table.add({"😀", "4"});
  CHECK(table.text(false) ==
        "NAME     N\n"
        "Företag  1\n"
        "e\u0301t       2\n"
        "銀行     3\n"
        "😀       4\n");
}

TEST_CASE("width counts columns, not bytes") {
  const auto [text, columns] = GENERATE(table<std::string, std::size_t>({
      {"", 0},
      {"abc", 3},
      {"åäö", 3},
      {"a\u0300\u0301", 1},
      {"日本", 4},
      {"😀", 2},
      {"\xff\xfe", 2},  // bytes that are not UTF-8
      {"\xc3", 1},      // cut off in the middle
      {"├──", 3},
      {"שָׁלוֹם", 4},                // Hebrew points
      {"السَّلَامُ", 6},              // Arabic marks
      {"ที่นี่", 2},                  // Thai vowels and tones above the letter
      {"ཨོཾ", 1},                   // Tibetan
      {"\u1112\u1161\u11ab", 2},  // Hangul, spelt out: one syllable
      {"한", 2},
      {"ｆｕｌｌ", 8},
      {"a\u200bb\u2060c\ufeff", 3},  // no width at all
      {"x\u200dy", 2},
      {"👩\u200d👩\u200d👧", 2},  // a family, joined
      {"👍🏽", 2},         // a skin tone
      {"🇸🇪🇳🇴", 4},             // flags
      {"🧑🦰🫠", 6},     // newer emoji
  }));
  CAPTURE(text);
  CHECK(width(text) == columns);
}

TEST_CASE("cells cannot steer the terminal") {
  const auto [text, shown] = GENERATE(table<std::string, std::string>({
      {"plain åäö", "plain åäö"},
      {"two\nlines\t", "two\\nlines\\t"},
      {"\033[31mred", "\\x1b[31mred"},
      {std::string("nul\0", 4), "nul\\x00"},
      {"\x7f", "\\x7f"},
      {"\u009b1m", "\\xc2\\x9b1m"},           // C1: CSI in one character
      {"\u202Eevil", "\\xe2\\x80\\xaeevil"},  // right-to-left override
      {"\xff", "\\xff"},
      {"a\u200eb", "a\\xe2\\x80\\x8eb"},    // left-to-right mark
      {"a\u2028b", "a\\xe2\\x80\\xa8b"},    // line separator
      {"\xe0\x80\x8a", "\\xe0\\x80\\x8a"},  // a newline, overlong
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},  // half of a surrogate pair
      {"👩\u200d👧", "👩\u200d👧"},
  }));
  CHECK(printable(text) == shown);
  Table table({{"T"}});
  table.add({text});
  CHECK(table.text(false) == "T\n" + shown + "\n");
}

TEST_CASE("headers and names of fields are bold only with colour") {
  Table table({{"A"}});
  table.add({"1"});
  CHECK(table.text(true) == "\033[1mA\033[0m\n1\n");
  Fields fields;
  fields.add("id", "alice");
  fields.add("balance", "5");
  fields.add("empty", "");
  CHECK(fields.text(false) == "id       alice\nbalance  5\nempty\n");
  CHECK(fields.text(true).starts_with("\033[1mid\033[0m       alice\n"));
}
