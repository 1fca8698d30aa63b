// The database interfaces on a MemoryDisk. They keep the promises of key_value.hpp, but nothing
// outlives the process.
//
// A disk is opened many times in one test. Each opening has a number, and a KeyValue or a cursor
// works only while its number is the current one. So a handle from before a crash gets an error, as
// it would from a dead process, and never sees the rows of the next opening. Each medium has a
// number likewise, and only the one that prepared the disk last may open it or write its mark.
#include <utility>

#include "faults/fault_injection.hpp"
#include "persistence/chain_store.hpp"
#include "persistence/memory/memory_disk.hpp"

namespace sg::persistence {

class MemoryBatch : public Batch {
 public:
  struct Row {
    Family family;
    std::string key;
    std::optional<std::string> value;  // none: the row is erased
  };
  void put(Family family, std::string_view key, std::string_view value) override {
    rows_.push_back({family, std::string(key), std::string(value)});
  }
  void erase(Family family, std::string_view key) override {
    rows_.push_back({family, std::string(key), std::nullopt});
  }
  std::vector<Row>& rows() { return rows_; }

 private:
  std::vector<Row> rows_;
};

// Keeps its place by key, not by iterator, because the map may change between two steps. It shares
// the value, so that its view stays good if the row is replaced.
class MemoryCursor : public Cursor {
 public:
  MemoryCursor(std::shared_ptr<MemoryDisk> disk, Family family, std::uint64_t opening)
      : disk_(std::move(disk)), family_(family), opening_(opening) {}

  bool valid() const override { return value_ != nullptr; }
  std::string_view key() const override { return key_; }
  std::string_view value() const override { return *value_; }

  void seek(std::string_view key) override {
    move([key](const Rows& rows) { return rows.lower_bound(key); });
  }
  void seek_for_prev(std::string_view key) override {
    move([key](const Rows& rows) { return before(rows, rows.upper_bound(key)); });
  }
  void seek_to_last() override {
    move([](const Rows& rows) { return before(rows, rows.end()); });
  }
  void next() override {
    move([this](const Rows& rows) { return rows.upper_bound(key_); });
  }
  void prev() override {
    move([this](const Rows& rows) { return before(rows, rows.lower_bound(key_)); });
  }
  StoreResult<void> status() const override {
    if (stale_) return store_error(StoreFault::io, "the memory disk crashed or was reopened");
    return {};
  }

 private:
  using Rows = MemoryDisk::Rows;

  // The row in front of `at`, or the end if there is none: as in RocksDB, that makes the cursor
  // invalid.
  static Rows::const_iterator before(const Rows& rows, Rows::const_iterator at) {
    return at == rows.begin() ? rows.end() : std::prev(at);
  }
  // Goes to the row that `find` returns. Key and value are copied out under the lock.
  template <class Find>
  void move(Find find) {
    const std::lock_guard lock(disk_->mutex_);
    stale_ = disk_->opening_ != opening_;
    const Rows& rows = disk_->live_[static_cast<std::size_t>(family_)];
    const auto at = stale_ ? rows.end() : find(rows);
    if (at == rows.end()) {
      value_ = nullptr;
      return;
    }
    value_ = at->second;
    key_ = at->first;
  }

  std::shared_ptr<MemoryDisk> disk_;
  Family family_;
  std::uint64_t opening_;
  std::string key_;
  MemoryDisk::Value value_;
  bool stale_ = false;
};

// Reads and writes the disk's rows as long as its opening is the current one.
class MemoryKeyValue : public KeyValue {
 public:
  MemoryKeyValue(std::shared_ptr<MemoryDisk> disk, Access access, std::uint64_t opening)
      : disk_(std::move(disk)), access_(access), opening_(opening) {}

  StoreResult<std::optional<std::string>> get(Family family, std::string_view key) const override {
    const std::lock_guard lock(disk_->mutex_);
    if (auto ok = check_open(); !ok) return tl::unexpected(ok.error());
    const auto& rows = disk_->live_[static_cast<std::size_t>(family)];
    const auto row = rows.find(key);
    if (row == rows.end()) return std::nullopt;
    return *row->second;
  }

  std::unique_ptr<Cursor> cursor(Family family) const override {
    return std::make_unique<MemoryCursor>(disk_, family, opening_);
  }
  std::unique_ptr<Batch> new_batch() const override { return std::make_unique<MemoryBatch>(); }

  StoreResult<void> sync() override {
    faults::reach(faults::Point::disk_before_sync);
    return sync_all();
  }
  bool takes_writes() const override {
    const std::lock_guard lock(disk_->mutex_);
    return !disk_->write_failed_;
  }
  StoreResult<void> write(Batch& batch, bool sync) override {
    // The write and the sync are two steps, so that a test can stop the process in between.
    if (sync) faults::reach(faults::Point::disk_before_write);
    if (auto put = put_rows(batch); !put || !sync) return put;
    faults::reach(faults::Point::disk_before_sync);
    return sync_all();
  }

  StoreResult<void> ingest(Family family, std::span<const KeyRow> rows) override {
    const std::lock_guard lock(disk_->mutex_);
    // As with RocksDB, a failed ingestion changes nothing, and later writes work.
    if (std::exchange(disk_->fail_ingest_, false)) {
      return store_error(StoreFault::io, "an ingestion was told to fail");
    }
    bool no_fault = false;
    if (auto ok = check_writable(no_fault); !ok) return ok;
    for (const KeyRow& row : rows) {
      // Into both images: ingested rows are durable when the call returns.
      const MemoryDisk::Write write{family, std::string(row.key),
                                    std::make_shared<const std::string>(row.value)};
      MemoryDisk::apply(disk_->live_, write);
      MemoryDisk::apply(disk_->synced_, write);
    }
    return {};
  }

  StoreResult<void> drop(Family family, std::string_view begin, std::string_view end) override {
    const std::lock_guard lock(disk_->mutex_);
    if (auto ok = check_open(); !ok) return ok;
    // From both images: a removal is of files, which a crash does not bring back.
    for (auto* rows : {&disk_->live_, &disk_->synced_}) {
      auto& all = (*rows)[static_cast<std::size_t>(family)];
      all.erase(all.lower_bound(begin), all.lower_bound(end));
    }
    return {};
  }

  // Rows are not written anew when the disk is opened, so that takes no room.
  std::uint64_t unflushed_bytes() const override { return 0; }

 private:
  // The private functions expect that the caller holds the disk's lock, except put_rows() and
  // sync_all(), which take it.
  StoreResult<void> check_open() const {
    if (disk_->opening_ == opening_) return {};
    return store_error(StoreFault::io, "the memory disk crashed or was reopened");
  }
  // Why a write cannot be done, if it cannot. `fault` is the requested fault of this kind of write;
  // it is used up. A failure is remembered: all later writes of this opening fail too.
  StoreResult<void> check_writable(bool& fault) {
    if (auto ok = check_open(); !ok) return ok;
    if (access_ == Access::read_only) return store_error(StoreFault::io, "opened read-only");
    if (disk_->write_failed_) return store_error(StoreFault::io, "an earlier write failed");
    if (disk_->full_) {
      disk_->write_failed_ = true;
      return store_error(StoreFault::no_space, "the memory disk is full");
    }
    if (!std::exchange(fault, false)) return {};
    disk_->write_failed_ = true;
    return store_error(StoreFault::io, "a write was told to fail");
  }
  // Makes the rows visible, but not durable.
  StoreResult<void> put_rows(Batch& batch) {
    const std::lock_guard lock(disk_->mutex_);
    if (auto ok = check_writable(disk_->fail_write_); !ok) return ok;
    auto& unsynced = disk_->unsynced_.emplace_back();
    for (auto& row : static_cast<MemoryBatch&>(batch).rows()) {
      MemoryDisk::Value value;
      if (row.value) value = std::make_shared<const std::string>(std::move(*row.value));
      unsynced.push_back({row.family, std::move(row.key), std::move(value)});
      MemoryDisk::apply(disk_->live_, unsynced.back());
    }
    return {};
  }
  // A requested fault comes after put_rows(): the rows are visible, and it is open whether they
  // survive. The test decides, by crash() or by a reopening.
  StoreResult<void> sync_all() {
    const std::lock_guard lock(disk_->mutex_);
    bool no_fault = false;
    if (auto ok = check_writable(no_fault); !ok) return ok;
    ++disk_->syncs_;
    if (std::exchange(disk_->fail_sync_, false)) {
      disk_->write_failed_ = true;
      return store_error(StoreFault::io, "a sync was told to fail");
    }
    disk_->keep_unsynced({disk_->unsynced_.size()});
    return {};
  }

  std::shared_ptr<MemoryDisk> disk_;
  Access access_;
  std::uint64_t opening_;
};

// The place is a MemoryDisk, which the test keeps. A medium stands for one process that uses it.
class MemoryMedium : public Medium {
 public:
  explicit MemoryMedium(std::shared_ptr<MemoryDisk> disk) : disk_(std::move(disk)) {}
  ~MemoryMedium() override {
    const std::lock_guard lock(disk_->mutex_);
    // After disown() the lock may belong to the medium of the next process.
    if (is_owner()) disk_->locked_ = false;
  }

  StoreResult<void> prepare(Access) override {
    const std::lock_guard lock(disk_->mutex_);
    // A reopening prepares once more; the lock is still held, unless the test has disowned it.
    if (owner_ != 0) return check_owner();
    if (disk_->locked_) {
      return store_error(StoreFault::locked, "another store is open on the memory disk");
    }
    disk_->locked_ = true;
    owner_ = ++disk_->owner_;
    return {};
  }
  StoreResult<bool> has_store() const override {
    const std::lock_guard lock(disk_->mutex_);
    return disk_->exists_;
  }
  StoreResult<void> create(std::span<const KeyRow> meta) override {
    const std::lock_guard lock(disk_->mutex_);
    disk_->exists_ = true;
    for (const KeyRow& row : meta) {
      const MemoryDisk::Write write{Family::meta, std::string(row.key),
                                    std::make_shared<const std::string>(row.value)};
      MemoryDisk::apply(disk_->live_, write);
      MemoryDisk::apply(disk_->synced_, write);
    }
    return {};
  }
  StoreResult<std::unique_ptr<KeyValue>> open(Access access) override {
    const std::lock_guard lock(disk_->mutex_);
    if (auto ok = check_owner(); !ok) return tl::unexpected(ok.error());
    if (std::exchange(disk_->fail_open_, false)) {
      return store_error(StoreFault::io, "an opening was told to fail");
    }
    ++disk_->opening_;
    if (access == Access::read_write) {
      // As RocksDB's recovery does: whatever is found in the log is written anew and synced.
      disk_->keep_unsynced({disk_->unsynced_.size()});
      disk_->write_failed_ = false;
    }
    return std::make_unique<MemoryKeyValue>(disk_, access, disk_->opening_);
  }
  StoreResult<std::optional<std::string>> read_mark() const override { return disk_->mark(); }
  StoreResult<void> write_mark(std::string_view bytes, bool sync) override {
    const std::lock_guard lock(disk_->mutex_);
    if (auto ok = check_owner(); !ok) return ok;
    if (std::exchange(disk_->fail_mark_, false)) {
      return store_error(StoreFault::io, "writing the mark was told to fail");
    }
    disk_->mark_ = std::string(bytes);
    if (sync) disk_->synced_mark_ = disk_->mark_;
    return {};
  }
  std::uint64_t free_bytes() const override {
    const std::lock_guard lock(disk_->mutex_);
    return disk_->full_ ? 0 : disk_->free_bytes_;
  }
  void found_full() override {}  // the test alone decides what free_bytes() says
  std::string name() const override { return "memory"; }

 private:
  bool is_owner() const { return owner_ == disk_->owner_; }
  StoreResult<void> check_owner() const {
    if (is_owner()) return {};
    return store_error(StoreFault::io, "its process is gone");
  }

  std::shared_ptr<MemoryDisk> disk_;
  std::uint64_t owner_ = 0;  // this medium's number; 0 before prepare()
};

std::unique_ptr<Medium> make_memory_medium(std::shared_ptr<MemoryDisk> disk) {
  return std::make_unique<MemoryMedium>(std::move(disk));
}

std::shared_ptr<MemoryDisk> make_memory_disk() { return std::make_shared<MemoryDisk>(); }

StoreResult<std::unique_ptr<Store>> open_memory_store(std::shared_ptr<MemoryDisk> disk,
                                                      const StoreOptions& options) {
  auto store =
      std::make_unique<ChainStore>(std::make_unique<MemoryMedium>(std::move(disk)), options);
  if (auto opened = store->reopen(); !opened) return tl::unexpected(opened.error());
  return store;
}

}  // namespace sg::persistence
