// The file system that RocksDB is given. Files and folders that it makes belong to their owner
// alone, whatever the umask is. It also changes how write-ahead log (WAL) files are written and
// read, and nothing else.
//
// Writing: zeros are written ahead of the records, so that most syncs overwrite bytes in place. A
// sync of a growing file has to write its inode too, through the file system's own journal. That
// costs twice the time and the processor, and waits for whatever else the journal holds. See
// docs/adr/0010.
//
// Reading: where a record should begin, zeros are the end of the log. If anything but zeros follows
// them, the file is damaged. RocksDB alone would skip zeros and go on behind them. But a power loss
// during a sync may keep later pages and lose earlier ones. Then a row would survive without one
// that was written before it.
//
// Zeros at the end of a file count as damage too if a younger file holds records. After damage
// RocksDB goes on with the younger file only if its first record continues the sequence of the last
// good one. So a file that was not closed in time is read on, and one that lost its end is not.
#pragma once

#include <rocksdb/env.h>

namespace sg::persistence {

// The same object at every call; it lives as long as the process. Thread-safe.
rocksdb::Env* rocks_wal_env();

}  // namespace sg::persistence
