// RocksDB's own log, as files `LOG` and `LOG.old` beside the tables: what it warns of.
//
// RocksDB's logger ends the process when it is written to after a write of it failed (7.8.3 with
// assertions, as in Debian), so on a full disk it would take the ledger with it. This one drops
// lines that cannot be written.
#pragma once

#include <rocksdb/env.h>

#include <filesystem>
#include <memory>

namespace sg::persistence {

// Keeps at most two files of bounded size in `directory`, which has to exist.
std::shared_ptr<rocksdb::Logger> make_rocks_log(const std::filesystem::path& directory);

// Writes nothing.
std::shared_ptr<rocksdb::Logger> make_silent_log();

}  // namespace sg::persistence
