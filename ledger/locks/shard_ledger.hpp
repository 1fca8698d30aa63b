// One account shard's rules: its accounts' balances, their locks, and the units that hold them.
// Events in, votes out; the shard actor around it only moves messages.
//
// Every unit that was asked for ends in exactly one of applied() and abort(), or in
// drop_undecided(). Not thread-safe.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/locks/held_balances.hpp"
#include "ledger/locks/lock_batch.hpp"
#include "ledger/locks/lock_table.hpp"
#include "ledger/locks/name_table.hpp"

namespace sg::ledger {

// The vote of a unit that had to wait.
struct LateVote {
  LockBatchPtr batch;
  std::uint32_t shard = 0;
  std::uint32_t unit = 0;
  std::uint64_t shard_incarnation = 0;
  Vote vote = Vote::granted;
  Refusal refusal;  // with `refused`
};

// What a reader is told of an account; `observed` is the last sequence that the balance shows.
struct AccountReading {
  AccountNumber number = kNoAccount;
  Amount balance = 0;
  Sequence observed = 0;
};

class ShardLedger {
 public:
  // `applied` is the sequence that the loaded state stands at.
  ShardLedger(std::uint32_t shard, std::uint64_t incarnation, Sequence applied);

  void load_account(std::string_view id, AccountNumber number, Amount balance, Amount floor);
  void load_participant(std::string_view id);

  // Judges the shard's part of the batch; the prompt votes stand in the part.
  void lock(const LockBatchPtr& batch, std::vector<LateVote>& late);
  // The units have their sequence, the last of them `last`: applies and releases.
  void applied(LockBatch& batch, std::span<const std::uint32_t> units, Sequence last,
               std::vector<LateVote>& late);
  // Releases what the units hold or wait for here.
  void abort(LockBatch& batch, std::span<const std::uint32_t> units, std::vector<LateVote>& late);
  // The coordinator was fenced: ends every undecided unit without a vote.
  void drop_undecided();

  // Nothing for an account that does not exist (yet).
  std::optional<AccountReading> read(std::string_view id) const;
  Sequence applied_sequence() const { return applied_; }
  std::uint64_t incarnation() const { return incarnation_; }

  // Begins a copy of what the accounts hold at this moment. Copies are made one after another.
  void begin_copy();
  // Goes on with the oldest copy, by up to `pages` pages of BalanceCopy::kPage accounts. Returns it
  // once it is whole. Needs: a copy was begun.
  std::optional<HeldBalances> advance_copy(std::size_t pages);
  // Ends the oldest copy.
  void drop_copy() { copies_.pop_front(); }

  std::size_t accounts() const { return accounts_.size(); }
  // Lock batches with undecided units, and requests in queues.
  std::size_t undecided_batches() const { return active_.size(); }
  std::size_t waiting() const { return table_.waiting(); }

 private:
  // A name that does not exist yet: it is being created, or its absence is held.
  struct Creating {
    bool participant = false;
    std::string name;
  };

  struct RefusedLock {
    std::uint32_t lock = 0;  // index into ShardPart::locks
    Reason reason = Reason::internal;
  };
  // An account of a refused lock, while the items of its unit are gone through.
  struct RunningBalance {
    Reason reason = Reason::internal;
    WideAmount balance = 0;       // with the items before
    WideAmount amount = 0;        // of the present item
    std::uint32_t entry = kNone;  // of the present item: its first that could be to blame
    bool touched = false;         // by the present item
  };

  // The slot of an entry's name, made if the entry creates it; kNone when there is none.
  Slot resolve(const EntryPart& entry);
  // Finds the accounts of many entries together, so that their waits for memory overlap.
  void resolve_ahead(const ShardPart& part, std::uint32_t first, std::uint32_t end);
  Slot slot_of(const ShardPart& part, std::uint32_t entry);
  void vote(LockBatch& batch, UnitPart& unit);
  bool collect_locks(ShardPart& part, UnitPart& unit, Refusal& refusal);
  void refuse(ShardPart& part, UnitPart& unit, const Refusal& refusal);
  Refusal explain(const ShardPart& part, const UnitPart& unit,
                  std::span<const RefusedLock> refused);
  void apply_unit(LockBatch& batch, UnitPart& unit);
  void roll_back(ShardPart& part, UnitPart& unit);
  void finish(LockBatch& batch, UnitPart& unit);
  void absorb();
  // Tells the units whose last waiting lock was decided.
  void settle(std::vector<LateVote>& late);
  void drop_name_if_vacant(Slot slot);
  // Called before a balance changes.
  void keep_for_copies(Slot slot) {
    for (auto& copy : copies_) copy.keep(slot, table_);
  }

  std::uint32_t shard_;
  std::uint64_t incarnation_;
  Sequence applied_;
  LockTable table_;
  NameTable accounts_;
  NameTable participants_;
  absl::flat_hash_map<Slot, Creating> creating_;
  std::deque<HeldBalancesCopy> copies_;
  std::map<std::uint64_t, LockBatchPtr> active_;  // walked, so in an order that repeats
  std::vector<DecidedWaiter> decided_;
  std::size_t absorbed_ = 0;  // how many of decided_ their locks know of
  absl::flat_hash_map<Slot, std::uint32_t> lock_of_slot_;  // scratch for units with many entries
  // Scratch for the explanation of a refusal.
  std::vector<RefusedLock> refused_;
  absl::flat_hash_map<Slot, RunningBalance> running_;
  std::vector<Slot> touched_;
  // Of the entries that were resolved ahead; they stand until a name goes.
  std::vector<std::uint64_t> hashes_ahead_;
  std::vector<Slot> ahead_;
  std::uint32_t first_ahead_ = 0;
};

}  // namespace sg::ledger
