// Making a store of a backup.
//
// Every block is checked as it is read, hash by hash, and all that is derived from the chain is
// made anew. The store belongs to no cluster, whatever it was a part of, and has the same chain: so
// a full restore may go on with the same backup.
//
// A point in time is a record, or a time. Records that became durable together share their time, so
// a time ends with a whole block. A sequence may stand in the middle of a block: then the block is
// cut behind it and sealed anew, and with another hash the chain is another one from there on. What
// was committed as a whole is restored as a whole or not at all.
#pragma once

#include <filesystem>
#include <functional>
#include <limits>

#include "persistence/backup/backup_folder.hpp"
#include "persistence/medium/store_options.hpp"
#include "persistence/store.hpp"

namespace sg::persistence {

struct RestoreUntil {
  Sequence sequence = std::numeric_limits<Sequence>::max();  // inclusive
  TimeMs time = std::numeric_limits<TimeMs>::max();          // inclusive
};

struct RestoreProgress {
  Sequence sequence = 0;
  Sequence until = 0;
};

struct Restored {
  ChainHead head;
  Sequence backup_end = 0;  // the last sequence of the backup
  bool is_cut = false;      // the last block was sealed anew
};

// Restores into the directory, which must not hold a store. The store is put in its place only when
// `verify` has found it whole; it is told what is there, and returns false if it is not.
//
// Errors: `corrupt` if the backup is damaged; `io` if there is no backup, if it has nothing of the
// time, or if the directory holds a store; otherwise those of the file system. After an error the
// directory has the beginning of a store at most, and the next call begins anew.
StoreResult<Restored> restore(const BackupFolder& from, const std::filesystem::path& directory,
                              const StoreOptions& options, const RestoreUntil& until,
                              const std::function<void(const RestoreProgress&)>& progress,
                              const std::function<bool(const Store&, const Restored&)>& verify);

}  // namespace sg::persistence
