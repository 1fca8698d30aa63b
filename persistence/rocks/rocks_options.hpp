// RocksDB's settings for the store, and its errors in our words. Only files of this folder include
// this header. The functions keep no state.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/status.h>

#include <memory>
#include <string_view>
#include <vector>

#include "persistence/medium/key_value.hpp"
#include "persistence/medium/store_options.hpp"

namespace sg::persistence {

// Settings of the database as a whole. `log` takes RocksDB's warnings.
rocksdb::DBOptions database_options(const StoreOptions& options,
                                    std::shared_ptr<rocksdb::Logger> log);
// The column families and their settings: RocksDB's default family, which stays empty, then ours in
// the order of Family.
std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(const StoreOptions& options);
// Settings for writing the table files that are ingested: the runs of the indexes.
rocksdb::ColumnFamilyOptions run_options();

// Translates a bad status. `doing` says what failed, for the message: "writing a batch".
StoreError to_store_error(const rocksdb::Status& status, std::string_view doing);

}  // namespace sg::persistence
