// How a store becomes a member's, and what its opening finds.
#include <algorithm>

#include "member_bed.hpp"
#include "persistence/encoding/bytes.hpp"
#include "persistence/rocks/directory_medium.hpp"

namespace sg::persistence::test {
namespace {

using Catch::Contains;

template <class T>
std::string refusal(const StoreResult<T>& opened, StoreFault fault) {
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().fault == fault);
  return opened.error().message;
}

void fill(MemberBed& bed) {
  bed.create_account("a", 100);
  bed.transfer({{{0, 1}}});
  bed.transfer({{{0, 2}}});
  succeeded(bed.write(1));
  succeeded(bed.commit(2));
}

}  // namespace

TEST_CASE("A store that stood alone becomes a first member without copying anything") {
  const auto backend = GENERATE(Backend::memory, Backend::rocksdb);
  CAPTURE(backend);
  Bed alone(backend);
  alone.create_account("a", 100);
  alone.transfer({{{0, 5}}, "", "key"});
  // A record that needs a newer format than a cluster begins with.
  const ledger::Details details{{{"order", "17"}}, 0, false};
  auto group_of_command = alone->begin_group(alone.now, alone.run_ms);
  const std::vector<Posting> nothing{{0, 1}, {0, -1}};
  TransferRecord command;
  command.postings = nothing;
  command.details = &details;
  group_of_command.add(command);
  alone.append(std::move(group_of_command));
  const auto head = alone->head();
  alone.close();
  alone.disk().disown();
  const auto medium = [&]() -> std::unique_ptr<Medium> {
    if (backend == Backend::memory) return make_memory_medium(alone.disk_ptr());
    return make_directory_medium(alone.directory(), {});
  };
  succeeded(found_group(*medium(), {}, 7, "founders"));
  alone.disk().disown();
  // Again: nothing changes. For another member: refused.
  succeeded(found_group(*medium(), {}, 7, "others"));
  alone.disk().disown();
  CHECK_THAT(refusal(found_group(*medium(), {}, 8, "others"), StoreFault::unknown_version),
             Contains("belongs to member 7 already"));
  alone.disk().disown();
  // It does not go on alone.
  CHECK_THAT(refusal(alone.try_open(), StoreFault::unknown_version),
             Contains("belongs to a member of a cluster"));
  alone.disk().disown();

  MemberStore member(medium(), {});
  succeeded(member.reopen());
  CHECK(member.format() == kFormatOfCommands);
  CHECK_FALSE(member.knows_commands());
  CHECK(member.log().base() == LogBase{7, head.sequence, head.hash});
  CHECK(member.log().applied() == LogApplied{0, head.sequence, kFirstLevel, "founders"});
  CHECK(member.head().sequence == head.sequence);
  CHECK(member.head().hash == head.hash);
  CHECK(value_of(member.load_balances()) == std::vector<Amount>{105});
  CHECK(value_of(member.verify({})).problems.empty());
  // The first block of the log follows the chain.
  std::vector<SealedBlock> proposed;
  member.set_proposer([&](std::vector<SealedBlock> blocks) {
    proposed = std::move(blocks);
    return true;
  });
  Group group = member.begin_group(1'700'000'000'000, 2'000);
  group.add(TransferSpec{{{0, 1}}}.record());
  CHECK_FALSE(member.append(std::move(group), [](const auto&) {}));
  REQUIRE(proposed.size() == 1);
  succeeded(member.write({{{1, {1, 0, proposed[0].place}, proposed[0].block}}, {1, 7}, 0}));
  succeeded(member.commit(1, 1, "after"));
  CHECK(member.durable() == head.sequence + 1);
  CHECK(member.log().applied().membership == "after");
  CHECK(value_of(member.verify({})).problems.empty());
}

TEST_CASE("A store that stands alone is not opened as a member's") {
  Bed alone(Backend::memory);
  alone.create_account("a", 100);
  alone.close();
  alone.disk().disown();
  MemberStore member(make_memory_medium(alone.disk_ptr()), {});
  CHECK_THAT(refusal(member.reopen(), StoreFault::unknown_version), Contains("stands alone"));
}

TEST_CASE("An opening serves what has taken effect, and knows what is committed") {
  const auto backend = GENERATE(Backend::memory, Backend::rocksdb);
  CAPTURE(backend);
  MemberBed bed(backend);
  fill(bed);
  // The mark learns of a committed entry with the next write.
  succeeded(bed->write({{}, {2, 1}, 3}));
  bed.open();
  CHECK(bed->durable() == 2);
  CHECK(bed->committed_at_opening() == 3);
  CHECK(bed->log().last_index() == 3);
  succeeded(bed.commit(3));
  CHECK(value_of(bed->load_balances()) == std::vector<Amount>{103});
}

TEST_CASE("A member's log that lost its end, or a vote, is refused") {
  MemberBed bed(Backend::memory);
  fill(bed);
  const auto mark = *bed.disk().mark();
  bed.close();
  bed.disk().disown();
  const auto rows = bed.disk().keys_of(Family::meta);
  SECTION("the last entry with its block") {
    bed.disk().set_row(Family::meta, log_key(3), std::nullopt);
    bed.disk().set_row(Family::blocks, be64(3), std::nullopt);
    CHECK_THAT(refusal(bed.try_open(), StoreFault::lost_tail),
               Contains("entries up to 3 were acknowledged, but the log ends at 2"));
  }
  SECTION("the last entry alone") {
    bed.disk().set_row(Family::meta, log_key(3), std::nullopt);
    CHECK_THAT(refusal(bed.try_open(), StoreFault::corrupt), Contains("the chain ends at"));
  }
  SECTION("a block alone") {
    bed.disk().set_row(Family::blocks, be64(3), std::nullopt);
    CHECK_THAT(refusal(bed.try_open(), StoreFault::corrupt), Contains("the chain ends at"));
  }
  SECTION("another entry in its place") {
    auto row = *decode_log_row(*bed.disk().row(Family::meta, log_key(3)));
    row.term = 9;
    bed.disk().set_row(Family::meta, log_key(3), encode(row));
    CHECK_THAT(refusal(bed.try_open(), StoreFault::corrupt),
               Contains("entry 3 of the log is not the one that was acknowledged"));
  }
  SECTION("a vote") {
    auto voted = *decode_log_mark(mark);
    voted.promise = {5, 2};
    bed.disk().set_mark(encode(voted));
    CHECK_THAT(refusal(bed.try_open(), StoreFault::lost_tail),
               Contains("in term 5 it voted for 2"));
  }
  SECTION("the mark") {
    bed.disk().set_mark(std::nullopt);
    CHECK_THAT(refusal(bed.try_open(), StoreFault::corrupt), Contains("mark"));
  }
  SECTION("the mark's bytes") {
    auto damaged = mark;
    damaged[10] ^= 1;
    bed.disk().set_mark(damaged);
    CHECK_THAT(refusal(bed.try_open(), StoreFault::corrupt), Contains("checksum"));
  }
}

// Wherever the power is cut, an opening finds all that was told, and nothing that was cut off.
TEST_CASE("A power failure at any write of a member loses nothing that it promised") {
  for (std::size_t kept = 0; kept < 4; ++kept) {
    for (const bool keep_mark : {false, true}) {
      for (int step = 0; step < 6; ++step) {
        CAPTURE(kept, keep_mark, step);
        MemberBed bed(Backend::memory);
        fill(bed);
        LogIndex acknowledged = 3;
        LogPromise promise{1, 1};
        if (step >= 1) {
          bed.transfer({{{0, 4}}});
          succeeded(bed.write(1));
          acknowledged = 4;
        }
        if (step >= 2) succeeded(bed.commit(3));
        if (step >= 3) {
          succeeded(bed->write({{}, {2, 3}, 3}));
          promise = {2, 3};
        }
        if (step >= 4) {
          // Another leader has something else at 4.
          bed->end_under_way();
          succeeded(bed->write({{{4, {3, 0, {}}, nullptr}}, {3, 3}, 3}));
          promise = {3, 3};
        }
        if (step >= 5) {
          bed.transfer({{{0, 8}}});
          bed.disk().fail_next_sync();
          (void)bed->write({{bed.next_entry(3, 5)}, {3, 3}, 3});
        }
        bed.disk().crash(std::min(kept, bed.disk().unsynced()), keep_mark);
        bed.open();
        CHECK(bed->log().last_index() >= acknowledged);
        CHECK(bed->log().promise() == promise);
        CHECK(value_of(bed->read_log(acknowledged, acknowledged + 1, 0)).front().term ==
              (step >= 4 ? 3 : 1));
        CHECK(bed->durable() <= 3);
        CHECK(value_of(bed->verify({})).problems.empty());
        succeeded(bed.commit(3));
        CHECK(value_of(bed->load_balances()) == std::vector<Amount>{103});
        CHECK(value_of(bed->verify({})).problems.empty());
      }
    }
  }
}

}  // namespace sg::persistence::test
