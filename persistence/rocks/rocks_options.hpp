// RocksDB's settings for the store: included by rocks_*.cpp only.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/status.h>

#include <memory>
#include <string_view>
#include <vector>

#include "persistence/medium/key_value.hpp"
#include "persistence/medium/store_options.hpp"

namespace sg::persistence {

rocksdb::DBOptions database_options(const StoreOptions& options,
                                    std::shared_ptr<rocksdb::Logger> log);
// RocksDB's default family, which stays empty, and then ours in the order of Family.
std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(const StoreOptions& options);
// For the files that are ingested: the runs of the indexes.
rocksdb::ColumnFamilyOptions run_options();

// `doing` for the message: "writing a batch".
StoreError to_store_error(const rocksdb::Status& status, std::string_view doing);

}  // namespace sg::persistence
