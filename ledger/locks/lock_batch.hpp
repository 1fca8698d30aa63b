// The lock requests of many transfers, grouped by shard: one message to each shard carries its part
// by pointer, and the vote stands in the part.
//
// Who may touch what: the coordinator builds all of it; shard i then owns parts[i] and the
// account_numbers of its own entries until it has voted; from the vote on both are read-only to
// others, but for the fields marked as a shard's own. The journal owns `sequences` and
// Unit::created.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "ledger/ids.hpp"
#include "ledger/money.hpp"
#include "ledger/submission.hpp"

namespace sg::ledger {

enum class LockMode : std::uint8_t {
  escrow,              // credit or debit of an account, by the amount's sign
  create_account,      // exclusive
  create_participant,  // exclusive
  participant_exists,  // waits for a creation under way
  participant_absent,  // shared: held until decided, and a creation waits for it
};

enum class Vote : std::uint8_t { granted, waiting, refused };

// Why a shard refuses a unit.
struct Refusal {
  Reason reason = Reason::internal;
  std::uint32_t entry = 0;  // counted over all entries of the unit
  Amount balance = 0;       // of the account when it was judged
  WideAmount before = 0;    // the balance with the unit's earlier items on it
  WideAmount amount = 0;    // what the item to blame moves on the account
  Sequence observed = 0;    // the last sequence that the judgement saw
};

using Slot = std::uint32_t;
inline constexpr std::uint32_t kNone = ~std::uint32_t{0};

enum class LockState : std::uint8_t { none, waiting, held };

// One account's lock, all entries of a unit on it netted. A shard's own.
struct HeldLock {
  WideAmount amount = 0;
  Slot slot = kNone;
  std::uint32_t waiter = kNone;       // place in the account's queue while it waits
  std::uint32_t first_entry = kNone;  // on the account; counted over all entries of the unit
  LockMode mode = LockMode::escrow;
  LockState state = LockState::none;
};

struct EntryPart {
  std::string_view name;
  Amount amount = 0;
  std::uint32_t entry = 0;  // counted over all entries of the unit
  LockMode mode = LockMode::escrow;
  std::uint16_t item = 0;  // of the unit
};
static_assert(kMaxBatchTransfers <= 1 << 16, "an item's number fits in EntryPart::item");

enum class PartState : std::uint8_t { fresh, waiting, granted, done };

// One unit's entries on one shard.
struct UnitPart {
  std::uint32_t unit = 0;
  std::uint32_t first_entry = 0;
  std::uint32_t entry_count = 0;
  std::uint32_t first_account = 0;  // as in Unit
  // The shard's prompt vote; a later one comes as a LateVote.
  Vote vote = Vote::waiting;
  std::uint32_t refusal = kNone;  // index into ShardPart::refusals
  // A shard's own.
  std::uint32_t first_lock = 0;
  std::uint32_t lock_count = 0;
  std::uint32_t locks_waiting = 0;
  PartState state = PartState::fresh;
};

struct ShardPart {
  std::vector<UnitPart> units;  // by unit
  std::vector<EntryPart> entries;
  std::vector<Refusal> refusals;
  std::uint64_t incarnation = 0;  // of the shard that voted
  // A shard's own.
  std::vector<HeldLock> locks;
  std::uint32_t undecided = 0;
};

enum class UnitState : std::uint8_t { locking, committing, done };

// What is locked, committed or refused as a whole: one item, or an atomic batch.
struct Unit {
  SubmissionPtr::element_type* submission = nullptr;
  std::uint32_t first_item = 0;
  std::uint32_t item_count = 1;
  std::uint32_t first_account = 0;  // into LockBatch::account_numbers
  // The coordinator's own.
  std::uint32_t unheard = 0;      // shards that have not voted at all
  std::uint32_t ungranted = 0;    // shards that have not granted
  std::uint32_t refusal = kNone;  // index into LockBatch::refusals
  UnitState state = UnitState::locking;
  AccountNumber created = kNoAccount;  // written by the journal: the account that it created
};

struct LockBatch {
  std::uint64_t id = 0;
  std::uint64_t coordinator = 0;  // incarnation
  Sequence keys_known = 0;        // its keys were looked for in the chain up to here
  std::vector<SubmissionPtr> submissions;
  std::vector<Unit> units;
  // Of each unit's first record, written by the journal; 0: not sequenced. Shards look for the
  // units that have one while the journal gives others theirs. Apart from the units, so that each
  // shard goes through little memory.
  std::vector<Sequence> sequences;
  std::vector<ShardPart> parts;  // one per shard
  // Of every entry of every unit, in order; each shard writes those of its entries as it grants.
  std::vector<AccountNumber> account_numbers;

  // The coordinator's own.
  std::vector<Refusal> refusals;
  std::vector<bool> part_heard;  // the shard voted, or cannot any more
  std::uint32_t parts_unheard = 0;
  std::uint32_t undecided = 0;

  void set_sequence(std::uint32_t unit, Sequence first) {
    std::atomic_ref(sequences[unit]).store(first, std::memory_order_relaxed);
  }
  Sequence sequence_of(std::uint32_t unit) {
    return std::atomic_ref(sequences[unit]).load(std::memory_order_relaxed);
  }
};

using LockBatchPtr = std::shared_ptr<LockBatch>;

// Some units of a batch, in the order in which they were decided.
struct UnitsOf {
  LockBatchPtr batch;
  std::vector<std::uint32_t> units;
};

// Room for all items of a large submission; small ones come in numbers, and grow it as they come.
void reserve(LockBatch& batch, const Submission& submission);
// Adds one lock unit (items [first_item, first_item + item_count) of the submission) to the batch;
// the batch has one part per shard already. Items that are decided already are left out.
void add_unit(LockBatch& batch, Submission& submission, std::uint32_t first_item,
              std::uint32_t item_count);

// The item of the unit that an entry index belongs to, and the entry's index within the item.
struct EntryPlace {
  std::uint32_t item = 0;
  std::uint32_t entry = 0;
};
EntryPlace locate(const Unit& unit, std::uint32_t entry);

// The part of `unit` on a shard, or nullptr.
UnitPart* find_unit(ShardPart& part, std::uint32_t unit);

}  // namespace sg::ledger
