// The KeyValue interface on a RocksDB database. RocksDB's own headers are included by .cpp files
// and by the other headers of this folder, but not here.
//
// Concurrency: as key_value.hpp says. Reads and ingestions may run beside a synced write.
//
// Limits: a database has exactly the families of Family. One whose families differ cannot be opened
// for writing: that fails with unknown_version.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "persistence/medium/key_value.hpp"
#include "persistence/medium/store_options.hpp"

namespace sg::persistence {

// Where a database lies.
struct RocksPaths {
  std::filesystem::path database;
  // Files for bulk ingestion are written here, then moved into the database. So both paths must be
  // on the same file system.
  std::filesystem::path ingest;
};

// Creates a database with all families, which holds only these rows in the meta family. It is
// synced and closed again when this returns.
StoreResult<void> create_rocks(const RocksPaths& paths, std::span<const KeyRow> meta,
                               const StoreOptions& options);

// Opens an existing database. With Access::read_only no file is written, not even RocksDB's log.
StoreResult<std::unique_ptr<KeyValue>> open_rocks(const RocksPaths& paths, Access access,
                                                  const StoreOptions& options);

}  // namespace sg::persistence
