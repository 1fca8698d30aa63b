// The store of a member of a group, without the group: the test plays Raft.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "bed.hpp"
#include "persistence/member_store.hpp"

namespace sg::persistence::test {

class MemberBed {
 public:
  // Founds a group on an empty store, with member 1.
  explicit MemberBed(Backend backend, Level level = kFirstLevel);

  MemberStore& operator*() { return *store_; }
  MemberStore* operator->() { return store_.get(); }
  MemoryDisk& disk() { return *disk_; }
  std::filesystem::path directory() const { return directory_.path() / "store"; }
  std::unique_ptr<Medium> medium();

  void open();
  StoreResult<std::unique_ptr<MemberStore>> try_open();
  void close() { store_.reset(); }

  // --- as the leader: append() proposes, and the entries wait in `proposed` ---
  // One group with the transfer; told is set once its result is known.
  struct Told {
    bool is_told = false;
    bool is_durable = false;
  };
  std::shared_ptr<Told> transfer(const TransferSpec& transfer);
  std::shared_ptr<Told> create_account(const std::string& id, Amount initial = 0);
  std::shared_ptr<Told> append(Group group);

  // Writes all that was proposed as entries of this term, and forgets it.
  StoreResult<void> write(LogTerm term);
  // All up to `index` is committed, as it is stored.
  StoreResult<void> commit(LogIndex index);
  // The members know a level, and the leader says so.
  StoreResult<void> write_level(LogTerm term, Level level);
  // An entry without a block, as a new leader makes it.
  StoreResult<void> write_empty(LogTerm term);
  // The block of the next proposed entry, as another member would be sent it.
  NewEntry next_entry(LogTerm term, LogIndex index);
  std::deque<SealedBlock> proposed;
  bool leads = true;
  Level known = kKnownLevel;  // of the program that opens the store next

  TimeMs now = 1'700'000'000'000;
  std::int64_t run_ms = 1'000;

 private:
  Backend backend_;
  StoreOptions options_{};
  TempDirectory directory_;
  std::shared_ptr<MemoryDisk> disk_;
  std::unique_ptr<MemberStore> store_;
};

}  // namespace sg::persistence::test
