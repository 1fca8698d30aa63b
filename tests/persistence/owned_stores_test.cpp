// Which store belongs to which member, as the log says it.
#include "member_bed.hpp"

namespace sg::persistence::test {
namespace {

using Catch::Contains;

constexpr StoreId kFirst{1};
constexpr StoreId kOther{2};
constexpr ClusterId kCluster{7};

StoreResult<void> write_stores(MemberBed& bed, LogTerm term,
                               const std::vector<OwnedStore>& stores) {
  const auto index = bed->log().last_index() + 1;
  return bed->write({{{index, {term, 0, encode_stores(stores)}, nullptr}}, {term, 1}, 0});
}

}  // namespace

TEST_CASE("Stores of members survive their encoding, and no level, place or other bytes are some") {
  const std::vector<OwnedStore> stores{{1, kFirst}, {300, kOther}};
  const auto bytes = encode_stores(stores);
  CHECK(decode_stores(bytes) == stores);
  const LogRow row{1, 0, bytes};
  CHECK(row.has_stores());
  CHECK_FALSE(row.has_level());
  CHECK_FALSE(row.has_block());
  CHECK(decode_log_row(encode(row)) == row);
  CHECK_FALSE(decode_stores(bytes + 'x'));
  CHECK_FALSE(decode_stores(bytes.substr(0, bytes.size() - 1)));
  CHECK_FALSE(decode_stores(bytes.substr(0, 2)));
  CHECK_FALSE(decode_stores(encode_level(kFirstLevel)));
  CHECK_FALSE(decode_stores(encode_stores({{1, StoreId{}}})));
  CHECK_FALSE(decode_log_row(encode(LogRow{1, 0, bytes + 'x'})));
}

TEST_CASE("A member's other store is refused once the log names one, also after a restart") {
  MemberBed bed(GENERATE(Backend::memory, Backend::rocksdb));
  succeeded(write_stores(bed, 1, {{1, kFirst}, {2, kFirst}}));
  CHECK_FALSE(value_of(bed->why_refused(2, kCluster, kOther)));  // it is not committed
  succeeded(bed.commit(1));
  for (const bool again : {false, true}) {
    if (again) bed.open();
    CHECK_FALSE(value_of(bed->why_refused(2, kCluster, kFirst)));
    CHECK_FALSE(value_of(bed->why_refused(3, kCluster, kOther)));
    const auto why = value_of(bed->why_refused(2, kCluster, kOther));
    REQUIRE(why);
    CHECK_THAT(*why, Contains("another store"));
  }
  succeeded(write_stores(bed, 1, {{2, kOther}}));
  succeeded(bed.commit(2));
  CHECK_FALSE(value_of(bed->why_refused(2, kCluster, kOther)));
  CHECK(value_of(bed->why_refused(2, kCluster, kFirst)));
}

}  // namespace sg::persistence::test
