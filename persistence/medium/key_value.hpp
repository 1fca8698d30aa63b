// The ordered key-value store below the chain (KeyValue), and the place where it lies (Medium). All
// logic of the ledger's store is written on these two interfaces. RocksDB in a directory and maps
// in memory implement them.
//
//   medium.prepare(Access::read_write);                    // lock the place
//   auto rows = medium.open(Access::read_write);
//   auto batch = (*rows)->new_batch();
//   batch->put(Family::meta, "name", "value");
//   (*rows)->write(*batch, true);                          // true: durable when it returns
//
// Functions that return a StoreResult fail with `io` if nothing more exact is known.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "persistence/medium/store_error.hpp"

namespace sg::persistence {

// Column families: separate key spaces that one batch can write together. Their names are part of
// the store's format, see family_name(). The comments say "key -> value".
enum class Family : std::uint8_t {
  meta,                  // a name from chain/format.hpp -> number, text or list
  blocks,                // be64(first sequence) -> block
  participants,          // id -> row
  accounts,              // be32(number) -> row
  account_ids,           // id -> number, floor, sequence
  participant_accounts,  // participant id, 0x00, type -> number, sequence
  keys,                  // pages of the key index: run.hpp
  history,               // pages of the history: run.hpp
  balances,              // be32(page) -> sequence, balances: a checkpoint's
};
inline constexpr std::size_t kFamilies = 9;
// The family's name in the database and in error messages.
std::string_view family_name(Family family);

// One row; the views are read before the call that takes it returns.
struct KeyRow {
  std::string_view key;
  std::string_view value;
};

// A list of writes that become visible together, and that a crash keeps or loses together. Not
// thread-safe. A batch must not outlive the KeyValue that made it.
class Batch {
 public:
  virtual ~Batch() = default;
  virtual void put(Family family, std::string_view key, std::string_view value) = 0;
  // Erasing a row that does not exist is no error.
  virtual void erase(Family family, std::string_view key) = 0;
};

// Walks the rows of one family in the order of their keys, compared as unsigned bytes. Not
// thread-safe. A cursor must not outlive its KeyValue. It may or may not see rows that are written
// after it was made.
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual bool valid() const = 0;
  // The row under the cursor; both need valid(). The views are good until the cursor moves.
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
  virtual void seek(std::string_view key) = 0;           // the first row at or after `key`
  virtual void seek_for_prev(std::string_view key) = 0;  // the last row at or before `key`
  virtual void seek_to_last() = 0;
  // Both need valid(). Past either end the cursor becomes invalid.
  virtual void next() = 0;
  virtual void prev() = 0;
  // Tells a failed read from the end of the family. Ask for it when valid() turns false.
  virtual StoreResult<void> status() const = 0;
};

// Of a database, for whoever watches it. Rows and bytes are estimates; 0: not known.
struct TableStatistics {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  // of its files
};
struct DatabaseStatistics {
  std::array<TableStatistics, kFamilies> tables{};  // by Family
  std::uint64_t block_cache_bytes = 0;
  std::uint64_t memtable_bytes = 0;
  std::uint64_t pending_compaction_bytes = 0;
  std::uint64_t running_compactions = 0;
  std::uint64_t running_flushes = 0;
  bool writes_are_stopped = false;  // by the database, until its compactions have caught up
};

// An open database. Thread-safe, but only one thread at a time may write synced batches.
class KeyValue {
 public:
  virtual ~KeyValue() = default;
  // The row's value, or nullopt if there is no such row.
  virtual StoreResult<std::optional<std::string>> get(Family family,
                                                      std::string_view key) const = 0;
  virtual std::unique_ptr<Cursor> cursor(Family family) const = 0;
  virtual std::unique_ptr<Batch> new_batch() const = 0;
  // Applies the batch. A synced write survives a power loss, and so does everything that was
  // written before it. After a failure every write fails until the database is opened anew:
  // whether the failed batch is in the log is not known before.
  virtual StoreResult<void> write(Batch& batch, bool sync) = 0;
  // Makes durable what was written before. A failure counts as a failed write.
  virtual StoreResult<void> sync() = 0;
  // False once a write or a sync has failed.
  virtual bool takes_writes() const = 0;
  // Adds rows in bulk, past the log. The rows must be sorted by key, without duplicates. They are
  // durable when it returns, and replace rows of the same key. A failure changes nothing, and later
  // writes still work.
  virtual StoreResult<void> ingest(Family family, std::span<const KeyRow> rows) = 0;
  // Removes the rows with keys in [begin, end). All of them must come from ingest() calls that
  // added no row outside the range, because whole files are removed.
  virtual StoreResult<void> drop(Family family, std::string_view begin, std::string_view end) = 0;
  // Bytes that are in memory and in the log, but in no table yet. The next opening needs that much
  // free space to write them.
  virtual std::uint64_t unflushed_bytes() const = 0;
  virtual DatabaseStatistics statistics() const { return {}; }
};

enum class Access : std::uint8_t { read_only, read_write };

// The place where a database lies, such as a directory. Only one process at a time may have it open
// for writing; a second one gets the error `locked`. free_bytes() and found_full() may be called
// from any thread; only one thread at a time may call the other functions.
class Medium {
 public:
  virtual ~Medium() = default;
  // Locks the place until the medium is destroyed, and creates it if it is missing. With read_only
  // the lock is shared with other readers, and nothing is created.
  virtual StoreResult<void> prepare(Access access) = 0;
  // Whether there is a database.
  virtual StoreResult<bool> has_store() const = 0;
  // Creates a database that holds only these rows, in the meta family. A crash leaves either the
  // whole database or none.
  virtual StoreResult<void> create(std::span<const KeyRow> meta) = 0;
  // Opens the database. With read_only no file is changed.
  virtual StoreResult<std::unique_ptr<KeyValue>> open(Access access) = 0;

  // The bytes of the high-water mark, which is kept beside the database (rows/high_water_mark.hpp).
  // Nullopt if there is none.
  virtual StoreResult<std::optional<std::string>> read_mark() const = 0;
  // The new mark survives `kill -9` at once, and a power loss about a second later. With `sync` it
  // survives a power loss when the call returns.
  virtual StoreResult<void> write_mark(std::string_view bytes, bool sync) = 0;
  // Free bytes on the file system; cheap, since the answer is cached for a moment.
  virtual std::uint64_t free_bytes() const = 0;
  // Tells the medium that a write failed for lack of space, whatever free_bytes() said. The file
  // system does not report quotas or limits of the process. From now on free_bytes() returns 0,
  // until a large file can be made again.
  virtual void found_full() = 0;
  // Names the place in messages, for example by its directory.
  virtual std::string name() const = 0;
};

// Shorthand: `return store_error(StoreFault::io, "what failed, and where");`
inline tl::unexpected<StoreError> store_error(StoreFault fault, std::string message) {
  return tl::unexpected(StoreError{fault, std::move(message)});
}

}  // namespace sg::persistence
