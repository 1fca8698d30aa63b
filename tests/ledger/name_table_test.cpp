// The table of names against std::map, and what it owes to those who look ahead.
#include "ledger/locks/name_table.hpp"

#include <rapidcheck/catch.h>

#include <map>
#include <string>

namespace sg::ledger::test {

// Few names and many turns: gaps close over runs of entries that belong elsewhere.
TEST_CASE("A table of names answers as a map would") {
  rc::prop("inserts and erases in any order", [] {
    NameTable table;
    std::map<std::string, NameTable::Value> model;
    const auto names = *rc::gen::inRange(1, 200);
    const auto turns = *rc::gen::inRange(0, 2'000);
    for (int turn = 0; turn < turns; ++turn) {
      const auto name = "name" + std::to_string(*rc::gen::inRange(0, names));
      const auto value = static_cast<NameTable::Value>(turn);
      if (*rc::gen::inRange(0, 3) > 0) {
        RC_ASSERT(table.insert(name, value) == model.emplace(name, value).second);
      } else {
        table.erase(name);
        model.erase(name);
      }
      RC_ASSERT(table.size() == model.size());
    }
    for (int i = 0; i < names; ++i) {
      const auto name = "name" + std::to_string(i);
      const auto expected = model.find(name);
      const auto found = table.find(name);
      RC_ASSERT(found.has_value() == (expected != model.end()));
      if (!found) continue;
      RC_ASSERT(*found == expected->second);
      RC_ASSERT(table.prefetch_text(NameTable::hash(name)) == found);
    }
  });
}

TEST_CASE("Names that come and go leave the others in place, however many they were") {
  NameTable table;
  REQUIRE(table.insert("stays", 1));
  REQUIRE(table.insert(std::string(1000, 'x'), 2));
  for (NameTable::Value i = 0; i < 50'000; ++i) {
    const auto name = "goes " + std::to_string(i);
    REQUIRE(table.insert(name, i));
    if (i >= 10) table.erase("goes " + std::to_string(i - 10));
  }
  CHECK(table.size() == 12);
  CHECK(table.find("stays") == 1u);
  CHECK(table.find(std::string(1000, 'x')) == 2u);
  CHECK(table.find("goes 49995") == 49'995u);
  CHECK_FALSE(table.find("goes 49989").has_value());
  CHECK(table.text_bytes() < 300'000);
}

TEST_CASE("A name of another is not found by its beginning, nor an empty one at all") {
  NameTable table;
  CHECK_FALSE(table.find("").has_value());
  REQUIRE(table.insert("alice", 1));
  REQUIRE_FALSE(table.insert("alice", 2));
  CHECK(table.find("alice") == 1u);
  CHECK_FALSE(table.find("alic").has_value());
  CHECK_FALSE(table.find("alice2").has_value());
  CHECK_FALSE(table.find("").has_value());
}

}  // namespace sg::ledger::test
