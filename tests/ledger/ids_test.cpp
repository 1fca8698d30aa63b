// What may be an id, which shard it belongs to, and how a transaction's id holds its place.
#include "ledger/ids.hpp"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <cctype>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sg::ledger {
namespace {

using namespace std::string_literals;

std::optional<Reason> refusal(std::string_view id) {
  const auto error = check_id(id, "account_id");
  if (!error) return std::nullopt;
  CHECK(error->metadata == decltype(error->metadata){{"field", "account_id"}});
  CHECK(error->outcome == Outcome::none);
  return error->reason;
}

TEST_CASE("An id is 1 to 256 bytes of printable UTF-8", "[ledger][ids]") {
  struct Row {
    std::string id;
    std::optional<Reason> refusal;
  };
  const std::vector<Row> rows{
      {"a", {}},
      {"seb:operating", {}},
      {"räksmörgås \U0001F980", {}},
      {"\u00A0", {}},
      {std::string(256, 'x'), {}},
      {"", Reason::id_empty},
      {std::string(257, 'x'), Reason::id_too_long},
      {std::string(257, '\n'), Reason::id_too_long},
      {"a\0b"s, Reason::id_control_character},
      {"a\nb", Reason::id_control_character},
      {"\x1F", Reason::id_control_character},
      {"\x7F", Reason::id_control_character},
      {"\u0080", Reason::id_control_character},
      {"\u009F", Reason::id_control_character},
      {"\xC2", Reason::not_utf8},
      {"\x80", Reason::not_utf8},
      {"\xC0\x80", Reason::not_utf8},
      {"\xFF", Reason::not_utf8},
  };
  for (const auto& row : rows) {
    INFO(row.id);
    CHECK(refusal(row.id) == row.refusal);
  }
}

TEST_CASE("UTF-8 has no overlong forms, surrogates, cut runes or runes past U+10FFFF",
          "[ledger][ids]") {
  const std::vector<std::pair<std::string, bool>> rows{
      {"", true},
      {"\x7F", true},
      {"\xC2\x80", true},
      {"\xDF\xBF", true},
      {"\xE0\xA0\x80", true},
      {"\xED\x9F\xBF", true},
      {"\xEE\x80\x80", true},
      {"\xF0\x90\x80\x80", true},
      {"\xF4\x8F\xBF\xBF", true},
      {"\xC1\xBF", false},
      {"\xE0\x9F\xBF", false},
      {"\xED\xA0\x80", false},
      {"\xED\xBF\xBF", false},
      {"\xF0\x8F\xBF\xBF", false},
      {"\xF4\x90\x80\x80", false},
      {"\xF5\x80\x80\x80", false},
      {"\xE2\x82", false},
      {"\xE2\x28\xA1", false},
      {"a\xF0\x9F\xA6", false},
  };
  for (const auto& [text, valid] : rows) {
    INFO(text);
    CHECK(is_utf8(text) == valid);
  }
}

TEST_CASE("A participant and its accounts share a shard, fixed for ever", "[ledger][ids]") {
  CHECK(shard_key("seb:operating") == "seb");
  CHECK(shard_key("seb") == "seb");
  CHECK(shard_key("seb:a:b") == "seb");
  CHECK(shard_key(":seb").empty());
  // The store relies on these: they may never change.
  CHECK(shard_hash("") == 0xf52a15e9a9b5e89bU);
  CHECK(shard_hash("seb") == 0x834b483f40bfaa41U);
  for (const std::size_t shards : {1U, 2U, 3U, 16U}) {
    CHECK(shard_of("seb:operating", shards) == shard_of("seb", shards));
    CHECK(shard_of("seb", shards) < shards);
  }
}

TEST_CASE("A transaction's id tells its place", "[ledger][ids]") {
  CHECK(rc::check([] {
    const auto time = *rc::gen::inRange<TimeMs>(0, TimeMs{1} << 48);
    const auto sequence = *rc::gen::nonZero<Sequence>();
    const auto id = transaction_id(time, sequence);
    RC_ASSERT(id.size() == 26U);
    const auto place = parse_transaction_id(id);
    RC_ASSERT(place.has_value());
    RC_ASSERT(place->time == time);
    RC_ASSERT(place->sequence == sequence);
  }));
  const auto last = std::numeric_limits<Sequence>::max();
  CHECK(parse_transaction_id(transaction_id((TimeMs{1} << 48) - 1, last))->sequence == last);
}

TEST_CASE("Transaction ids sort by age", "[ledger][ids]") {
  const std::vector<TransactionPlace> places{
      {0, 1}, {0, 2}, {0, ~Sequence{0}}, {1, 1}, {1'700'000'000'000, 1}, {1'700'000'000'001, 1}};
  for (std::size_t i = 1; i < places.size(); ++i) {
    CHECK(transaction_id(places[i - 1].time, places[i - 1].sequence) <
          transaction_id(places[i].time, places[i].sequence));
  }
}

TEST_CASE("What transaction_id did not make is no transaction's id", "[ledger][ids]") {
  const auto good = transaction_id(1'700'000'000'000, 42);
  REQUIRE(parse_transaction_id(good));
  auto lower = good;
  for (auto& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  auto middle = good;
  middle[11] = 'Z';
  for (const auto& id :
       {""s, good.substr(1), good + "0", lower, middle, "8" + good.substr(1), "U" + good.substr(1),
        good.substr(0, 25) + "\xC3", transaction_id(1'700'000'000'000, 0), std::string(26, 'Z')}) {
    INFO(id);
    CHECK_FALSE(parse_transaction_id(id));
  }
}

}  // namespace
}  // namespace sg::ledger
