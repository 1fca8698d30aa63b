// What a memory store lies on: rows and the mark, with what is synced kept apart from what is not,
// so that a test can take the power away, and faults to order.
//
//   auto disk = make_memory_disk();
//   auto store = open_memory_store(disk, {});
//   disk->fail_next_sync();
//   store->append(...);           // fails; whether the group is there is not known
//   disk->crash();                // it is not: the sync never happened
//   store->reopen();
//
// Thread-safe. One store at a time is open on a disk.
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
  // --- what tests do to it ---
  // What the power leaves of the batches that were not synced. They lie in two files of the log,
  // the younger of which begins with batch `younger_from`. Of each file the first ones are left:
  // one that is absent, torn or corrupt fails its checksum and ends its file. So a batch of the
  // younger file may be there without an earlier one.
  struct Survivors {
    std::size_t of_older = 0;
    std::size_t younger_from = ~std::size_t{0};  // this and more: there is no younger file
    std::size_t of_younger = 0;
  };
  // The power goes: every open store fails until it is reopened. Without `keep_mark` the mark is
  // what it was at its last sync.
  void crash(const Survivors& survivors, bool keep_mark = true);
  // The same with a log in one file, of which the first `kept` batches are left.
  void crash(std::size_t kept = 0, bool keep_mark = true);
  // The process that has the disk is gone: nothing of it reads or writes here any more. Call
  // crash() too.
  void disown();
  // How many batches are not synced.
  std::size_t unsynced() const;
  // The next write fails and changes nothing.
  void fail_next_write();
  // The next synced write fails after its rows were written: a crash drops them, a reopening
  // without a crash finds them.
  void fail_next_sync();
  void fail_next_ingest();
  void fail_next_mark();
  // The next opening fails with `io`.
  void fail_next_open();
  // Writes fail with `no_space`, reads work.
  void set_full(bool full);
  void set_free_bytes(std::uint64_t bytes);
  // None of the faults above is there any more.
  void forget_faults();
  // Damage: replaces a row, synced and unsynced, or removes it.
  void set_row(Family family, const std::string& key, std::optional<std::string> value);
  std::optional<std::string> row(Family family, const std::string& key) const;
  std::vector<std::string> keys_of(Family family) const;
  void set_mark(std::optional<std::string> mark);
  std::optional<std::string> mark() const;
  // How many synced writes it took; a bench's or a test's view of group sizes.
  std::uint64_t syncs() const;

 private:
  friend class MemoryMedium;
  friend class MemoryKeyValue;
  friend class MemoryCursor;
  using Value = std::shared_ptr<const std::string>;
  using Rows = std::map<std::string, Value, std::less<>>;
  struct Write {
    Family family;
    std::string key;
    Value value;  // none: erased
  };

  static void apply(std::array<Rows, kFamilies>& rows, const Write& write);
  // These unsynced batches are synced, the others forgotten; the caller has the lock.
  void keep_unsynced(const Survivors& survivors);

  mutable std::mutex mutex_;
  std::array<Rows, kFamilies> live_;          // what readers see
  std::array<Rows, kFamilies> synced_;        // what a crash leaves
  std::vector<std::vector<Write>> unsynced_;  // batches, from synced_ to live_, in order
  bool exists_ = false;
  bool locked_ = false;
  std::uint64_t owner_ = 0;  // which one has the lock: others fail
  std::optional<std::string> mark_;
  std::optional<std::string> synced_mark_;
  std::uint64_t opening_ = 0;  // which one is current: older ones fail
  bool write_failed_ = false;  // of the current opening
  bool fail_write_ = false;
  bool fail_sync_ = false;
  bool fail_ingest_ = false;
  bool fail_mark_ = false;
  bool fail_open_ = false;
  bool full_ = false;
  std::uint64_t free_bytes_ = ~std::uint64_t{0};
  std::uint64_t syncs_ = 0;
};

}  // namespace sg::persistence
