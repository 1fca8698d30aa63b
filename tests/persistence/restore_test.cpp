// Restoring: points in time, what is cut, and where it may go.
#include "backup_bed.hpp"
#include "member_bed.hpp"
#include "persistence/chain/block_cut.hpp"
#include "persistence/rocks/directory_medium.hpp"
#include "persistence/rocks/restore_place.hpp"

namespace sg::persistence::test {
namespace {

using Catch::Contains;

std::vector<std::string> blocks_of(const Store& store) {
  return value_of(store.read_blocks({}, ~Sequence{0}, ~std::uint64_t{0}))->blocks;
}

}  // namespace

TEST_CASE("Every sequence is a point in time, but a unit is restored as a whole or not at all") {
  BackupBed bed;
  bed.segment_bytes = 700;
  bed.write(2);
  bed.run();
  const auto last = bed.ledger->durable();
  for (Sequence until = 1; until <= last; ++until) {
    INFO("until sequence " << until);
    bed.remove_target();
    const auto restored = value_of(bed.try_restore({until}));
    bed.check_restored(restored, bed.unit_end(until));
    CHECK(restored.backup_end == last);
  }
  bed.remove_target();
  const auto refused = bed.try_restore({last + 1});
  REQUIRE_FALSE(refused.has_value());
  CHECK_THAT(refused.error().message, Contains("goes to sequence " + std::to_string(last)) &&
                                          Contains("does not have " + std::to_string(last + 1)));
  CHECK_FALSE(std::filesystem::exists(bed.target()));
}

TEST_CASE("A time restores all that is not later") {
  BackupBed bed;
  bed.write(4);
  bed.run();
  std::map<TimeMs, Sequence> last_at;
  for (const auto& bytes : blocks_of(*bed.ledger)) {
    const auto block = *BlockView::parse(bytes);
    last_at[block.stamp().time] = block.last();
  }
  REQUIRE(last_at.size() == 5);
  for (const auto& [time, sequence] : last_at) {
    INFO("until " << time);
    bed.remove_target();
    const auto restored = value_of(bed.try_restore({~Sequence{0}, time}));
    CHECK_FALSE(restored.is_cut);
    CHECK(restored.head.time == time);
    bed.check_restored(restored, sequence);
  }
  bed.remove_target();
  CHECK(value_of(bed.try_restore({~Sequence{0}, last_at.rbegin()->first + 1'000})).head.sequence ==
        bed.ledger->durable());
  bed.remove_target();
  CHECK_THAT(bed.try_restore({~Sequence{0}, bed.wall_clock + 1}).error().message,
             Contains("lacks what came later"));
  CHECK_THAT(
      bed.try_restore({~Sequence{0}, last_at.begin()->first - 1}).error().message,
      Contains("no record of that time") && Contains(std::to_string(last_at.begin()->first)));
}

TEST_CASE("A block that is cut is what its first records alone would have made") {
  const auto make = [](std::uint32_t records, bool with_origin) {
    Bed bed(Backend::memory);
    const ledger::Origin origin{"caller", "peer"};
    Group group = bed->begin_group(bed.now, bed.run_ms);
    for (std::uint32_t i = 0; i < records; ++i) {
      if (i == 0) {
        group.add(ledger::NewParticipant{.id = "p", .name = "P", .metadata = {}});
      } else if (i % 3 == 1) {
        ledger::NewAccount account;
        account.id = "a" + std::to_string(i);
        account.initial_balance = 10 + i;
        // From the fifth record on the block needs a newer format.
        group.add(account, with_origin && i > 4 ? &origin : nullptr);
      } else {
        auto record = TransferSpec{{{0, -1}, {0, Amount{2} + i}}, "r", "k" + std::to_string(i)};
        auto added = record.record();
        if (with_origin && i > 4) added.origin = &origin;
        group.add(added);
      }
      if (i != 6) group.end_unit();
    }
    bed.append(std::move(group));
    return blocks_of(*bed).front();
  };
  const bool with_origin = GENERATE(false, true);
  constexpr std::uint32_t kRecords = 10;
  const auto whole = make(kRecords, with_origin);
  const auto block = *BlockView::parse(whole);
  REQUIRE(block.count() == kRecords);
  for (std::uint32_t count = 1; count <= kRecords; ++count) {
    INFO(count << " records");
    if (count == 7) {
      CHECK(whole_units(block, count) == 6);
      continue;
    }
    CHECK(whole_units(block, count) == count);
    CHECK(value_of(cut_block(block, count)) == make(count, with_origin));
  }
  CHECK(whole_units(block, kRecords + 1) == kRecords);
  CHECK(whole_units(block, 0) == 0);
}

TEST_CASE("A restored store goes on, and so does its backup unless it was cut") {
  BackupBed bed;
  bed.write(3);
  bed.run();
  const bool cuts = GENERATE(false, true);
  const auto last = bed.ledger->durable();
  const auto restored = value_of(cuts ? bed.try_restore({last - 3}) : bed.try_restore());
  CHECK(restored.is_cut == cuts);
  const auto store = value_of(open_store(bed.target(), {}));
  Group group = store->begin_group(bed.ledger.now, bed.ledger.run_ms);
  group.add(TransferSpec{{{0, -7}, {1, 7}}, "after", "new key"}.record());
  succeeded(store->append_now(std::move(group)));
  CHECK(value_of(store->verify({})).problems.empty());
  BackupOptions options;
  options.now = [] { return TimeMs{1}; };
  const auto run = run_backup(*store, bed.folder(), options, {});
  CHECK(run.has_value() == !cuts);
  CHECK(bed.verify().problems.empty());
  if (cuts) CHECK_THAT(run.error().message, Contains("before it was restored"));
}

TEST_CASE("A store is never overwritten") {
  BackupBed bed;
  bed.write(1);
  bed.run();
  std::string named;
  SECTION("an empty one") {
    (void)value_of(open_store(bed.target(), {}));
    named = "db";
  }
  SECTION("one that has lost its database") {
    (void)value_of(open_store(bed.target(), {}));
    std::filesystem::remove_all(bed.target() / "db");
    named = "head";
  }
  SECTION("one that is open") {
    const auto open = value_of(open_store(bed.target(), {}));
    CHECK(bed.try_restore().error().fault == StoreFault::locked);
    named = "db";
  }
  const auto before = files_under(bed.target());
  const auto refused = bed.try_restore();
  REQUIRE_FALSE(refused.has_value());
  CHECK_THAT(refused.error().message, Contains("not overwritten") && Contains(named));
  CHECK(files_under(bed.target()) == before);
}

TEST_CASE("After a restore that was interrupted nothing starts, and the next restore begins anew") {
  BackupBed bed;
  bed.write(2);
  bed.run();
  const auto building = building_folder(bed.target());
  SECTION("before the database was made") { std::filesystem::create_directories(building); }
  SECTION("while it was filled") { (void)value_of(open_store(building, {})); }
  SECTION("between the moves of its parts") {
    (void)value_of(open_store(building, {}));
    std::filesystem::rename(building / "head", bed.target() / "head");
  }
  const auto refused = open_store(bed.target(), {});
  REQUIRE_FALSE(refused.has_value());
  CHECK_THAT(refused.error().message, Contains("was interrupted") && Contains("run it again"));
  CHECK_FALSE(open_store_to_read(bed.target(), {}).has_value());
  CHECK_FALSE(found_group(*make_directory_medium(bed.target(), {}), {}, 1, "founders").has_value());
  bed.check_restored(value_of(bed.try_restore()), bed.ledger->durable());
  CHECK_FALSE(std::filesystem::exists(building));
}

TEST_CASE("A restore that ended after its last move is complete") {
  BackupBed bed;
  bed.write(2);
  bed.run();
  const auto restored = value_of(bed.try_restore());
  std::filesystem::create_directories(building_folder(bed.target()) / "ingest");
  CHECK_THAT(bed.try_restore().error().message, Contains("not overwritten"));
  bed.check_restored(restored, bed.ledger->durable());
  CHECK_FALSE(std::filesystem::exists(building_folder(bed.target())));
}

TEST_CASE("A backup is not emptied by its own restore, and no other folder of the store is") {
  BackupBed bed;
  bed.write(1);
  bed.run();
  const auto kept = bed.target() / "restore" / "kept";
  std::filesystem::create_directories(kept);
  const auto building = building_folder(bed.target());
  std::filesystem::copy(bed.file(""), building);
  const auto inside = value_of(BackupFolder::open(building));
  const auto refused =
      restore(inside, bed.target(), {}, {}, {}, [](const Store&, const Restored&) { return true; });
  REQUIRE_FALSE(refused.has_value());
  CHECK_THAT(refused.error().message, Contains("move the backup elsewhere"));
  CHECK(std::filesystem::exists(building / "manifest"));
  bed.check_restored(value_of(bed.try_restore()), bed.ledger->durable());
  (void)value_of(open_store(bed.target(), {}));
  CHECK(std::filesystem::exists(kept));
}

TEST_CASE("A store that is not found whole is not put into its place") {
  BackupBed bed;
  bed.write(1);
  bed.run();
  const auto from = bed.folder();
  const auto refused =
      restore(from, bed.target(), {}, {}, {}, [](const Store&, const Restored&) { return false; });
  REQUIRE_FALSE(refused.has_value());
  CHECK_THAT(refused.error().message, Contains("not whole"));
  CHECK_FALSE(std::filesystem::exists(bed.target() / "db"));
  bed.check_restored(value_of(bed.try_restore()), bed.ledger->durable());
}

TEST_CASE("A member's backup has what is committed, and restores a store of no cluster") {
  MemberBed member(Backend::memory);
  member.create_account("a", 100);
  member.transfer({{{0, 5}}, "committed", "key 1"});
  succeeded(member.write(1));
  succeeded(member.commit(2));
  member.transfer({{{0, 7}}, "not committed", "key 2"});
  succeeded(member.write(1));
  REQUIRE(member->durable() == 2);

  BackupBed bed;
  BackupOptions options;
  options.now = [] { return TimeMs{1}; };
  const auto run = value_of(run_backup(*member, bed.folder(), options, {}));
  CHECK(run.manifest.end().sequence == 2);
  CHECK(bed.verify().problems.empty());
  CHECK(value_of(bed.try_restore()).head.hash == member->head().hash);
  {
    const auto store = value_of(open_store(bed.target(), {}));
    CHECK(value_of(store->load_balances()) == std::vector<Amount>{105});
    CHECK(value_of(find_key(*store, "key 1")).has_value());
    CHECK_FALSE(value_of(find_key(*store, "key 2")).has_value());
  }
  // It may begin a cluster, as a store that is another one than the member's.
  const auto medium = make_directory_medium(bed.target(), {});
  succeeded(found_group(*medium, {}, 1, "founders", kFirstLevel, StoreId{9}));
}

}  // namespace sg::persistence::test
