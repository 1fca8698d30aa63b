// Backups: what they have, how they grow, what each kind of damage looks like.
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup_bed.hpp"
#include "persistence/chain/block_cursor.hpp"

namespace sg::persistence::test {
namespace {

using Catch::Contains;

std::string first_segment() { return "blocks-00000000000000000001"; }

// Whether a restore says that the backup is damaged, and leaves no store.
void check_refused(BackupBed& bed) {
  const auto restored = bed.try_restore();
  REQUIRE_FALSE(restored.has_value());
  CHECK(restored.error().fault == StoreFault::corrupt);
  CHECK_FALSE(std::filesystem::exists(bed.target() / "db"));
}

bool is_damaged(const BackupFolder& folder) {
  const auto report = verify_backup(folder, {});
  return !report || !report->problems.empty();
}

}  // namespace

TEST_CASE("A backup has the chain up to what is durable, and the next run appends what is new") {
  BackupBed bed(GENERATE(Backend::memory, Backend::rocksdb));
  bed.segment_bytes = GENERATE(1, 700, 64 << 20);
  bed.write(5);
  const auto first = bed.run();
  CHECK(first.manifest.end() == ChainEnd{bed.ledger->head().sequence, bed.ledger->head().hash});
  CHECK(first.manifest.written == bed.wall_clock);
  CHECK(first.bytes > 0);
  CHECK(bed.verify().problems.empty());

  SECTION("with nothing new it says so, and writes no segment") {
    const auto second = bed.run();
    CHECK(second.bytes == 0);
    CHECK(second.manifest.segments == first.manifest.segments);
    CHECK(second.manifest.written > first.manifest.written);
  }
  SECTION("with more it writes that alone") {
    bed.write(3);
    const auto second = bed.run();
    CHECK(second.manifest.segments.size() > first.manifest.segments.size());
    CHECK(std::equal(first.manifest.segments.begin(), first.manifest.segments.end(),
                     second.manifest.segments.begin()));
    CHECK(second.bytes < first.bytes);
    CHECK(second.manifest.end().sequence == bed.ledger->durable());
  }
  const auto report = bed.verify();
  CHECK(report.problems.empty());
  CHECK(report.manifest.end().sequence == bed.ledger->durable());
  bed.check_restored(value_of(bed.try_restore()), bed.ledger->durable());
}

TEST_CASE("An empty ledger has a backup, and it is restored") {
  BackupBed bed;
  CHECK(bed.run().manifest.segments.empty());
  CHECK(bed.verify().problems.empty());
  CHECK_THAT(bed.try_restore({5}).error().message, Contains("goes to sequence 0"));
  CHECK_THAT(bed.try_restore({~Sequence{0}, 5}).error().message, Contains("empty ledger"));
  bed.check_restored(value_of(bed.try_restore()), 0);
}

TEST_CASE("A bit that flips anywhere in a backup is found") {
  BackupBed bed;
  bed.segment_bytes = 1;
  bed.write(1);
  bed.run();
  const auto folder = bed.folder();
  const auto manifest = *value_of(folder.read_manifest());
  REQUIRE(manifest.segments.size() == 4);
  std::vector<std::string> names{"manifest"};
  for (const auto& segment : manifest.segments) names.push_back(file_name(segment));
  for (const auto& name : names) {
    const auto whole = read_file(bed.file(name));
    for (std::size_t at = 0; at < whole.size(); ++at) {
      INFO(name << " at " << at);
      auto damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
      write_file(bed.file(name), damaged);
      CHECK(is_damaged(folder));
      if (at % 97 == 5) check_refused(bed);
    }
    write_file(bed.file(name), whole);
  }
  CHECK_FALSE(is_damaged(folder));
  bed.check_restored(value_of(bed.try_restore()), bed.ledger->durable());
}

TEST_CASE("A file that is cut, or has more than it should, is found") {
  BackupBed bed;
  bed.segment_bytes = 1;
  bed.write(1);
  bed.run();
  const auto folder = bed.folder();
  for (const auto& name : {std::string("manifest"), first_segment()}) {
    const auto whole = read_file(bed.file(name));
    for (std::size_t size = 0; size < whole.size(); ++size) {
      INFO(name << " of " << size << " bytes");
      write_file(bed.file(name), whole.substr(0, size));
      CHECK(is_damaged(folder));
      if (size % 53 == 7) check_refused(bed);
    }
    write_file(bed.file(name), whole + "x");
    CHECK(is_damaged(folder));
    check_refused(bed);
    write_file(bed.file(name), whole);
  }
  CHECK_FALSE(is_damaged(folder));
}

TEST_CASE("Segments that are missing, exchanged or another ledger's are found") {
  BackupBed bed;
  bed.segment_bytes = 1;
  bed.write(3);
  const auto manifest = bed.run().manifest;
  REQUIRE(manifest.segments.size() == 6);
  const auto third = bed.file(file_name(manifest.segments[3]));
  const auto fourth = bed.file(file_name(manifest.segments[4]));
  std::string what;
  SECTION("one is missing") {
    std::filesystem::remove(third);
    what = "is missing";
  }
  SECTION("two are exchanged") {
    const auto bytes = read_file(third);
    write_file(third, read_file(fourth));
    write_file(fourth, bytes);
    what = "begins at sequence";
  }
  SECTION("one is that of another ledger of the same size") {
    BackupBed other;
    other.segment_bytes = 1;
    other.ledger.now += 5;
    other.write(3);
    other.run();
    write_file(third, read_file(other.file(third.filename())));
    what = "follows another chain";
  }
  SECTION("one is a link to a file elsewhere") {
    const auto moved = third.parent_path().parent_path() / "elsewhere";
    std::filesystem::rename(third, moved);
    std::filesystem::create_symlink(moved, third);
    what = "opening";
  }
  const auto report = bed.verify();
  REQUIRE_FALSE(report.problems.empty());
  CHECK_THAT(report.problems.front(), Contains(what) && Contains(third.filename()));
  // The others are read all the same.
  CHECK(report.problems.size() <= 2);
  CHECK(report.blocks >= 4);
  const auto restored = bed.try_restore();
  REQUIRE_FALSE(restored.has_value());
  CHECK_THAT(restored.error().message, Contains(what));
}

TEST_CASE("What a run has left that did not end is overwritten by the next") {
  BackupBed bed;
  bed.write(2);
  const auto first = bed.run();
  bed.write(2);
  const auto before = read_file(bed.file("manifest"));
  const auto second = bed.run();
  const auto next = bed.file(file_name(second.manifest.segments.back()));
  SECTION("a segment that no manifest names") { write_file(bed.file("manifest"), before); }
  SECTION("a part of one") {
    write_file(bed.file("manifest"), before);
    write_file(next, read_file(next).substr(0, 100));
  }
  SECTION("a longer one") {
    write_file(bed.file("manifest"), before);
    write_file(next, std::string(100'000, 'x'));
  }
  SECTION("a part of a manifest") {
    write_file(bed.file("manifest"), before);
    write_file(bed.file("manifest.new"), before.substr(0, 30));
  }
  CHECK(bed.verify().problems.empty());
  const auto third = bed.run();
  CHECK(third.manifest.segments == second.manifest.segments);
  CHECK(bed.verify().problems.empty());
  bed.check_restored(value_of(bed.try_restore()), bed.ledger->durable());
}

TEST_CASE("A run that cannot write its manifest leaves what is there") {
  BackupBed bed;
  bed.write(2);
  const bool has_more = GENERATE(false, true);
  const auto first = bed.run();
  const auto before = files_under(bed.file(""));
  if (has_more) bed.write(2);
  std::filesystem::create_directory(bed.file("manifest.new"));
  CHECK_THAT(bed.try_run().error().message, Contains("manifest.new"));
  std::filesystem::remove(bed.file("manifest.new"));
  CHECK(files_under(bed.file("")) == before);
  CHECK(bed.verify().problems.empty());
  CHECK(bed.run().manifest.end().sequence == bed.ledger->durable());
}

TEST_CASE("A cancelled run leaves the segments that it has closed") {
  BackupBed bed;
  bed.segment_bytes = 700;
  bed.write(20);
  const auto folder = bed.folder();
  BackupOptions options;
  options.segment_bytes = bed.segment_bytes;
  options.now = [] { return TimeMs{1}; };
  Sequence told = 0;
  const auto run = value_of(run_backup(*bed.ledger, folder, options, [&](const auto& at) {
    CHECK(at.until == bed.ledger->durable());
    CHECK(at.sequence > told);
    told = at.sequence;
    return false;
  }));
  CHECK(run.is_cancelled);
  const auto manifest = *value_of(folder.read_manifest());
  CHECK(manifest == run.manifest);
  CHECK(manifest.written == 0);
  CHECK(bed.verify().problems.empty());
  CHECK(bed.run().manifest.end().sequence == bed.ledger->durable());
  bed.check_restored(value_of(bed.try_restore()), bed.ledger->durable());
}

TEST_CASE("A verification can be cancelled, in large segments and between small ones") {
  BackupBed bed;
  const bool is_large = GENERATE(false, true);
  bed.write(1);
  if (is_large) {
    // More than is read between two messages of progress.
    const std::string reference(200'000, 'r');
    for (int i = 0; i < 20; ++i) bed.ledger.transfer({{{0, -1}, {1, 1}}, reference});
  } else {
    bed.segment_bytes = 700;
    bed.write(20);
  }
  CHECK((bed.run().manifest.segments.size() == 1) == is_large);
  const auto report = value_of(verify_backup(bed.folder(), [](const BackupProgress& at) {
    CHECK(at.bytes > 0);
    CHECK(at.bytes < at.bytes_total);
    return false;
  }));
  CHECK(report.is_cancelled);
}

TEST_CASE("A backup of another chain is refused, and stays as it is") {
  BackupBed bed;
  bed.write(3);
  bed.run();
  const auto before = files_under(bed.file(""));
  BackupBed other;
  other.ledger.now += 3;
  std::string what;
  SECTION("of another ledger") {
    other.write(3);
    what = "is not the chain here";
  }
  SECTION("of a ledger that has more") {
    other.write(1);
    what = "goes to sequence";
  }
  SECTION("of a ledger that has nothing") { what = "and the ledger here to 0"; }
  BackupOptions options;
  options.now = [] { return TimeMs{1}; };
  const auto refused = run_backup(*other.ledger, bed.folder(), options, {});
  REQUIRE_FALSE(refused.has_value());
  CHECK_THAT(refused.error().message, Contains(what) && Contains("another name"));
  CHECK(files_under(bed.file("")) == before);
}

TEST_CASE("A folder with other files becomes no backup") {
  BackupBed bed;
  bed.write(1);
  std::filesystem::create_directory(bed.file(""));
  write_file(bed.file("notes.txt"), "mine");
  const auto refused = bed.try_run();
  REQUIRE_FALSE(refused.has_value());
  CHECK_THAT(refused.error().message, Contains("notes.txt") && Contains("folder of its own"));
  CHECK(files_under(bed.file("")).size() == 1);
  CHECK_THAT(verify_backup(bed.folder(), {}).error().message, Contains("there is no backup"));
  CHECK_THAT(bed.try_restore().error().message, Contains("there is no backup"));
}

TEST_CASE("A backup that has lost its manifest is not overwritten") {
  BackupBed bed;
  bed.write(2);
  bed.run();
  std::filesystem::remove(bed.file("manifest"));
  const auto before = files_under(bed.file(""));
  CHECK_THAT(bed.try_run().error().message, Contains("manifest is missing"));
  CHECK(files_under(bed.file("")) == before);
}

TEST_CASE("A run that ends before its first segment leaves a backup that says so") {
  BackupBed bed;
  bed.write(2);
  BackupOptions options;
  options.now = [] { return TimeMs{1}; };
  options.has_room = [] { return false; };
  const auto full = run_backup(*bed.ledger, bed.folder(), options, {});
  REQUIRE_FALSE(full.has_value());
  CHECK(full.error().fault == StoreFault::no_space);
  CHECK_THAT(bed.try_restore().error().message, Contains("has nothing yet"));
  bed.run();
  bed.check_restored(value_of(bed.try_restore()), bed.ledger->durable());
}

TEST_CASE("A backup is as old as the moment at which it was settled what it holds") {
  BackupBed bed;
  bed.write(2);
  BackupOptions options;
  TimeMs now = 1'000;
  options.now = [&now] { return now; };
  const auto run = value_of(run_backup(*bed.ledger, bed.folder(), options, [&now](const auto&) {
    now += 60'000;
    return true;
  }));
  CHECK(run.manifest.written == 1'000);
}

TEST_CASE("A pipe in the place of a file holds nobody up") {
  BackupBed bed;
  bed.write(2);
  const auto run = bed.run();
  const bool is_manifest = GENERATE(false, true);
  const auto file = bed.file(is_manifest ? "manifest" : file_name(run.manifest.segments.front()));
  std::filesystem::remove(file);
  REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
  if (is_manifest) {
    CHECK_THAT(bed.try_run().error().message, Contains("is no file of a backup"));
  } else {
    CHECK_THAT(bed.verify().problems.at(0), Contains("is no file of a backup"));
  }
}

TEST_CASE("Two runs never write one backup") {
  BackupBed bed;
  bed.write(1);
  const auto folder = bed.folder();
  {
    const auto lock = value_of(folder.lock());
    const auto refused = bed.try_run();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().fault == StoreFault::locked);
    CHECK_THAT(refused.error().message, Contains("another process"));
  }
  bed.run();
}

TEST_CASE("A name leads nowhere but below the root") {
  for (const auto* right : {"a", "default", "2026-11-28", "A.b_c-9", "x..y"}) {
    INFO(right);
    CHECK(is_backup_name(right));
  }
  CHECK(is_backup_name(std::string(64, 'a')));
  CHECK_FALSE(is_backup_name(std::string(65, 'a')));
  for (const auto* wrong : {"", ".", "..", ".hidden", "a/b", "/etc", "../x", "a b", "a\nb", "ä"}) {
    INFO(wrong);
    CHECK_FALSE(is_backup_name(wrong));
  }
  CHECK_FALSE(is_backup_name(std::string_view("a\0b", 3)));
}

TEST_CASE("A link below the root is not followed") {
  BackupBed bed;
  const auto there = bed.file("").parent_path();
  const auto root = value_of(BackupFolder::open(there.parent_path()));
  TempDirectory elsewhere;
  std::filesystem::create_directory_symlink(elsewhere.path(), there.parent_path() / "link");
  write_file(there.parent_path() / "file", "x");
  for (const auto* name : {"link", "file"}) {
    INFO(name);
    CHECK_THAT(root.below(name).error().message, Contains("no folder, or a symbolic link"));
    CHECK_THAT(root.make_below(name).error().message, Contains("take another name"));
  }
  CHECK_FALSE(value_of(root.below("missing")));
  (void)value_of(root.make_below("made"));
  (void)value_of(root.make_below(".hidden"));
  CHECK(value_of(root.names()) == std::vector<std::string>{"made"});
  CHECK(std::filesystem::is_empty(elsewhere.path()));
}

TEST_CASE("A manifest has one form") {
  Manifest manifest{
      5, {{1, 9, 2, 300, 0xABCDEF01, {1, 2, 3}, 10, 20}, {10, 10, 1, 99, 7, {4}, 20, 20}}};
  const auto text = encode(manifest);
  REQUIRE(decode_manifest(text).has_value());
  CHECK(*decode_manifest(text) == manifest);
  CHECK(file_name(manifest.segments[1]) == "blocks-00000000000000000010");
  const auto with = [&](const std::string& from, const std::string& to) {
    auto other = text;
    other.replace(other.find(from), from.size(), to);
    return other;
  };
  CHECK_THAT(decode_manifest("").error(), Contains("no manifest"));
  CHECK_THAT(decode_manifest(with("backup 1", "backup 2")).error(), Contains("version 2"));
  CHECK_THAT(decode_manifest(with("written 5", "written x")).error(), Contains("second line"));
  CHECK_THAT(decode_manifest(with("segment 1 9", "segment 01 9")).error(), Contains("checksum"));
  CHECK_THAT(decode_manifest(with("segment 1 9", "segment 9 1")).error(), Contains("line 3"));
  CHECK_THAT(decode_manifest(with("segment 10 10", "segment 11 11")).error(), Contains("gap"));
  CHECK_THAT(decode_manifest(with("300", "301")).error(), Contains("checksum"));
  CHECK_THAT(decode_manifest(with("checksum", "other")).error(), Contains("line 5"));
  CHECK_THAT(decode_manifest(text.substr(0, text.size() - 1)).error(), Contains("end is missing"));
  CHECK_THAT(decode_manifest(text + "more\n").error(), Contains("checksum"));
}

}  // namespace sg::persistence::test
