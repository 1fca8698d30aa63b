#include "persistence/rocks/rocks_options.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <utility>

#include "persistence/rocks/rocks_wal.hpp"

namespace sg::persistence {
namespace {

constexpr std::size_t kBlocksBufferBytes = 16 << 20;
constexpr std::size_t kSmallBufferBytes = 8 << 20;
constexpr std::size_t kBlocksPageBytes = 16 << 10;
constexpr std::uint64_t kSyncFilesEveryBytes = 1 << 20;  // spreads the sync of large files
constexpr int kOpenFiles = 1000;
constexpr int kBackgroundJobs = 2;
constexpr double kBloomBits = 10;

rocksdb::ColumnFamilyOptions family_options(std::shared_ptr<rocksdb::Cache> cache,
                                            std::size_t buffer_bytes, bool bloom,
                                            std::size_t page_bytes = 4096) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = std::move(cache);
  table.block_size = page_bytes;
  if (bloom) table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBits));
  rocksdb::ColumnFamilyOptions family;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  family.write_buffer_size = buffer_bytes;
  family.compression = rocksdb::kLZ4Compression;
  return family;
}

// Runs of an index: written once as whole files, merged and dropped by RecordIndex.
rocksdb::ColumnFamilyOptions runs_with(std::shared_ptr<rocksdb::Cache> cache) {
  auto family = family_options(std::move(cache), kSmallBufferBytes, false);
  family.compression = rocksdb::kNoCompression;  // pages are deltas already
  family.disable_auto_compactions = true;
  return family;
}

StoreFault fault_of(const rocksdb::Status& status) {
  if (status.IsNoSpace()) return StoreFault::no_space;
  if (status.IsCorruption() || status.IsPathNotFound()) return StoreFault::corrupt;
  const std::string text = status.ToString();
  const auto says = [&text](const char* words) { return text.find(words) != std::string::npos; };
  // A quota, and the process's own limit of a file's size.
  if (says("Disk quota exceeded") || says("File too large")) return StoreFault::no_space;
  if (says("No such file or directory")) return StoreFault::corrupt;
  if (says("Permission denied") || says("Read-only file system")) return StoreFault::permissions;
  if (says("lock hold by") || says("While lock file")) return StoreFault::locked;
  if (says("Column famil") || status.IsNotSupported()) return StoreFault::unknown_version;
  return StoreFault::io;
}

}  // namespace

rocksdb::DBOptions database_options(const StoreOptions& options,
                                    std::shared_ptr<rocksdb::Logger> log) {
  rocksdb::DBOptions db;
  db.env = rocks_wal_env();
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db.max_total_wal_size = options.max_wal_bytes;
  db.recycle_log_file_num = 0;
  // A log that is full stays until each family's rows in it are in tables. Without this its
  // absence, or its end's, goes unnoticed: younger blocks are there, the head too, but rows are
  // missing.
  db.track_and_verify_wals_in_manifest = true;
  // What recovery reads from the WAL is written anew and synced: pages whose sync failed before a
  // restart may be in memory only.
  db.avoid_flush_during_recovery = false;
  db.avoid_unnecessary_blocking_io = true;
  db.bytes_per_sync = kSyncFilesEveryBytes;
  db.max_open_files = kOpenFiles;
  db.max_background_jobs = kBackgroundJobs;
  db.skip_stats_update_on_db_open = true;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  db.info_log = std::move(log);
  return db;
}

std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(const StoreOptions& options) {
  const auto cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  const auto small = family_options(cache, kSmallBufferBytes, false);
  std::vector<rocksdb::ColumnFamilyDescriptor> families{{rocksdb::kDefaultColumnFamilyName, small}};
  for (std::size_t i = 0; i < kFamilies; ++i) {
    const auto family = static_cast<Family>(i);
    auto chosen = small;
    if (family == Family::blocks) {
      chosen = family_options(cache, kBlocksBufferBytes, false, kBlocksPageBytes);
    } else if (family == Family::account_ids) {
      chosen = family_options(cache, kSmallBufferBytes, true);
    } else if (family == Family::keys || family == Family::history) {
      chosen = runs_with(cache);
    }
    families.emplace_back(std::string(family_name(family)), chosen);
  }
  return families;
}

rocksdb::ColumnFamilyOptions run_options() { return runs_with(nullptr); }

StoreError to_store_error(const rocksdb::Status& status, std::string_view doing) {
  return {fault_of(status), std::string(doing) + ": " + status.ToString()};
}

}  // namespace sg::persistence
