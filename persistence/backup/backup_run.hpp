// Bringing a backup up to date, and verifying it.
//
// A backup is the chain of a ledger, in segments. What it lacks of the chain is appended, so each
// run but the first is short. It goes on from the hash of its last block: another chain is refused.
//
// Crashes. A segment is part of the backup once a manifest names it, and a manifest is replaced as
// a whole. So a run that ends in between, or that the disk has no room for, leaves the backup as it
// was with the last segment that was closed. The next run writes over what was left.
//
// Both read in portions, so memory is bounded and nobody who writes to the store waits.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "persistence/backup/backup_folder.hpp"
#include "persistence/store.hpp"

namespace sg::persistence {

struct BackupProgress {
  Sequence sequence = 0;    // the backup has all up to it, though its last segment may be open
  Sequence until = 0;       // how far this run goes
  std::uint64_t bytes = 0;  // that this run has written, or has verified
  std::uint64_t bytes_total = 0;  // of a verification
};

// If the backup is on the disk of the ledger, so much is left to the ledger.
inline constexpr std::uint64_t kLeastFreeBytes = 1ULL << 30;

struct BackupOptions {
  // A segment is closed once it has so many bytes.
  std::uint64_t segment_bytes = 64ULL << 20;
  // False ends the run with `no_space`. Empty: the disk may be filled.
  std::function<bool()> has_room{};
  // Milliseconds since 1970.
  std::function<TimeMs()> now;
};

struct BackupRun {
  Manifest manifest;          // what the backup has now
  std::uint64_t bytes = 0;    // that were written
  bool is_cancelled = false;  // the segments that were closed are there
};

// Brings the backup in the folder up to the sequence that is durable when it is called. `progress`
// is told after each portion; false cancels the run.
//
// Errors: `locked` if another run is under way; `corrupt` if the manifest is damaged, or holds a
// chain that is not the store's; otherwise those of the store and the file system.
StoreResult<BackupRun> run_backup(const Store& store, const BackupFolder& folder,
                                  const BackupOptions& options,
                                  const std::function<bool(const BackupProgress&)>& progress);

struct BackupReport {
  Manifest manifest;
  std::uint64_t blocks = 0;  // that are whole
  std::uint64_t bytes = 0;   // that were read
  bool is_cancelled = false;
  std::vector<std::string> problems;  // empty: the backup is whole
};

// Reads all of the backup: checksums, hashes, and the chain without a gap. What is wrong with one
// segment is a problem in the report, and it goes on with the next. An error: there is no backup,
// or its manifest is damaged.
StoreResult<BackupReport> verify_backup(const BackupFolder& folder,
                                        const std::function<bool(const BackupProgress&)>& progress);

}  // namespace sg::persistence
