// The ordered key-value store below the chain, and the place where it lies. All logic of the store
// is written on these two; RocksDB in a directory and maps in memory implement them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "persistence/medium/store_error.hpp"

namespace sg::persistence {

// Column families. Their names are part of the format: family_name().
enum class Family : std::uint8_t {
  meta,
  blocks,                // be64(first sequence) -> block
  participants,          // id -> row
  accounts,              // be32(number) -> row
  account_ids,           // id -> number, floor, sequence
  participant_accounts,  // participant id, 0x00, type -> number, sequence
  keys,                  // pages of the key index: run.hpp
  history,               // pages of the history: run.hpp
  balances,              // be32(page) -> sequence, balances
};
inline constexpr std::size_t kFamilies = 9;
std::string_view family_name(Family family);

struct KeyRow {
  std::string_view key;
  std::string_view value;
};

// Writes that become visible together.
class Batch {
 public:
  virtual ~Batch() = default;
  virtual void put(Family family, std::string_view key, std::string_view value) = 0;
  virtual void erase(Family family, std::string_view key) = 0;
};

// Walks a family's rows in order of their keys. A cursor outlives no KeyValue; it may or may not
// see what is written after it was made. Views are good until it moves.
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual bool valid() const = 0;
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
  virtual void seek(std::string_view key) = 0;           // the first row at or after `key`
  virtual void seek_for_prev(std::string_view key) = 0;  // the last row at or before `key`
  virtual void seek_to_last() = 0;
  virtual void next() = 0;
  virtual void prev() = 0;
  // Why it is not valid: a failure, or just the end.
  virtual StoreResult<void> status() const = 0;
};

// An open store. Thread-safe, but only one thread at a time writes synced batches.
class KeyValue {
 public:
  virtual ~KeyValue() = default;
  virtual StoreResult<std::optional<std::string>> get(Family family,
                                                      std::string_view key) const = 0;
  virtual std::unique_ptr<Cursor> cursor(Family family) const = 0;
  virtual std::unique_ptr<Batch> new_batch() const = 0;
  // Synced writes survive a power loss, with all that was written before them. After a failure
  // every write fails until the store is opened anew.
  virtual StoreResult<void> write(Batch& batch, bool sync) = 0;
  // Makes durable what was written before. A failure is one of a write.
  virtual StoreResult<void> sync() = 0;
  virtual bool takes_writes() const = 0;  // false after such a failure
  // Adds rows in bulk, sorted by key without duplicates; durable when it returns. A row that is
  // there already is replaced.
  virtual StoreResult<void> ingest(Family family, std::span<const KeyRow> rows) = 0;
  // Removes rows in [begin, end) that were ingested, in no other call together with rows that stay.
  virtual StoreResult<void> drop(Family family, std::string_view begin, std::string_view end) = 0;
  // What lies in memory and in the log only: an opening needs room to write it.
  virtual std::uint64_t unflushed_bytes() const = 0;
};

enum class Access : std::uint8_t { read_only, read_write };

// Where a store lies. One at a time has it open: a second open is refused as locked.
class Medium {
 public:
  virtual ~Medium() = default;
  // Locks the place until the medium is destroyed, and makes it if need be. For reading only: it is
  // shared with other readers, and nothing is made.
  virtual StoreResult<void> prepare(Access access) = 0;
  virtual StoreResult<bool> has_store() const = 0;
  // Makes an empty store with these rows in the meta family: whole, or not at all.
  virtual StoreResult<void> create(std::span<const KeyRow> meta) = 0;
  virtual StoreResult<std::unique_ptr<KeyValue>> open(Access access) = 0;

  // The high-water mark, beside the store. Nothing when there is none.
  virtual StoreResult<std::optional<std::string>> read_mark() const = 0;
  // Survives the end of the process at once, a power loss a second later; `sync`: at once.
  virtual StoreResult<void> write_mark(std::string_view bytes, bool sync) = 0;
  // Room left on the file system; cheap to ask.
  virtual std::uint64_t free_bytes() const = 0;
  // A write had no space, whatever free_bytes() said: of a quota, or a limit of the process, the
  // file system says nothing. No room is reported until a large file can be made again.
  virtual void found_full() = 0;
  // For messages: names the store, e.g. its directory.
  virtual std::string name() const = 0;
};

inline tl::unexpected<StoreError> store_error(StoreFault fault, std::string message) {
  return tl::unexpected(StoreError{fault, std::move(message)});
}

}  // namespace sg::persistence
