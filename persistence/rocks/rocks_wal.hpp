// RocksDB's file system. Files and folders that it makes belong to their owner alone, whatever the
// umask is. Beside that it has two changes to WAL files, and none to others:
//
// Written: zeros stand ahead of what is appended, so that most syncs write bytes in place. A sync
// of a file that grows has to write its inode too, through the file system's own journal: twice the
// time and the processor, and a wait for whatever else that journal holds. docs/adr/0010.
//
// Read: the first zeros in a place for a record are the end, and if anything else follows them,
// damage. RocksDB would go on behind them. A power loss during a sync may keep later pages and not
// earlier ones, so that a row would be there without one that was written before it.
//
// Zeros at the end of a file are damage too when a younger file holds records. RocksDB then goes on
// with the younger file only if its first record continues the sequence of the last one before the
// zeros. So a file that was not closed in time is read on, and one that lost its end is not.
#pragma once

#include <rocksdb/env.h>

namespace sg::persistence {

// Lives as long as the process.
rocksdb::Env* rocks_wal_env();

}  // namespace sg::persistence
