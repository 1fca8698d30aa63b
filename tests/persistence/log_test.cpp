// The log of a member: rows beside the chain, promises, the mark, and cuts.
#include <rapidcheck.h>

#include "member_bed.hpp"
#include "persistence/encoding/bytes.hpp"

namespace sg::persistence::test {
namespace {

using Catch::Contains;

std::string fault_of(const StoreResult<void>& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().message;
}

// A chain of one account and some transfers, all committed: entries 1, 2, 3.
void fill(MemberBed& bed) {
  REQUIRE_FALSE(bed.create_account("a", 100)->is_told);
  succeeded(bed.write(1));
  bed.transfer({{{0, 1}}});
  bed.transfer({{{0, 2}}});
  succeeded(bed.write(1));
  succeeded(bed.commit(3));
  REQUIRE(bed->durable() == 3);
}

}  // namespace

TEST_CASE("Places, rows and marks of the log survive their encoding") {
  rc::check([](Sequence first, std::uint32_t records, std::uint64_t bytes, std::uint8_t fill) {
    RC_PRE(first > 0 && records > 0 && bytes > 0 && first + records - 1 >= first);
    BlockPlace place{first, records, bytes, {}};
    place.hash.fill(fill);
    const auto encoded = encode(place);
    RC_ASSERT(decode_place(encoded) == place);
    for (std::size_t size = 0; size < encoded.size(); ++size) {
      RC_ASSERT(!decode_place(std::string_view(encoded).substr(0, size)));
    }
    RC_ASSERT(!decode_place(encoded + 'x'));
    const LogRow row{first, 0, encoded};
    RC_ASSERT(decode_log_row(encode(row)) == row);
    LogMark mark{first, records, {bytes, place.hash}, first, {records, bytes}};
    auto marked = encode(mark);
    RC_ASSERT(decode_log_mark(marked) == mark);
    marked[records % marked.size()] ^= 1;
    RC_ASSERT(!decode_log_mark(marked));
    RC_ASSERT(index_of_log_key(log_key(first)) == first);
  });
  CHECK_FALSE(decode_log_row(""));
  CHECK_FALSE(decode_log_row(encode(LogRow{1, 0, "no place"})));
  CHECK(decode_log_row(encode(LogRow{1, 2, "a change"})));
  CHECK_FALSE(index_of_log_key("log_base"));
  CHECK_FALSE(index_of_log_key("log/1234567"));
}

TEST_CASE("What is written is no part of the ledger before it is committed") {
  const auto backend = GENERATE(Backend::memory, Backend::rocksdb);
  CAPTURE(backend);
  MemberBed bed(backend);
  const auto created = bed.create_account("a", 100);
  const auto moved = bed.transfer({{{0, 5}}, "r", "key"});
  succeeded(bed.write(1));
  CHECK(bed->log().last_index() == 2);
  CHECK_FALSE(created->is_told);
  const auto nothing_shows = [&] {
    CHECK(bed->durable() == 0);
    CHECK(bed->head().sequence == 0);
    CHECK_FALSE(value_of(bed->account("a")));
    CHECK(value_of(bed->accounts("", 10)).empty());
    CHECK(bed->unindexed() == 0);
    CHECK(value_of(bed->load_balances()).empty());
  };
  nothing_shows();
  // Nor after a start.
  bed.open();
  CHECK(bed->log().last_index() == 2);
  nothing_shows();
  CHECK(bed->log().promise() == LogPromise{1, 1});
  succeeded(bed.commit(1));
  CHECK(bed->durable() == 1);
  CHECK(value_of(bed->account("a"))->number == 0);
  succeeded(bed.commit(2));
  CHECK(value_of(bed->load_balances()) == std::vector<Amount>{105});
  CHECK(value_of(bed->transaction(2))->reference == "r");
  const auto report = value_of(bed->verify({}));
  CHECK(report.problems.empty());
  CHECK(report.records == 2);
}

TEST_CASE("A group is durable when its last block is committed, and groups are told in order") {
  MemberBed bed(Backend::memory);
  const auto first = bed.create_account("a", 100);
  const auto second = bed.transfer({{{0, 1}}});
  CHECK(bed->begin_group(bed.now, bed.run_ms).last_sequence() == 2);
  CHECK(bed->head().sequence == 0);
  succeeded(bed.write(1));
  succeeded(bed.commit(1));
  CHECK((first->is_durable && !second->is_told));
  succeeded(bed.commit(2));
  CHECK(second->is_durable);
  // Without an office nothing is proposed, and the chain stays where it was.
  bed.leads = false;
  const auto refused = bed.transfer({{{0, 1}}});
  CHECK((refused->is_told && !refused->is_durable));
  CHECK(bed->begin_group(bed.now, bed.run_ms).last_sequence() == 2);
  // The end of a term ends what was proposed in it.
  bed.leads = true;
  const auto lost = bed.transfer({{{0, 1}}});
  bed->end_under_way();
  CHECK((lost->is_told && !lost->is_durable));
  CHECK(bed->begin_group(bed.now, bed.run_ms).last_sequence() == 2);
}

// It was told durable by its sequence alone.
TEST_CASE("A group is not durable because another leader's block has its sequence") {
  MemberBed bed(Backend::memory);
  MemberBed other(Backend::memory);
  for (auto* member : {&bed, &other}) {
    member->create_account("a", 100);
    succeeded(member->write(1));
    succeeded(member->commit(1));
  }
  const auto lost = bed.transfer({{{0, 5}}});
  // The others have elected somebody else, whose block comes before this member knows.
  other.transfer({{{0, 7}}});
  succeeded(bed->write({{other.next_entry(2, 2)}, {2, 2}, 1}));
  succeeded(bed.commit(2));
  CHECK(bed->durable() == 2);
  CHECK((lost->is_told && !lost->is_durable));
  CHECK(value_of(bed->load_balances()) == std::vector<Amount>{107});
  // Whoever goes on here does not know of that block: it has to begin anew first.
  bed.proposed.clear();
  const auto stale = bed.transfer({{{0, 1}}});
  CHECK((stale->is_told && !stale->is_durable));
  CHECK(bed.proposed.empty());
  bed->end_under_way();
  CHECK_FALSE(bed.transfer({{{0, 1}}})->is_told);
  CHECK(bed.proposed.size() == 1);
}

TEST_CASE("A cut takes rows and blocks, and nothing of them was ever anywhere else") {
  const auto backend = GENERATE(Backend::memory, Backend::rocksdb);
  CAPTURE(backend);
  MemberBed bed(backend);
  fill(bed);
  // Entries of a leader that nobody followed: an account, and two transfers.
  bed.create_account("lost", 7);
  bed.transfer({{{1, 1}}, "", "lost key"});
  bed.transfer({{{1, 1}}});
  succeeded(bed.write(2));
  CHECK(bed->log().last_index() == 6);
  bed->end_under_way();
  // Another leader's log goes on from entry 3.
  bed.create_account("kept", 9);
  LogAppend step{{{4, {3, 0, {}}, nullptr}}, {3, 2}, 3};
  step.entries.push_back(bed.next_entry(3, 5));
  succeeded(bed->write(step));
  CHECK(bed->log().last_index() == 5);
  const auto check_kept = [&] {
    CHECK(bed->log().end().sequence == 4);
    CHECK(bed->log().promise() == LogPromise{3, 2});
    succeeded(bed.commit(5));
    CHECK_FALSE(value_of(bed->account("lost")));
    // The number was never given out.
    CHECK(value_of(bed->account("kept"))->number == 1);
    CHECK(value_of(bed->load_balances()) == std::vector<Amount>{103, 9});
    CHECK(value_of(bed->verify({})).problems.empty());
  };
  SECTION("at once") { check_kept(); }
  SECTION("after a start") {
    bed.open();
    CHECK(bed->log().last_index() == 5);
    check_kept();
  }
}

TEST_CASE("What does not go on as the group's log is refused, and nothing is written") {
  MemberBed bed(Backend::memory);
  fill(bed);
  bed.transfer({{{0, 1}}});
  const auto good = bed.next_entry(1, 4);
  const auto with = [&](auto change) {
    LogAppend step{{good}, {1, 1}, 3};
    change(step.entries.front());
    const auto message = fault_of(bed->write(step));
    CHECK(bed->log().last_index() == 3);
    return message;
  };
  CHECK_THAT(with([](NewEntry& e) { e.index = 5; }), Contains("entry 5 does not follow entry 3"));
  CHECK_THAT(with([](NewEntry& e) { e.index = 3; }), Contains("entry 3 is committed"));
  CHECK_THAT(with([](NewEntry& e) { e.block = nullptr; }), Contains("without its block"));
  CHECK_THAT(with([](NewEntry& e) {
               auto bytes = *e.block;
               bytes[40] ^= 1;
               e.block = std::make_shared<const std::string>(bytes);
             }),
             Contains("damaged"));
  CHECK_THAT(with([](NewEntry& e) {
               auto place = *decode_place(e.row.data);
               place.hash[0] ^= 1;
               e.row.data = encode(place);
             }),
             Contains("another block than it names"));
  // A block that begins where this chain does not end, and one that follows another chain.
  MemberBed other(Backend::memory);
  other.create_account("a", 100);
  const auto foreign = other.next_entry(1, 4);
  CHECK_THAT(with([&](NewEntry& e) { e = foreign; }), Contains("begins at sequence 1"));
  succeeded(other->write({{{1, foreign.row, foreign.block}}, {1, 1}, 0}));
  other.transfer({{{0, 9}}});
  other.transfer({{{0, 9}}});
  other.transfer({{{0, 9}}});
  (void)other.next_entry(1, 2);
  (void)other.next_entry(1, 3);
  CHECK_THAT(with([&](NewEntry& e) { e = other.next_entry(1, 4); }), Contains("hash"));
  succeeded(bed->write({{good}, {1, 1}, 3}));
  CHECK(bed->log().last_index() == 4);
}

TEST_CASE("Rows are read in order, as many as fit") {
  MemberBed bed(Backend::memory);
  fill(bed);
  const auto rows = value_of(bed->read_log(1, 4, 1'000'000));
  REQUIRE(rows.size() == 3);
  CHECK(value_of(bed->read_log(1, 4, 0)).size() == 1);
  CHECK(value_of(bed->read_log(2, 4, rows[1].data.size() + rows[2].data.size())).size() == 2);
  const auto place = *decode_place(rows[2].data);
  CHECK(place.first == 3);
  CHECK(value_of(bed->read_block(place)).size() == place.bytes);
  CHECK_FALSE(bed->read_log(3, 5, 1'000'000).has_value());
}

}  // namespace sg::persistence::test
