// The level of a group: which formats its blocks may have, and which programs may open its stores.
#include "member_bed.hpp"

namespace sg::persistence::test {
namespace {

using Catch::Contains;

constexpr Level kLater = kNewestStoreFormat + 1;

// A transfer that needs format 5.
Group extended(MemberBed& bed) {
  auto group = bed->begin_group(bed.now, bed.run_ms);
  const TransferSpec spec{{{0, 1}}};
  auto record = spec.record();
  record.extension = "extension";
  group.add(record);
  group.end_unit();
  return group;
}

template <class Value>
StoreError error_of(const StoreResult<Value>& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error();
}

}  // namespace

TEST_CASE("A level survives its encoding, and no place or other bytes are one") {
  for (const Level level : {kOldestFormat, kFirstLevel, kLater, Level{300}, Level(~0)}) {
    const auto bytes = encode_level(level);
    CHECK(decode_level(bytes) == level);
    const LogRow row{1, 0, bytes};
    CHECK(row.has_level());
    CHECK_FALSE(row.has_block());
    CHECK(decode_log_row(encode(row)) == row);
    CHECK_FALSE(decode_level(bytes + 'x'));
    CHECK_FALSE(decode_level(bytes.substr(0, bytes.size() - 1)));
  }
  CHECK_FALSE(decode_level(encode_level(kOldestFormat - 1)));
  CHECK_FALSE(decode_level(encode(BlockPlace{1, 1, 1, {}})));
  CHECK_FALSE(decode_log_row(encode(LogRow{1, 0, std::string("\0\xff\xff\xff\x01", 5)})));
  CHECK_FALSE(LogRow{1, 0, ""}.has_level());
  CHECK_FALSE(LogRow{1, 2, std::string(1, '\0')}.has_level());
}

TEST_CASE("A block waits for its level, and then for the level to take effect") {
  MemberBed bed(GENERATE(Backend::memory, Backend::rocksdb), kOldestFormat);
  bed.create_account("a", 100);
  succeeded(bed.write(1));
  succeeded(bed.commit(1));
  CHECK(bed->level() == kOldestFormat);
  const auto refused = bed->append(extended(bed), [](const StoreResult<void>&) {});
  REQUIRE(refused);
  CHECK_THAT(error_of(*refused).message, Contains("needs level 5") && Contains("at 4"));
  CHECK(bed.proposed.empty());
  succeeded(bed.write_level(1, kFirstLevel));
  REQUIRE(bed->append(extended(bed), [](const StoreResult<void>&) {}));  // written, not committed
  succeeded(bed.commit(2));
  CHECK(bed->level() == kFirstLevel);
  CHECK_FALSE(bed.append(extended(bed))->is_told);
  succeeded(bed.write(1));
  succeeded(bed.commit(3));
  CHECK(bed->durable() == 2);
  bed.open();
  CHECK(bed->level() == kFirstLevel);
  // This program does not know what the extension means, and says so.
  const auto problems = value_of(bed->verify({})).problems;
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems.front(), Contains("does not know"));
}

TEST_CASE("A level never falls") {
  MemberBed bed(Backend::memory);
  succeeded(bed.write_level(1, kOldestFormat));
  succeeded(bed.commit(1));
  CHECK(bed->level() == kFirstLevel);
}

TEST_CASE("An older program neither takes a level that it does not know, nor opens its store") {
  MemberBed bed(GENERATE(Backend::memory, Backend::rocksdb));
  succeeded(bed.write_empty(1));
  const auto refused = bed.write_level(1, kLater);
  CHECK(error_of(refused).fault == StoreFault::unknown_version);
  CHECK_THAT(error_of(refused).message, Contains("at level " + std::to_string(kLater)) &&
                                            Contains("up to " + std::to_string(kKnownLevel)) &&
                                            Contains("program of the other nodes"));
  CHECK(bed->log().last_index() == 1);

  bed.known = kLater;  // a program of later
  bed.open();
  succeeded(bed.write_level(1, kLater));
  bed.close();
  // From the row on, committed or not. What this program knows of formats is older than 7.
  const auto opened = error_of(bed.try_open());
  CHECK(opened.fault == StoreFault::unknown_version);
  CHECK_THAT(opened.message, Contains("format version " + std::to_string(kLater)));
}

TEST_CASE("A program that knows less than the level in effect does not open the store") {
  MemberBed bed(Backend::memory);
  bed.close();
  bed.known = kOldestFormat;
  const auto opened = error_of(bed.try_open());
  CHECK(opened.fault == StoreFault::unknown_version);
  CHECK_THAT(opened.message, Contains("at level 5") && Contains("up to 4"));
}

}  // namespace sg::persistence::test
