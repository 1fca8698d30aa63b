// KeyValue on RocksDB. Its headers stand in the .cpp files only.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "persistence/medium/key_value.hpp"
#include "persistence/medium/store_options.hpp"

namespace sg::persistence {

struct RocksPaths {
  std::filesystem::path database;
  // On the same file system: files for bulk ingestion are made here and moved.
  std::filesystem::path ingest;
};

// Makes an empty database with all families and these meta rows, synced and closed.
StoreResult<void> create_rocks(const RocksPaths& paths, std::span<const KeyRow> meta,
                               const StoreOptions& options);

// Opened read-only, no file is written, its own log neither.
StoreResult<std::unique_ptr<KeyValue>> open_rocks(const RocksPaths& paths, Access access,
                                                  const StoreOptions& options);

}  // namespace sg::persistence
