// RocksDB's own log, with its warnings and errors. It is kept in the files `LOG` and `LOG.old`
// beside the tables.
//
// RocksDB's logger aborts the process if it is used after one of its writes failed. That holds for
// version 7.8.3 built with assertions, as Debian builds it. On a full disk it would take the ledger
// down with it. The logger here drops lines that cannot be written. Loggers are thread-safe.
#pragma once

#include <rocksdb/env.h>

#include <filesystem>
#include <memory>

namespace sg::persistence {

// A logger that keeps at most two files of 1 MiB each in `directory`, which must exist.
std::shared_ptr<rocksdb::Logger> make_rocks_log(const std::filesystem::path& directory);

// A logger that writes nothing.
std::shared_ptr<rocksdb::Logger> make_silent_log();

}  // namespace sg::persistence
