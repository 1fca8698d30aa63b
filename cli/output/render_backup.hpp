// Backups as text for people. Pure: messages in, text out. With `colour` headers are bold.
#pragma once

#include <string>

#include "proto/ledger.pb.h"

namespace sg::cli {

[[nodiscard]] std::string render_created(const scalegraph::ledger::CreateBackupResponse& last,
                                         bool colour);
// The figures of the backup, each problem, and the verdict.
[[nodiscard]] std::string render_verified(const scalegraph::ledger::VerifyBackupResponse& last,
                                          bool colour);
// A table with one line for each backup.
[[nodiscard]] std::string render_backups(const scalegraph::ledger::ListBackupsResponse& all,
                                         bool colour);
// The figures of the backup, and a table of its files.
[[nodiscard]] std::string render_backup(const scalegraph::ledger::GetBackupResponse& one,
                                        bool colour);
// Progress: "1200 of 5000 records, 24 %".
[[nodiscard]] std::string progress_text(const scalegraph::ledger::CreateBackupResponse& progress);
[[nodiscard]] std::string progress_text(const scalegraph::ledger::VerifyBackupResponse& progress);

}  // namespace sg::cli
