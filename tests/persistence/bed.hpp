// A place for one store in memory or in a fresh directory, and short ways to write to it.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "persistence/chain/mention.hpp"
#include "persistence/medium/key_value.hpp"
#include "persistence/memory/memory_disk.hpp"
#include "persistence/store.hpp"
#include "tests/support/temp_directory.hpp"

namespace sg::persistence::test {

using sg::test::TempDirectory;

enum class Backend { memory, rocksdb };
std::ostream& operator<<(std::ostream& out, Backend backend);

struct TransferSpec {
  std::vector<Posting> postings;
  std::string reference = {};
  std::string key = {};
  ledger::TransferKind kind = ledger::TransferKind::transfer;

  TransferRecord record() const;
};

class Bed {
 public:
  explicit Bed(Backend backend, StoreOptions options = {});

  Store& operator*() { return *store_; }
  Store* operator->() { return store_.get(); }
  MemoryDisk& disk() { return *disk_; }
  std::shared_ptr<MemoryDisk> disk_ptr() const { return disk_; }
  std::filesystem::path directory() const { return directory_.path() / "store"; }

  void open();
  StoreResult<std::unique_ptr<Store>> try_open();
  void close() { store_.reset(); }

  // Each appends one group at `now`, with run clock `run_ms`, and checks that it became durable.
  void append(Group group);
  ledger::Account create_account(const std::string& id, Amount initial = 0, Amount floor = 0);
  Sequence transfer(const TransferSpec& transfer);
  // One group; every transfer is a unit of its own.
  std::vector<Sequence> transfers(const std::vector<TransferSpec>& all);
  void index_all();

  TimeMs now = 1'700'000'000'000;
  std::int64_t run_ms = 1'000;

 private:
  Backend backend_;
  StoreOptions options_;
  TempDirectory directory_;
  std::shared_ptr<MemoryDisk> disk_;
  std::unique_ptr<Store> store_;
};

// The value of a result that must not be an error.
template <class T>
T value_of(StoreResult<T> result) {
  INFO((result ? std::string() : result.error().message));
  REQUIRE(result.has_value());
  return std::move(*result);
}
template <class Value>
void succeeded(const StoreResult<Value>& result) {
  INFO((result ? std::string() : result.error().message));
  REQUIRE(result.has_value());
}

// Changes rows below a store in a directory, which nobody has open.
void edit_rows(const std::filesystem::path& store, const std::function<void(KeyValue&)>& edit);
void put(KeyValue& rows, Family family, std::string_view key, std::string_view value);

// A transfer of nothing with a key.
inline ledger::Transfer keyed(std::string_view key, std::uint64_t hash) {
  ledger::Transfer transfer;
  transfer.idempotency_key = key;
  transfer.key_hash = hash;
  return transfer;
}

inline StoreResult<std::optional<KeyBinding>> find_key(const Store& store,
                                                       const ledger::Transfer& transfer,
                                                       Sequence after = 0) {
  const auto* asked = &transfer;
  const auto found = store.find_keys({&asked, 1}, after);
  if (!found) return tl::unexpected(found.error());
  if (found->empty()) return std::nullopt;
  if (!found->front().binding) return tl::unexpected(found->front().binding.error());
  return *found->front().binding;
}
inline StoreResult<std::optional<KeyBinding>> find_key(const Store& store, std::string_view key,
                                                       Sequence after = 0) {
  return find_key(store, keyed(key, key_hash(key)), after);
}

// What an index has to find in these, each there once.
std::vector<Sequence> found_by_hand(const std::vector<Mention>& mentions, Term term,
                                    const MentionRange& range);

// Bytes as they lie under `directory`, the lock apart: path and content of every file.
std::vector<std::pair<std::string, std::string>> files_under(
    const std::filesystem::path& directory);

}  // namespace sg::persistence::test
