// RocksDB's file system with two changes to WAL files, and none to others:
//
// Written: zeros stand ahead of what is appended, so that most syncs write bytes in place. A sync
// of a file that grows has to write its inode too, through the file system's own journal: twice the
// time and the processor, and a wait for whatever else that journal holds. docs/adr/0010.
//
// Read: the first zeros in a place for a record are the end, and if anything else follows them,
// damage. RocksDB would go on behind them. A power loss during a sync may keep later pages and not
// earlier ones, so that a row would be there without one that was written before it.
#pragma once

#include <rocksdb/env.h>

namespace sg::persistence {

// Lives as long as the process.
rocksdb::Env* rocks_wal_env();

}  // namespace sg::persistence
