// A disk in memory, for tests: the rows of a database and its high-water mark. It keeps synced
// writes apart from unsynced ones, so that a test can cut the power and see what is left. It also
// fails writes, syncs and openings on request.
//
//   auto disk = make_memory_disk();
//   auto store = open_memory_store(disk, {});
//   disk->fail_next_sync();
//   store->append(...);           // fails, and the outcome is unknown
//   disk->crash();                // the power is cut before the sync: the group is gone
//   store->reopen();              // opens what the crash left
//
// Thread-safe. Only one store at a time can be open on a disk.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "persistence/medium/key_value.hpp"

namespace sg::persistence {

class MemoryDisk {
 public:
  // --- for tests ---
  // Which of the unsynced batches survive a power loss. The batches are numbered from 0 and lie in
  // two files of the log; the younger file begins with batch `younger_from`. Of each file a prefix
  // survives, since the first batch that is absent, torn or corrupt ends the file. So a batch of
  // the younger file may survive without an earlier one.
  struct Survivors {
    std::size_t of_older = 0;                    // batches
    std::size_t younger_from = ~std::size_t{0};  // past the last batch: there is one file only
    std::size_t of_younger = 0;                  // batches
  };
  // Cuts the power. Every open store then fails until it is reopened. Without `keep_mark` the mark
  // falls back to what it was at its last sync.
  void crash(const Survivors& survivors, bool keep_mark = true);
  // The same with a log in one file, of which the first `kept` unsynced batches survive.
  void crash(std::size_t kept = 0, bool keep_mark = true);
  // Cuts off the process that has the disk open, as if it had been killed: whatever it still runs
  // can neither read nor write here. Releases its lock. A test calls crash() as well.
  void disown();
  // The number of unsynced batches.
  std::size_t unsynced() const;
  // The next write fails and changes nothing.
  void fail_next_write();
  // The next sync fails after the rows were written. A crash then drops them; a reopening without a
  // crash finds them.
  void fail_next_sync();
  // The next ingestion fails and changes nothing; later writes work.
  void fail_next_ingest();
  // The next write of the high-water mark fails and changes nothing.
  void fail_next_mark();
  // The next opening fails with `io`.
  void fail_next_open();
  // While the disk is full, writes fail with `no_space` and reads work.
  void set_full(bool full);
  // What free_bytes() reports while the disk is not full.
  void set_free_bytes(std::uint64_t bytes);
  // Cancels all faults above, and makes the disk neither full nor bounded.
  void forget_faults();
  // Damages the store: replaces a row behind its back, or removes it without a value. The change is
  // synced.
  void set_row(Family family, const std::string& key, std::optional<std::string> value);
  std::optional<std::string> row(Family family, const std::string& key) const;
  // In ascending order.
  std::vector<std::string> keys_of(Family family) const;
  // Replaces or removes the high-water mark; synced.
  void set_mark(std::optional<std::string> mark);
  std::optional<std::string> mark() const;
  // The number of syncs so far. With the number of transfers it tells how large groups were.
  std::uint64_t syncs() const;

 private:
  friend class MemoryMedium;
  friend class MemoryKeyValue;
  friend class MemoryCursor;
  // Shared by both images of the disk, and by cursors that stand on the row.
  using Value = std::shared_ptr<const std::string>;
  using Rows = std::map<std::string, Value, std::less<>>;
  // One put or erase of an unsynced batch.
  struct Write {
    Family family;
    std::string key;
    Value value;  // null: the row is erased
  };

  static void apply(std::array<Rows, kFamilies>& rows, const Write& write);
  // Makes the surviving batches durable and forgets the other unsynced ones. The caller holds the
  // lock.
  void keep_unsynced(const Survivors& survivors);

  mutable std::mutex mutex_;
  std::array<Rows, kFamilies> live_;          // the image that readers see
  std::array<Rows, kFamilies> synced_;        // the image that survives a crash
  std::vector<std::vector<Write>> unsynced_;  // batches that lead from synced_ to live_, in order
  bool exists_ = false;                       // a database was created
  bool locked_ = false;                       // a medium has prepared the disk
  std::uint64_t owner_ = 0;                   // number of the medium that holds the lock
  std::optional<std::string> mark_;
  std::optional<std::string> synced_mark_;
  std::uint64_t opening_ = 0;  // number of the current opening; older ones fail
  bool write_failed_ = false;  // in the current opening
  bool fail_write_ = false;
  bool fail_sync_ = false;
  bool fail_ingest_ = false;
  bool fail_mark_ = false;
  bool fail_open_ = false;
  bool full_ = false;
  std::uint64_t free_bytes_ = ~std::uint64_t{0};
  std::uint64_t syncs_ = 0;
};

// The disk as a place for a store.
std::unique_ptr<Medium> make_memory_medium(std::shared_ptr<MemoryDisk> disk);

}  // namespace sg::persistence
