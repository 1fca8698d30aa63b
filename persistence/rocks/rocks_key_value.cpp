// RocksDB behind the KeyValue interface. Most functions only translate. These decisions are ours:
//
// - A write that failed is final. RocksDB may resume after some errors, but whether the failed
// batch
//   is in the log would stay unknown. So failed_ refuses all writes until the database is reopened.
// - Indexes do not go through the log. ingest() writes a table file and hands it to RocksDB, which
//   moves it into the database. drop() removes whole files again, without writing tombstones.
#include "persistence/rocks/rocks_key_value.hpp"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/write_batch.h>

#include <atomic>
#include <system_error>
#include <utility>

#include "faults/fault_injection.hpp"
#include "persistence/rocks/rocks_log.hpp"
#include "persistence/rocks/rocks_options.hpp"

namespace sg::persistence {
namespace {

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

// One for each column family: RocksDB's default family first, then ours in the order of Family.
using Handles = std::vector<rocksdb::ColumnFamilyHandle*>;

// Keeps a bad status until write(), since put() and erase() return nothing.
class RocksBatch : public Batch {
 public:
  explicit RocksBatch(const Handles& handles) : handles_(handles) {}
  void put(Family family, std::string_view key, std::string_view value) override {
    note(batch_.Put(handle(family), slice(key), slice(value)));
  }
  void erase(Family family, std::string_view key) override {
    note(batch_.Delete(handle(family), slice(key)));
  }
  rocksdb::WriteBatch& batch() { return batch_; }
  const rocksdb::Status& status() const { return status_; }

 private:
  rocksdb::ColumnFamilyHandle* handle(Family family) const {
    // Behind the default family.
    return handles_[static_cast<std::size_t>(family) + 1];
  }
  void note(const rocksdb::Status& status) {
    if (!status.ok()) status_ = status;
  }

  const Handles& handles_;
  rocksdb::WriteBatch batch_;
  rocksdb::Status status_;
};

class RocksCursor : public Cursor {
 public:
  explicit RocksCursor(std::unique_ptr<rocksdb::Iterator> rows) : rows_(std::move(rows)) {}
  bool valid() const override { return rows_->Valid(); }
  std::string_view key() const override { return view(rows_->key()); }
  std::string_view value() const override { return view(rows_->value()); }
  void seek(std::string_view key) override { rows_->Seek(slice(key)); }
  void seek_for_prev(std::string_view key) override { rows_->SeekForPrev(slice(key)); }
  void seek_to_last() override { rows_->SeekToLast(); }
  void next() override { rows_->Next(); }
  void prev() override { rows_->Prev(); }
  StoreResult<void> status() const override {
    const auto status = rows_->status();
    if (!status.ok()) return tl::unexpected(to_store_error(status, "reading rows"));
    return {};
  }

 private:
  std::unique_ptr<rocksdb::Iterator> rows_;
};

class RocksKeyValue : public KeyValue {
 public:
  RocksKeyValue(std::unique_ptr<rocksdb::DB> db, Handles handles, std::filesystem::path ingest)
      : db_(std::move(db)), handles_(std::move(handles)), ingest_(std::move(ingest)) {}

  ~RocksKeyValue() override {
    for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
    // Everything that was acknowledged is synced, so a failure here loses nothing.
    db_->Close().PermitUncheckedError();
  }

  StoreResult<std::optional<std::string>> get(Family family, std::string_view key) const override {
    std::string value;
    const auto status = db_->Get({}, handle(family), slice(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return tl::unexpected(to_store_error(status, reading(family)));
    return value;
  }

  std::unique_ptr<Cursor> cursor(Family family) const override {
    std::unique_ptr<rocksdb::Iterator> rows(db_->NewIterator({}, handle(family)));
    return std::make_unique<RocksCursor>(std::move(rows));
  }

  std::unique_ptr<Batch> new_batch() const override {
    return std::make_unique<RocksBatch>(handles_);
  }

  StoreResult<void> write(Batch& batch, bool sync) override {
    auto& rocks = static_cast<RocksBatch&>(batch);
    rocksdb::WriteOptions options;
    options.sync = sync;
    auto status = rocks.status();
    if (status.ok() && failed_) status = rocksdb::Status::IOError("an earlier write failed");
    if (sync) faults::reach(faults::Point::disk_before_write);
    // In a program with fault points the sync is a call of its own, so that a test can stop the
    // process between the write and the sync. Otherwise one call does both.
    if (faults::kCompiledIn) options.sync = false;
    if (status.ok()) status = db_->Write(options, &rocks.batch());
    if (faults::kCompiledIn && sync) {
      faults::reach(faults::Point::disk_before_sync);
      if (status.ok()) status = db_->SyncWAL();
    }
    if (status.ok()) return {};
    failed_ = true;
    return tl::unexpected(to_store_error(status, "writing a batch"));
  }

  StoreResult<void> sync() override {
    faults::reach(faults::Point::disk_before_sync);
    auto status = failed_ ? rocksdb::Status::IOError("an earlier write failed") : db_->SyncWAL();
    if (status.ok()) return {};
    failed_ = true;
    return tl::unexpected(to_store_error(status, "syncing what was written"));
  }

  bool takes_writes() const override { return !failed_; }

  StoreResult<void> ingest(Family family, std::span<const KeyRow> rows) override {
    if (rows.empty()) return {};
    const auto file = ingest_ / (std::to_string(next_file_++) + ".sst");
    auto status = write_file(file, rows);
    if (status.ok()) {
      rocksdb::IngestExternalFileOptions options;
      // Move the file instead of copying it, and never rewrite it to store a sequence number in it.
      options.move_files = true;
      options.write_global_seqno = false;
      status = db_->IngestExternalFile(handle(family), {file.string()}, options);
    }
    std::error_code ignored;  // after a success the file has been moved away
    std::filesystem::remove(file, ignored);
    if (!status.ok()) return tl::unexpected(to_store_error(status, "ingesting rows"));
    return {};
  }

  StoreResult<void> drop(Family family, std::string_view begin, std::string_view end) override {
    const auto first = slice(begin);
    const auto past = slice(end);
    // Only files that lie in the range as a whole are removed; `false`: `end` is excluded.
    const auto status =
        rocksdb::DeleteFilesInRange(db_.get(), handle(family), &first, &past, false);
    if (!status.ok()) return tl::unexpected(to_store_error(status, "dropping rows"));
    return {};
  }

  std::uint64_t unflushed_bytes() const override {
    std::uint64_t bytes = 0;
    db_->GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &bytes);
    return bytes;
  }

  DatabaseStatistics statistics() const override {
    using Property = rocksdb::DB::Properties;
    DatabaseStatistics told;
    for (std::size_t i = 0; i < kFamilies; ++i) {
      told.tables[i] = {number(handles_[i + 1], Property::kEstimateNumKeys),
                        number(handles_[i + 1], Property::kTotalSstFilesSize)};
    }
    told.memtable_bytes = unflushed_bytes();
    db_->GetAggregatedIntProperty(Property::kEstimatePendingCompactionBytes,
                                  &told.pending_compaction_bytes);
    // These are the same in every family.
    auto* any = handles_.front();
    told.block_cache_bytes = number(any, Property::kBlockCacheUsage);
    told.running_compactions = number(any, Property::kNumRunningCompactions);
    told.running_flushes = number(any, Property::kNumRunningFlushes);
    told.writes_are_stopped = number(any, Property::kIsWriteStopped) != 0;
    return told;
  }

 private:
  rocksdb::ColumnFamilyHandle* handle(Family family) const {
    return handles_[static_cast<std::size_t>(family) + 1];
  }
  // 0 if RocksDB does not know it.
  std::uint64_t number(rocksdb::ColumnFamilyHandle* family, const std::string& property) const {
    std::uint64_t value = 0;
    db_->GetIntProperty(family, property, &value);
    return value;
  }
  // For messages.
  static std::string reading(Family family) {
    return "reading " + std::string(family_name(family));
  }

  rocksdb::Status write_file(const std::filesystem::path& file,
                             std::span<const KeyRow> rows) const {
    const rocksdb::Options options(db_->GetDBOptions(), run_options());
    // Keep the file in the page cache: the next merge and look-ups read it soon.
    constexpr bool kInvalidatePageCache = false;
    rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), options, nullptr, kInvalidatePageCache);
    auto status = writer.Open(file.string());
    for (std::size_t i = 0; i < rows.size() && status.ok(); ++i) {
      status = writer.Put(slice(rows[i].key), slice(rows[i].value));
    }
    return status.ok() ? writer.Finish() : status;
  }

  std::unique_ptr<rocksdb::DB> db_;
  Handles handles_;
  std::filesystem::path ingest_;
  std::atomic<std::uint64_t> next_file_ = 1;
  std::atomic<bool> failed_ = false;  // a write or a sync failed: no more writes
};

StoreError opening_error(const rocksdb::Status& status, const RocksPaths& paths) {
  return to_store_error(status, "opening the database in " + paths.database.string());
}

}  // namespace

StoreResult<void> create_rocks(const RocksPaths& paths, std::span<const KeyRow> meta,
                               const StoreOptions& options) {
  // RocksDB makes the folder, so our log could not be opened in it yet. A new database gives
  // nothing to warn of.
  auto db_options = database_options(options, make_silent_log());
  db_options.create_if_missing = true;
  db_options.create_missing_column_families = true;
  rocksdb::DB* raw = nullptr;
  Handles handles;
  auto status = rocksdb::DB::Open(db_options, paths.database.string(), family_descriptors(options),
                                  &handles, &raw);
  if (!status.ok()) return tl::unexpected(opening_error(status, paths));
  RocksKeyValue store(std::unique_ptr<rocksdb::DB>(raw), std::move(handles), paths.ingest);
  const auto batch = store.new_batch();
  for (const KeyRow& row : meta) batch->put(Family::meta, row.key, row.value);
  return store.write(*batch, true);
}

StoreResult<std::unique_ptr<KeyValue>> open_rocks(const RocksPaths& paths, Access access,
                                                  const StoreOptions& options) {
  // A read-only opening leaves every file as it is.
  const bool writes = access == Access::read_write;
  const auto db_options =
      database_options(options, writes ? make_rocks_log(paths.database) : make_silent_log());
  const auto families = family_descriptors(options);
  rocksdb::DB* raw = nullptr;
  Handles handles;
  const auto status =
      writes ? rocksdb::DB::Open(db_options, paths.database.string(), families, &handles, &raw)
             : rocksdb::DB::OpenForReadOnly(db_options, paths.database.string(), families, &handles,
                                            &raw);
  if (!status.ok()) return tl::unexpected(opening_error(status, paths));
  return std::make_unique<RocksKeyValue>(std::unique_ptr<rocksdb::DB>(raw), std::move(handles),
                                         paths.ingest);
}

}  // namespace sg::persistence
