// Backups as text.
#include <catch2/catch.hpp>

#include "cli/output/render_backup.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;
using Catch::Contains;
using Catch::EndsWith;

wire::Backup backup() {
  wire::Backup made;
  made.set_name("weekly");
  made.set_sequence(1'200);
  made.set_first_time(1'714'557'600'123);
  made.set_last_time(1'714'557'660'000);
  made.set_written_at(1'714'557'700'000);
  made.set_segments(2);
  made.set_blocks(7);
  made.set_bytes(3 << 20);
  made.set_head_hash("abc");
  return made;
}

}  // namespace

TEST_CASE("Backups stand in a table, with what is wrong with one below it") {
  wire::ListBackupsResponse all;
  CHECK(render_backups(all, false) == "no backups\n");
  *all.add_backups() = backup();
  auto& damaged = *all.add_backups();
  damaged.set_name("old");
  damaged.set_problem("its end\nis missing");
  CHECK(render_backups(all, false) ==
        "BACKUP  SEQUENCE  LAST RECORD               UP TO DATE AT             FILES     SIZE\n"
        "weekly      1200  2024-05-01T10:01:00.000Z  2024-05-01T10:01:40.000Z      2  3.0 MiB\n"
        "old            0  -                         -                             0  0.0 MiB\n"
        "problem: old: its end\\nis missing\n");
}

TEST_CASE("One backup has its figures, and its files below them") {
  wire::GetBackupResponse one;
  *one.mutable_backup() = backup();
  const auto alone = render_backup(one, false);
  CHECK_THAT(alone, Contains("up to sequence  1200") && Contains("size            3.0 MiB") &&
                        Contains("last hash       abc"));
  auto& segment = *one.add_segments();
  segment.set_first(1);
  segment.set_last(1'000);
  segment.set_blocks(5);
  segment.set_bytes(2 << 20);
  segment.set_first_time(1'714'557'600'123);
  segment.set_last_time(1'714'557'600'123);
  one.set_next_page_token("more");
  const auto text = render_backup(one, false);
  CHECK(text.starts_with(alone));
  CHECK_THAT(text, Contains("    1  1000  2024-05-01T10:00:00.123Z") && Contains("2.0 MiB") &&
                       Contains("further files are not shown: see --limit"));
}

TEST_CASE("A verified backup ends with the verdict") {
  wire::VerifyBackupResponse last;
  *last.mutable_backup() = backup();
  CHECK_THAT(render_verified(last, false), EndsWith("the backup is whole\n"));
  last.add_problems("a file is missing");
  CHECK_THAT(render_verified(last, false), EndsWith("problem: a file is missing\nDAMAGED\n"));
}

TEST_CASE("A backup that was written says how much") {
  wire::CreateBackupResponse last;
  *last.mutable_backup() = backup();
  last.set_bytes(1 << 19);
  CHECK_THAT(render_created(last, false), EndsWith("0.5 MiB written\n"));
}

TEST_CASE("Progress of a backup is a share of what there is to do") {
  wire::CreateBackupResponse written;
  written.set_sequence(50);
  CHECK(progress_text(written) == "50 records");
  written.set_sequence_total(200);
  CHECK(progress_text(written) == "50 of 200 records, 25 %");
  wire::VerifyBackupResponse verified;
  verified.set_bytes(~std::uint64_t{0} / 2);
  verified.set_bytes_total(~std::uint64_t{0});
  CHECK_THAT(progress_text(verified), EndsWith("bytes, 50 %"));
}

}  // namespace sg::cli
