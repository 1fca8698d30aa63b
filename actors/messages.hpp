// What the ledger's actors say to each other inside one process. Batches move by pointer; nothing
// here travels to another node, so nothing is serialised.
//
// Who says what:   coordinator -> shard    LockRequest, AbortUnits
//                  shard -> coordinator    Voted, VotedLate
//                  coordinator -> journal  Fence, Commit
//                  journal -> coordinator  Fenced, Durable, ShardAttached, ShardDetached
//                  shard -> journal        Attach
//                  journal -> shard        Attached, Applied, FenceOlder, CopyHeld
//                  indexer -> journal      TakeDirtyBalances; journal -> indexer  Maintain
#pragma once

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>
#include <cstdint>
#include <memory>
#include <vector>

#include "actors/places.hpp"
#include "actors/query.hpp"
#include "actors/shard_roster.hpp"
#include "actors/snapshot.hpp"
#include "ledger/flow/transfer_flow.hpp"
#include "ledger/locks/lock_batch.hpp"
#include "ledger/locks/shard_ledger.hpp"
#include "ledger/submission.hpp"
#include "persistence/chain/record.hpp"
#include "persistence/store.hpp"
#include "supervisor/messages.hpp"

namespace sg::actors {

// --- to the coordinator ---

struct Submit {
  std::vector<ledger::SubmissionPtr> submissions;
};
// The submission's `cancelled` was set.
struct Cancel {
  ledger::SubmissionPtr submission;
};
// To itself: form a batch of what waits.
struct Advance {};
// To itself: hand over what the votes that are counted have decided.
struct HandOver {};
// To itself, while units wait for locks.
struct Tick {};

// --- coordinator and shards ---

struct LockRequest {
  ledger::LockBatchPtr batch;
  caf::actor coordinator;
};
struct AbortUnits {
  std::vector<ledger::UnitsOf> units;
};
struct Voted {
  ledger::LockBatchPtr batch;
  std::uint32_t shard = 0;
};
struct VotedLate {
  std::vector<ledger::LateVote> votes;
};

// --- the journal and who depends on it ---
// What the journal says has it as its sender: who depends on it drops what a dead one said.

// A coordinator takes over: the journal refuses its predecessors from here on.
struct Fence {
  caf::actor coordinator;
  std::uint64_t life = 0;  // Runtime::next_incarnation() of its start: a successor's is higher
};
struct Fenced {
  std::uint64_t incarnation = 0;
  ledger::Sequence durable = 0;
};
struct FenceOlder {
  std::uint64_t incarnation = 0;
};

// A shard asks for the state at a durable sequence; the journal answers and switches to it.
struct Attach {
  std::uint32_t shard = 0;
  caf::actor handle;
  std::uint64_t life = 0;  // as in Fence
};
struct Attached {
  std::uint64_t incarnation = 0;
  std::uint64_t coordinator = 0;   // older ones are fenced
  std::uint64_t journal_life = 0;  // Runtime::journal_life()
  ledger::Sequence sequence = 0;
  // The shard's accounts with their balances. Null: the shard reads its names from the store, and
  // `balances` has what all accounts hold, by account number.
  std::shared_ptr<const ShardRoster> roster;
  std::shared_ptr<const std::vector<ledger::Amount>> balances;
};
// To those who watch the shards: which handle serves.
struct Watch {
  caf::actor watcher;
};
struct ShardAttached {
  std::uint32_t shard = 0;
  caf::actor handle;
};
struct ShardDetached {
  std::uint32_t shard = 0;
};

struct Commit {
  std::vector<ledger::UnitsOf> units;
};
struct AppliedUnits {
  ledger::UnitsOf units;
  ledger::Sequence last = 0;
};
struct Applied {
  std::shared_ptr<const std::vector<AppliedUnits>> units;
};
struct Durable {
  ledger::Sequence sequence = 0;
  std::vector<ledger::CommittedUnits> committed;
  std::vector<ledger::RejectedUnits> rejected;
};
// To itself: hand over what has gathered.
struct Flush {};
// The oldest group under way is durable, or never will be.
struct Appended {
  persistence::StoreResult<void> result;
};
// To itself, again and again: time has passed while the process ran.
struct CountRunTime {};

// A query that may be answered once `sequence` is durable; comes back as NowDurable.
struct AwaitDurable {
  QueryPtr query;
  ledger::Sequence sequence = 0;
  caf::actor waiter;
};
struct NowDurable {
  QueryPtr query;
};

// Asks for the balances of query->accounts, all at one moment. They come with NowDurable, once the
// last sequence that they show is durable.
struct ReadBalances {
  QueryPtr query;
  caf::actor asker;
};

// Asks for all balances at a durable sequence, and the chain's head there.
struct TakeSnapshot {
  QueryPtr query;
  caf::actor asker;
  Places::Place place;  // of the walk that the query is
};
// The journal asks a shard for its part of a snapshot: what its accounts hold now, with all that
// was applied before this message and nothing after it.
struct CopyHeld {
  SnapshotInMakingPtr snapshot;
};
// To itself: copy the next slice of the snapshots under way.
struct CopySlice {};
// `Snapshot` itself goes to the one that asked for it.

// --- checkpoints and indexes ---

// There is work for the indexer; `checkpoint`: it is time for one.
struct Maintain {
  bool checkpoint = false;
};
// The indexer is free for more.
struct MaintenanceDone {
  caf::actor indexer;
  bool failed = false;  // balances that it took are not written
};
// To itself: after a failure.
struct Retry {};
// Answered with up to `limit` pages of the balances that changed between the last two checkpoints'
// starts.
struct TakeDirtyBalances {
  bool first = false;  // a checkpoint starts
  std::size_t limit = 0;
  caf::actor indexer;
};
struct DirtyBalances {
  std::vector<persistence::BalancePage> pages;
  ledger::Sequence sequence = 0;
  bool more = false;
};

// --- queries and shards ---

struct Ask {
  QueryPtr query;
};
// Reads the accounts that the query names.
struct ReadAccounts {
  QueryPtr query;
  caf::actor asker;
};
struct AccountsRead {
  QueryPtr query;
};

}  // namespace sg::actors

#define SG_LOCAL_MESSAGE(name) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::name)
SG_LOCAL_MESSAGE(Submit)
SG_LOCAL_MESSAGE(Cancel)
SG_LOCAL_MESSAGE(Advance)
SG_LOCAL_MESSAGE(HandOver)
SG_LOCAL_MESSAGE(Tick)
SG_LOCAL_MESSAGE(LockRequest)
SG_LOCAL_MESSAGE(AbortUnits)
SG_LOCAL_MESSAGE(Voted)
SG_LOCAL_MESSAGE(VotedLate)
SG_LOCAL_MESSAGE(Fence)
SG_LOCAL_MESSAGE(Fenced)
SG_LOCAL_MESSAGE(FenceOlder)
SG_LOCAL_MESSAGE(Attach)
SG_LOCAL_MESSAGE(Attached)
SG_LOCAL_MESSAGE(Watch)
SG_LOCAL_MESSAGE(ShardAttached)
SG_LOCAL_MESSAGE(ShardDetached)
SG_LOCAL_MESSAGE(Commit)
SG_LOCAL_MESSAGE(Applied)
SG_LOCAL_MESSAGE(Durable)
SG_LOCAL_MESSAGE(Flush)
SG_LOCAL_MESSAGE(Appended)
SG_LOCAL_MESSAGE(CountRunTime)
SG_LOCAL_MESSAGE(AwaitDurable)
SG_LOCAL_MESSAGE(NowDurable)
SG_LOCAL_MESSAGE(ReadBalances)
SG_LOCAL_MESSAGE(TakeSnapshot)
SG_LOCAL_MESSAGE(CopyHeld)
SG_LOCAL_MESSAGE(CopySlice)
SG_LOCAL_MESSAGE(Snapshot)
SG_LOCAL_MESSAGE(Maintain)
SG_LOCAL_MESSAGE(MaintenanceDone)
SG_LOCAL_MESSAGE(Retry)
SG_LOCAL_MESSAGE(TakeDirtyBalances)
SG_LOCAL_MESSAGE(DirtyBalances)
SG_LOCAL_MESSAGE(Ask)
SG_LOCAL_MESSAGE(ReadAccounts)
SG_LOCAL_MESSAGE(AccountsRead)
#undef SG_LOCAL_MESSAGE
