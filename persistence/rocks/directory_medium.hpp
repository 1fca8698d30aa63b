// A Medium on a directory of the file system, with a RocksDB database in it:
//
//   <directory>/lock     held (flock) by the process that has the store open
//   <directory>/head     the high-water mark (high_water_mark.hpp)
//   <directory>/db/      the RocksDB database
//   <directory>/ingest/  files on their way into the database; emptied when it is opened to write
#pragma once

#include <filesystem>
#include <memory>

#include "persistence/medium/key_value.hpp"
#include "persistence/medium/store_options.hpp"

namespace sg::persistence {

// Touches no file yet: prepare() does.
std::unique_ptr<Medium> make_directory_medium(std::filesystem::path directory,
                                              const StoreOptions& options);

}  // namespace sg::persistence
