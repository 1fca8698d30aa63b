// What is tuned and why. Blocks are written in order and read in order, so they have large buffers
// and large pages. Account ids are looked up at random, also those that do not exist, so they have
// a Bloom filter. Index runs are merged by RecordIndex, so RocksDB must not compact them. All other
// families are small.
#include "persistence/rocks/rocks_options.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <utility>

#include "persistence/rocks/rocks_wal.hpp"

namespace sg::persistence {
namespace {

// Buffers are memtables: rows in memory before they become a table.
constexpr std::size_t kBlocksBufferBytes = 16 << 20;
constexpr std::size_t kSmallBufferBytes = 8 << 20;
constexpr std::size_t kBlocksPageBytes = 16 << 10;       // as large as a full block of the chain
constexpr std::uint64_t kSyncFilesEveryBytes = 1 << 20;  // spreads the sync of a large table
constexpr int kOpenFiles = 1000;
constexpr int kBackgroundJobs = 2;
constexpr double kBloomBits = 10;  // per key: about one wrong answer in a hundred

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

// For the runs of an index. RecordIndex writes them once, as whole files, and it also merges and
// drops them.
rocksdb::ColumnFamilyOptions runs_with(std::shared_ptr<rocksdb::Cache> cache) {
  auto family = family_options(std::move(cache), kSmallBufferBytes, false);
  family.compression = rocksdb::kNoCompression;  // pages are deltas already
  family.disable_auto_compactions = true;
  return family;
}

// RocksDB reports some causes in the text of an I/O error only.
StoreFault fault_of(const rocksdb::Status& status) {
  // A missing file is damage here: files are only looked for if the database names them.
  if (status.IsNoSpace()) return StoreFault::no_space;
  if (status.IsCorruption() || status.IsPathNotFound()) return StoreFault::corrupt;
  const std::string text = status.ToString();
  const auto says = [&text](const char* words) { return text.find(words) != std::string::npos; };
  // A quota, and the process's own limit on the size of a file.
  if (says("Disk quota exceeded") || says("File too large")) return StoreFault::no_space;
  if (says("No such file or directory")) return StoreFault::corrupt;
  if (says("Permission denied") || says("Read-only file system")) return StoreFault::permissions;
  if (says("lock hold by") || says("While lock file")) return StoreFault::locked;
  // Families that RocksDB does not find, or that we do not open, come from another format.
  if (says("Column famil") || status.IsNotSupported()) return StoreFault::unknown_version;
  return StoreFault::io;
}

}  // namespace

rocksdb::DBOptions database_options(const StoreOptions& options,
                                    std::shared_ptr<rocksdb::Logger> log) {
  rocksdb::DBOptions db;
  db.env = rocks_wal_env();
  // Recovery stops at the first damaged record. It never goes on behind one.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db.max_total_wal_size = options.max_wal_bytes;
  db.recycle_log_file_num = 0;
  // A full log file stays until the rows of every family in it are in tables. If such a file, or
  // its end, were lost, nothing else would notice: younger blocks and the head would be there,
  // while rows of slower families are missing. With this option the manifest names the log files.
  db.track_and_verify_wals_in_manifest = true;
  // Recovery writes what it reads from the log into tables and syncs them. After a failed sync and
  // a restart of the process, the log's pages may be in the page cache only.
  db.avoid_flush_during_recovery = false;
  db.avoid_unnecessary_blocking_io = true;
  db.bytes_per_sync = kSyncFilesEveryBytes;
  db.max_open_files = kOpenFiles;
  db.max_background_jobs = kBackgroundJobs;
  // Nobody reads these statistics, and loading them would delay an opening.
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
