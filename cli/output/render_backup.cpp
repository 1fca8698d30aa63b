#include "cli/output/render_backup.hpp"

#include <array>
#include <cstdio>

#include "cli/output/table.hpp"
#include "cli/output/text_width.hpp"
#include "command_line/time_text.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

std::string mebibytes(std::uint64_t bytes) {
  std::array<char, 32> text;
  constexpr double kMebibyte = 1UL << 20;
  std::snprintf(text.data(), text.size(), "%.1f MiB", static_cast<double>(bytes) / kMebibyte);
  return text.data();
}

// "-" without one: there is no record.
std::string time_text(std::int64_t time) { return time == 0 ? "-" : command_line::iso_8601(time); }

// "1200 of 5000 records, 24 %"
std::string share_text(std::uint64_t part, std::uint64_t whole, const std::string& unit) {
  if (whole == 0) return std::to_string(part) + " " + unit;
  const double share = static_cast<double>(part) / static_cast<double>(whole);
  return std::to_string(part) + " of " + std::to_string(whole) + " " + unit + ", " +
         std::to_string(static_cast<int>(share * 100)) + " %";
}

std::string facts_text(const wire::Backup& backup, bool colour) {
  Fields fields;
  fields.add("backup", backup.name());
  fields.add("up to sequence", std::to_string(backup.sequence()));
  fields.add("first record", time_text(backup.first_time()));
  fields.add("last record", time_text(backup.last_time()));
  fields.add("up to date at", time_text(backup.written_at()));
  fields.add("blocks", std::to_string(backup.blocks()));
  fields.add("files", std::to_string(backup.segments()));
  fields.add("size", mebibytes(backup.bytes()));
  fields.add("last hash", backup.head_hash().empty() ? "-" : backup.head_hash());
  return fields.text(colour);
}

}  // namespace

std::string render_created(const wire::CreateBackupResponse& last, bool colour) {
  return facts_text(last.backup(), colour) + mebibytes(last.bytes()) + " written\n";
}

std::string render_verified(const wire::VerifyBackupResponse& last, bool colour) {
  auto out = facts_text(last.backup(), colour);
  for (const auto& problem : last.problems()) out += "problem: " + printable(problem) + "\n";
  return out + (last.problems().empty() ? "the backup is whole\n" : "DAMAGED\n");
}

std::string render_backups(const wire::ListBackupsResponse& all, bool colour) {
  Table table({{"BACKUP"},
               {"SEQUENCE", Align::right},
               {"LAST RECORD"},
               {"UP TO DATE AT"},
               {"FILES", Align::right},
               {"SIZE", Align::right}});
  std::string problems;
  for (const auto& backup : all.backups()) {
    table.add({backup.name(), std::to_string(backup.sequence()), time_text(backup.last_time()),
               time_text(backup.written_at()), std::to_string(backup.segments()),
               mebibytes(backup.bytes())});
    if (!backup.problem().empty()) {
      problems += "problem: " + printable(backup.name() + ": " + backup.problem()) + "\n";
    }
  }
  return (table.empty() ? "no backups\n" : table.text(colour)) + problems;
}

std::string render_backup(const wire::GetBackupResponse& one, bool colour) {
  Table table({{"FIRST", Align::right},
               {"LAST", Align::right},
               {"FIRST RECORD"},
               {"LAST RECORD"},
               {"BLOCKS", Align::right},
               {"SIZE", Align::right}});
  for (const auto& segment : one.segments()) {
    table.add({std::to_string(segment.first()), std::to_string(segment.last()),
               time_text(segment.first_time()), time_text(segment.last_time()),
               std::to_string(segment.blocks()), mebibytes(segment.bytes())});
  }
  auto out = facts_text(one.backup(), colour);
  if (!table.empty()) out += "\n" + table.text(colour);
  if (!one.next_page_token().empty()) out += "further files are not shown: see --limit\n";
  return out;
}

std::string progress_text(const wire::CreateBackupResponse& progress) {
  return share_text(progress.sequence(), progress.sequence_total(), "records");
}

std::string progress_text(const wire::VerifyBackupResponse& progress) {
  return share_text(progress.bytes(), progress.bytes_total(), "bytes");
}

}  // namespace sg::cli
