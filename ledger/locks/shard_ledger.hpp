// One account shard's rules: the balances of its accounts, their locks, and the units that hold
// them. Events go in, votes come out. The shard's actor around it only moves messages.
//
//   ShardLedger ledger(shard, incarnation, sequence);
//   ledger.load_account("alice", 0, 1'000, Policy{});
//   ledger.lock(batch, late);                       // votes stand in batch->parts[shard]
//   ledger.apply(*batch, units, last, late);      // or abort(*batch, units, late)
//
// Operation: a unit that was not refused ends exactly once: by apply(), by abort(), or by
// drop_undecided(). Each of them can decide units that waited; their votes are appended to `late`.
//
// Concurrency: not thread-safe; the shard's actor owns it. It reads no clock and does no I/O.
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

// The vote on a unit that had to wait for locks.
struct LateVote {
  LockBatchPtr batch;
  std::uint32_t shard = 0;
  std::uint32_t unit = 0;               // index into LockBatch::units
  std::uint64_t shard_incarnation = 0;  // of the shard that voted
  Vote vote = Vote::granted;
  Refusal refusal;  // with `refused`
};

// An account's balance as a reader sees it. The reader must not be answered before the record with
// sequence `observed` is durable.
struct AccountReading {
  AccountNumber number = kNoAccount;
  Amount balance = 0;
  Sequence observed = 0;  // the last sequence that the reading reflects
  Policy policy{};
};

class ShardLedger {
 public:
  // `applied`: the sequence that the loaded state reflects.
  ShardLedger(std::uint32_t shard, std::uint64_t incarnation, Sequence applied);

  // Load what exists at that sequence. Needs: called before lock(), once for each id.
  void load_account(std::string_view id, AccountNumber number, Amount balance,
                    const Policy& policy);
  void load_participant(std::string_view id);

  // --- a shard that follows: its chain goes on elsewhere (shard_following.cpp) ---
  // From here on load_account() notes the numbers, for post(). Called before it.
  void note_numbers() { notes_numbers_ = true; }
  // A committed record moves money. Nothing happens if the account is not one of this shard.
  // Needs: nothing is undecided here.
  void post(AccountNumber account, Amount amount);
  // A committed record changes a policy. As post().
  void set_policy(AccountNumber account, const Policy& policy);
  // All records up to `applied` are in: loaded, or posted.
  void followed(Sequence applied) { applied_ = applied; }

  // Judges the shard's part of the batch. The prompt votes stand in the part; `late` gets votes on
  // other units that a roll-back here decided. Needs: a batch of the coordinator that is not
  // fenced.
  void lock(const LockBatchPtr& batch, std::vector<LateVote>& late);
  // The journal gave these units their sequences, of which `last` is the highest. Applies their
  // amounts, or creates what they create, and releases their locks. `late` gets the votes that this
  // decides.
  void apply(LockBatch& batch, std::span<const std::uint32_t> units, Sequence last,
             std::vector<LateVote>& late);
  // Releases everything that these units hold or wait for here.
  void abort(LockBatch& batch, std::span<const std::uint32_t> units, std::vector<LateVote>& late);
  // Ends every undecided unit without a vote. Called when their coordinator was fenced: nobody
  // waits for these votes any more.
  void drop_undecided();

  // Reads a balance. Returns nullopt if the account does not exist, or its creation is undecided.
  std::optional<AccountReading> read(std::string_view id) const;
  // The last sequence that the balances reflect.
  Sequence applied_sequence() const { return applied_; }
  std::uint64_t incarnation() const { return incarnation_; }

  // Begins a copy of what the accounts hold now. Several copies may be under way; advance_copy()
  // works on the oldest one.
  void begin_copy();
  // Advances the oldest copy by up to `pages` pages of BalanceCopy::kPage accounts. Returns it once
  // it is whole, and ends it. Needs: a copy is under way.
  std::optional<HeldBalances> advance_copy(std::size_t pages);
  // Ends the oldest copy without its result. Needs: a copy is under way.
  void drop_copy() { copies_.pop_front(); }

  // Names of accounts, including those whose creation is undecided.
  std::size_t accounts() const { return accounts_.size(); }
  // Batches with undecided units, and requests in queues.
  std::size_t undecided_batches() const { return active_.size(); }
  std::size_t waiting() const { return table_.waiting(); }

 private:
  // A name that does not exist yet: its creation is undecided, or somebody holds its absence.
  struct Creating {
    bool participant = false;  // the name of a participant, not of an account
    std::string name;
  };

  struct RefusedLock {
    std::uint32_t lock = 0;  // index into ShardPart::locks
    Reason reason = Reason::internal;
  };
  // The balance of a refused account, while explain() walks over the items of the unit.
  struct RunningBalance {
    Reason reason = Reason::internal;
    WideAmount balance = 0;       // after the earlier items
    WideAmount amount = 0;        // of the present item, netted
    std::uint32_t entry = kNone;  // the present item's first entry that could be to blame
    bool touched = false;         // the present item has an entry on this account
  };

  // The slot of the entry's name. Takes a new slot if the entry is about a name that need not exist
  // yet. Returns kNone if the name must exist and does not.
  Slot resolve(const EntryPart& entry);
  // Finds the accounts of entries [first, end) together, so that the waits for memory overlap.
  void resolve_ahead(const ShardPart& part, std::uint32_t first, std::uint32_t end);
  // What resolve_ahead() found for the entry, or else resolve().
  Slot slot_of(const ShardPart& part, std::uint32_t entry);
  // Requests all locks of one unit and writes the prompt vote.
  void vote(LockBatch& batch, UnitPart& unit);
  // Nets the unit's entries to one lock for each account. Returns false, with the reason in
  // `refusal`, if a name does not exist.
  bool collect_locks(ShardPart& part, UnitPart& unit, Refusal& refusal);
  void note_waits(ShardPart& part, const UnitPart& unit) const;
  // Writes the vote `refused` and ends the unit here.
  void refuse(ShardPart& part, UnitPart& unit, const Refusal& refusal);
  // Which entry is to blame for the refusal, and with which balance.
  Refusal explain(const ShardPart& part, const UnitPart& unit,
                  std::span<const RefusedLock> refused);
  // The slot of an account's number; kNone: it is of another shard, or numbers are not noted.
  Slot noted_slot(AccountNumber account) const {
    return account < slots_.size() ? slots_[account] : kNone;
  }
  // The unit's first entry on a side that is frozen on one of these slots.
  std::uint32_t first_frozen(const ShardPart& part, const UnitPart& unit,
                             const absl::flat_hash_map<Slot, std::uint8_t>& frozen) const;
  // Commits all locks of a granted unit.
  void apply_unit(LockBatch& batch, UnitPart& unit);
  // Commits one lock of an account that the unit has locked exclusively.
  void apply_exclusive(const LockBatch& batch, const UnitPart& unit, Slot slot);
  // Gives back every lock that the unit holds or waits for.
  void roll_back(ShardPart& part, UnitPart& unit);
  // The unit is granted: writes the numbers of its accounts into the batch, for the journal.
  void finish(LockBatch& batch, UnitPart& unit);
  // Copies new decisions from decided_ into the states of their locks.
  void absorb();
  // Turns the decisions in decided_ into late votes: a unit is decided with its last waiting lock,
  // or with the first refused one.
  void settle(std::vector<LateVote>& late);
  // Forgets a name that was not created after all, once nobody needs it.
  void drop_name_if_vacant(Slot slot);
  // Must be called before a balance changes.
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
  bool notes_numbers_ = false;
  std::vector<Slot> slots_;  // by account number, if it notes them; kNone: of another shard
  // Batches with undecided units. Ordered, so that walks repeat exactly.
  std::map<std::uint64_t, LockBatchPtr> active_;
  std::vector<DecidedWaiter> decided_;                     // by the table, and not settled yet
  std::size_t absorbed_ = 0;                               // how many of decided_ absorb() has seen
  absl::flat_hash_map<Slot, std::uint32_t> lock_of_slot_;  // scratch of collect_locks()
  // Scratch of vote() and explain(), kept for its memory.
  std::vector<RefusedLock> refused_;
  absl::flat_hash_map<Slot, RunningBalance> running_;
  std::vector<Slot> touched_;
  // What resolve_ahead() found, by entry from first_ahead_ on. It is cleared when a name goes,
  // since slots can then get other names.
  std::vector<std::uint64_t> hashes_ahead_;
  std::vector<Slot> ahead_;  // kNone: not found, or not an account
  std::uint32_t first_ahead_ = 0;
};

}  // namespace sg::ledger
