// The lock requests of many transfers, grouped by shard. The coordinator sends each shard one
// message with a pointer to the batch. The shard works on its own part and writes its votes into
// it.
//
//   LockBatch                       the whole batch
//     units[u]                      one transfer, creation or atomic batch
//     parts[s]                      what shard s has to lock
//       units[p], entries[e]        its units, and their entries, as (name, amount)
//       locks[l]                    the entries, netted by account
//
// Concurrency: the batch has no mutex; each part has one owner at a time. The coordinator builds
// all of it. From then on shard s owns parts[s] and the account_numbers of its own entries, until
// it has voted. After the vote others may read both, except for the fields that are marked as the
// shard's own. The journal owns `sequences` and Unit::created.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "ledger/ids.hpp"
#include "ledger/money.hpp"
#include "ledger/policy.hpp"
#include "ledger/submission.hpp"

namespace sg::ledger {

// What a lock is for, and so which locks it is compatible with.
enum class LockMode : std::uint8_t {
  escrow,              // credit or debit of an account, by the amount's sign
  exclusive,           // of an account whose policy changes: nothing else is undecided on it
  create_account,      // exclusive: nothing else is granted on the name
  create_participant,  // exclusive, as above
  participant_exists,  // needs the participant; waits if its creation is undecided
  participant_absent,  // shared; a creation of the participant waits until it ends
};

// A shard's verdict on a unit. `waiting` is followed by a late vote, unless the unit is aborted.
enum class Vote : std::uint8_t { granted, waiting, refused };

// Why a shard refuses a unit.
struct Refusal {
  Reason reason = Reason::internal;
  std::uint32_t entry = 0;  // the entry to blame; counted over all entries of the unit
  Amount balance = 0;       // of the account when it was judged
  WideAmount before = 0;    // the balance with the unit's earlier items on it
  WideAmount amount = 0;    // what the item to blame moves on the account
  Sequence observed = 0;    // the last sequence that the judgement saw
  Amount bound{};           // the ceiling, with `ceiling_exceeded`
};

// Why a unit will be refused whatever its shards say, unless one of its accounts does not exist.
struct StateRefusal {
  std::uint32_t item = 0;  // the item to blame
  Error error;
};

// The place of a name in a shard's lock table.
using Slot = std::uint32_t;
// No slot, no waiter, no refusal: the null value of every index in this header.
inline constexpr std::uint32_t kNone = ~std::uint32_t{0};

// Whether the shard must give back something for this lock.
enum class LockState : std::uint8_t { none, waiting, held };

// A unit's lock on one account: all of the unit's entries on that account, netted. Shard's own.
struct HeldLock {
  WideAmount amount = 0;  // net; negative for a debit
  Slot slot = kNone;
  std::uint32_t waiter = kNone;       // its place among the table's waiters, while it waits
  std::uint32_t first_entry = kNone;  // on the account; counted over all entries of the unit
  LockMode mode = LockMode::escrow;   // exclusive, if one of its entries asks for that
  LockState state = LockState::none;
  std::uint8_t sides = kNoSide;  // that it has entries on
};

// One entry of a unit, as its shard sees it.
struct EntryPart {
  std::string_view name;    // of an account, or of a participant; owned by the submission
  Amount amount = 0;        // minor units; 0 for the modes that move no money
  std::uint32_t entry = 0;  // counted over all entries of the unit
  LockMode mode = LockMode::escrow;
  std::uint16_t item = 0;  // the item within the unit
};
static_assert(kMaxBatchTransfers <= 1 << 16, "an item's number fits in EntryPart::item");

// A unit on one shard: not judged yet, waiting for locks, holding all of them, or ended.
enum class PartState : std::uint8_t { fresh, waiting, granted, done };

// A unit's entries on one shard: entries [first_entry, first_entry + entry_count) of the part.
struct UnitPart {
  std::uint32_t unit = 0;  // index into LockBatch::units
  std::uint32_t first_entry = 0;
  std::uint32_t entry_count = 0;
  std::uint32_t first_account = 0;  // as in Unit
  // The shard's prompt vote. A unit that had to wait gets a LateVote in addition.
  Vote vote = Vote::waiting;
  std::uint32_t refusal = kNone;  // index into ShardPart::refusals
  // Shard's own: locks [first_lock, first_lock + lock_count) of the part.
  std::uint32_t first_lock = 0;
  std::uint32_t lock_count = 0;
  std::uint32_t locks_waiting = 0;  // of these, how many stand in a queue
  PartState state = PartState::fresh;
};

// A lock of a unit that was not free.
struct WaitingLock {
  std::uint32_t unit = 0;  // index into LockBatch::units
  std::string_view name;
  std::uint64_t held = 0;      // undecided debits of the account
  std::uint64_t incoming = 0;  // undecided credits
};

// What one shard has to lock for the batch, and its votes.
struct ShardPart {
  std::vector<UnitPart> units;     // in ascending order of UnitPart::unit
  std::vector<EntryPart> entries;  // unit by unit
  std::vector<Refusal> refusals;   // of the prompt votes
  std::vector<WaitingLock> waits;  // of units that were not refused, the first LockWait::kMost
  std::uint64_t incarnation = 0;   // of the shard that voted
  // Shard's own.
  std::vector<HeldLock> locks;
  std::uint32_t undecided = 0;  // units that are neither applied, aborted nor refused
};

// A unit at the coordinator: collecting votes, handed to the journal, or ended.
enum class UnitState : std::uint8_t { locking, committing, done };

// What is locked and then committed or refused as a whole: one item, or a whole atomic batch.
struct Unit {
  SubmissionPtr::element_type* submission = nullptr;
  std::uint32_t first_item = 0;  // items [first_item, first_item + item_count) of the submission
  std::uint32_t item_count = 1;
  std::uint32_t first_account = 0;  // into LockBatch::account_numbers
  // Coordinator's own.
  std::uint32_t unheard = 0;      // shards that have not voted yet
  std::uint32_t ungranted = 0;    // shards that have not granted all of their part
  std::uint32_t refusal = kNone;  // index into LockBatch::refusals
  UnitState state = UnitState::locking;
  AccountNumber created = kNoAccount;  // journal's own: the account that the unit created
};

// What becomes of the accounts that a unit has locked exclusively: the journal works it out.
struct ExclusiveOutcome {
  struct Account {
    AccountNumber number = kNoAccount;
    Amount balance = 0;
    Policy policy;
  };
  std::vector<Account> accounts;        // each once, by number
  std::vector<ChangedPolicy> policies;  // of the unit, in the order of its items

  // Null if the unit has not locked the account exclusively.
  const Account* find(AccountNumber number) const {
    const auto found = std::lower_bound(
        accounts.begin(), accounts.end(), number,
        [](const Account& account, AccountNumber sought) { return account.number < sought; });
    return found != accounts.end() && found->number == number ? &*found : nullptr;
  }
};

// The units that were submitted together, on their way to the shards and to the journal.
struct LockBatch {
  std::uint64_t id = 0;           // counted by the coordinator; a restarted one counts anew
  std::uint64_t coordinator = 0;  // the incarnation of the coordinator that built the batch
  Sequence keys_known = 0;        // the coordinator looked for its keys in the chain up to here
  std::vector<SubmissionPtr> submissions;  // kept alive for the views in the entries
  std::vector<Unit> units;
  // By unit: the sequence of its first record, or 0 while it has none. The journal writes them, one
  // group after another, while shards look for the units that have one; hence the atomic access
  // below. They stand apart from the units, so that a shard's pass over them touches little memory.
  std::vector<Sequence> sequences;
  std::vector<ShardPart> parts;  // one per shard
  // By entry, over all units: the account's number, for the journal. Each shard writes those of its
  // own entries when it grants the unit.
  std::vector<AccountNumber> account_numbers;
  // By unit, of those that change policies. The coordinator makes the places. The journal fills
  // one before the unit has its sequence; shards read it afterwards.
  std::map<std::uint32_t, ExclusiveOutcome> outcomes;

  // Coordinator's own.
  std::vector<Refusal> refusals;
  std::map<std::uint32_t, StateRefusal> states;  // by unit, of those that will be refused for one
  std::vector<bool> part_heard;  // by shard: it has voted, or it ended and cannot vote any more
  std::uint32_t parts_unheard = 0;
  std::uint32_t undecided = 0;  // units

  // Relaxed order suffices: the journal's message to the shards orders what a shard has to see. A
  // sequence above the one in that message is ignored.
  void set_sequence(std::uint32_t unit, Sequence first) {
    std::atomic_ref(sequences[unit]).store(first, std::memory_order_relaxed);
  }
  Sequence sequence_of(std::uint32_t unit) {
    return std::atomic_ref(sequences[unit]).load(std::memory_order_relaxed);
  }
};

using LockBatchPtr = std::shared_ptr<LockBatch>;

// Some units of one batch, in the order in which they were decided.
struct UnitsOf {
  LockBatchPtr batch;
  std::vector<std::uint32_t> units;
};

// Makes room in the batch for a submission with many items. Does nothing for a small one.
void reserve(LockBatch& batch, const Submission& submission);
// Adds items [first_item, first_item + item_count) of the submission to the batch, as one unit.
// Items that are decided already are left out. Needs: the batch has one part for each shard.
void add_unit(LockBatch& batch, Submission& submission, std::uint32_t first_item,
              std::uint32_t item_count);

// The place of an entry within its submission.
struct EntryPlace {
  std::uint32_t item = 0;   // index into the submission's items
  std::uint32_t entry = 0;  // index into the item's entries
};
// The place of the unit's `entry`, counted over all entries of the unit's undecided items. Needs:
// the items have the states that they had in add_unit().
EntryPlace locate(const Unit& unit, std::uint32_t entry);

// The part of `unit` on this shard, or nullptr if the unit has no entry there. Binary search.
UnitPart* find_unit(ShardPart& part, std::uint32_t unit);

}  // namespace sg::ledger
