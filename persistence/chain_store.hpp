// The store's contract on any Medium: RocksDB and memory run the same code.
//
// Concurrency: reads and maintenance hold the gate shared while they use what is open; reopen()
// holds it alone. verify() lets go of it between slices of the chain.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "persistence/chain/group_contents.hpp"
#include "persistence/gate.hpp"
#include "persistence/index/key_index.hpp"
#include "persistence/opening.hpp"
#include "persistence/rows/account_ids.hpp"
#include "persistence/rows/checkpoint_writer.hpp"
#include "persistence/store.hpp"

namespace sg::persistence {

class ChainStore : public Store {
 public:
  ChainStore(std::unique_ptr<Medium> medium, const StoreOptions& options,
             Access access = Access::read_write);

  ChainHead head() const override;
  Group begin_group(TimeMs now, std::int64_t run_ms) override;
  // Writes and syncs before it returns: it has the result at once.
  std::optional<StoreResult<void>> append(Group group, Appended later) override;
  // Nothing is ever under way: append() has its result at once.
  void end_under_way() override {}
  StoreResult<void> reopen() override;
  bool is_open() const override;
  bool takes_writes() const override;
  bool has_room() const override;
  bool keeps_up() const override;
  std::uint16_t format() const override { return format_.load(std::memory_order_relaxed); }

  StoreResult<LedgerState> load_state() const override;
  StoreResult<void> for_each_account(
      Sequence until,
      const std::function<void(std::string_view, AccountNumber, Amount)>& visit) const override;
  StoreResult<void> for_each_participant(
      Sequence until, const std::function<void(std::string_view)>& visit) const override;

  Sequence durable() const override { return durable_.load(std::memory_order_acquire); }
  StoreResult<std::optional<ledger::Participant>> participant(std::string_view id) const override;
  StoreResult<std::vector<ledger::Participant>> participants(
      ledger::ParticipantRole role, std::string_view after, std::size_t limit,
      const Enough<ledger::Participant>& enough = {}) const override;
  StoreResult<std::optional<ledger::Account>> account(std::string_view id) const override;
  StoreResult<std::vector<ledger::Account>> accounts(
      std::string_view after, std::size_t limit,
      const Enough<ledger::Account>& enough = {}) const override;
  StoreResult<std::vector<ledger::Account>> accounts_of(
      std::string_view participant_id, const ledger::NewAccount* after = nullptr,
      const Enough<ledger::Account>& enough = {}) const override;
  StoreResult<std::optional<StoredTransaction>> transaction(Sequence sequence) const override;
  StoreResult<std::vector<StoredTransaction>> transactions(
      const TransactionRange& range, const Enough<StoredTransaction>& enough = {}) const override;
  StoreResult<std::vector<StoredTransaction>> policies(
      const TransactionRange& range, const Enough<StoredTransaction>& enough = {}) const override;
  StoreResult<std::vector<StoredTransaction>> transactions_with(
      std::string_view reference, const TransactionRange& range,
      const Enough<StoredTransaction>& enough = {}) const override;
  StoreResult<Sequence> first_at_or_after(TimeMs time) const override;
  StoreResult<AuditPage> audit(const AuditRange& range) const override;
  StoreResult<std::optional<ChainCopy>> read_blocks(const ChainEnd& after, Sequence until,
                                                    std::uint64_t max_bytes) const override;
  StoreResult<RecordPortion> records(const RecordRange& range) const override;
  StoreResult<std::optional<BlockHash>> first_hash() const override;
  StoreResult<std::vector<FoundKey>> find_keys(std::span<const ledger::Transfer* const> transfers,
                                               Sequence after) const override;
  StoreResult<std::uint64_t> seals() const override;
  StoreResult<TimeMs> keys_kept_since() const override;
  StoreResult<std::vector<FoundReference>> find_references(
      std::span<const ledger::Transfer* const> transfers, Sequence after) const override;
  StoreResult<std::vector<FoundReference>> find_reversed(
      std::span<const ledger::Transfer* const> transfers, Sequence after) const override;
  StoreResult<std::vector<StoreResult<std::optional<ledger::Original>>>> originals(
      std::span<const ledger::TransactionPlace> places, std::size_t most) const override;
  StoreResult<std::vector<StoredTransaction>> transactions_at(
      std::span<const Sequence> sequences, const Enough<StoredTransaction>& enough) const override;

  StoreResult<bool> index_some(bool all) override;
  bool has_index_work() const override;
  std::size_t unindexed() const override;
  StoreResult<void> write_balances(std::span<const BalancePage> pages) override;
  StoreResult<void> write_checkpoint(Sequence marker) override;
  Sequence checkpoint() const override { return checkpoint_.load(std::memory_order_acquire); }

  DatabaseStatistics statistics() const override;
  // On the disk of the store, as has_room() has found it last. Any thread; waits for nothing.
  std::uint64_t free_bytes() const override { return free_bytes_.load(std::memory_order_relaxed); }

  StoreResult<VerifyReport> verify(const std::function<bool(const VerifyProgress&)>& progress,
                                   VerifyAt at = {}) const override;

 protected:
  // Opens what is in the medium; with the gate held alone.
  virtual StoreResult<OpenedStore> open(Opening opening);
  // Waits for a moment while the indexes are behind.
  void await_indexes() const;
  // The chain goes on to `head`, whose records the indexes know: readers see them from here on.
  void advance(const ChainHead& head);
  // Calls `use` with the rows while the gate is held; an error when the store is not open.
  template <class Use>
  auto with_rows(Use use) const -> decltype(use(std::declval<KeyValue&>()));
  // Puts blocks into the batch, as they are, and their rows. They have to follow `contents.head`,
  // or nothing of them may be written: `corrupt`. Adds to `contents` and to `postings` what they
  // mean.
  static StoreResult<void> put_blocks(const ChainCopy& chain, Batch& batch, GroupContents& contents,
                                      std::vector<Posting>& postings);
  // Appends blocks as they are, without a sync. As put_blocks(); readers see them from here on.
  StoreResult<void> append_blocks(const ChainCopy& chain, GroupContents& contents,
                                  std::vector<Posting>& postings);
  // The high-water mark: all up to the head is durable. Synced.
  StoreResult<void> write_mark();
  // Passes the result of a write on.
  template <class Result>
  Result note_full(Result written) const;

  const StoreOptions options_;
  const std::unique_ptr<Medium> medium_;
  std::unique_ptr<RecordIndex> index_;

 private:
  StoreResult<void> write(Group group);
  StoreResult<void> write_group(const GroupContents& group);
  bool has_room_for(std::uint64_t unflushed) const;
  // Of what a failed write may have bound.
  StoreError undecided(const KeyValue& rows) const;
  bool takes_writes(const KeyValue& rows) const;

  const Access access_;
  KeyIndex keys_;
  mutable AccountIdCache account_ids_;
  CheckpointWriter checkpoints_;
  mutable Gate gate_;
  std::unique_ptr<KeyValue> rows_;  // none between a failed reopening and the next
  bool was_open_ = false;
  std::uint64_t openings_ = 0;
  std::unique_ptr<GroupContents> spare_;  // buffers of the last group
  mutable std::mutex head_mutex_;
  ChainHead head_;
  std::atomic<Sequence> durable_ = 0;
  std::atomic<Sequence> checkpoint_ = 0;
  std::atomic<std::uint16_t> format_ = 0;
  mutable std::atomic<std::uint64_t> free_bytes_ = 0;
  // A group failed: whether it stands in the log is known after reopen().
  std::atomic<bool> is_undecided_ = false;
};

template <class Use>
auto ChainStore::with_rows(Use use) const -> decltype(use(std::declval<KeyValue&>())) {
  const auto open = gate_.enter();
  if (!rows_) {
    return store_error(StoreFault::io,
                       "the store in " + medium_->name() + " is not open: its last opening failed");
  }
  return use(*rows_);
}

// Of every write: what the file system says of its space may be wrong for this process.
template <class Result>
Result ChainStore::note_full(Result written) const {
  if (!written && written.error().fault == StoreFault::no_space) medium_->found_full();
  return written;
}

}  // namespace sg::persistence
