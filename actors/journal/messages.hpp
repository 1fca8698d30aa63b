// What the journal is asked, and what it tells. Each message has the journal as its sender or its
// receiver; whoever follows the journal drops what a dead one said.
//
//   coordinator -> journal  Fence, Commit             journal -> coordinator  Fenced, Durable
//   shard -> journal        Attach                    journal -> shard        Attached, Apply,
//                                                                             Follow, FenceOlder,
//                                                                             CopyHeld
//   queries -> journal      AwaitDurable,             journal -> queries      NowDurable,
//                           AwaitSequence,                                    SequenceReached,
//                           ReadBalances,                                     Snapshot
//                           TakeSnapshot
//   indexer -> journal      MaintenanceDone,          journal -> indexer      Maintain,
//                           TakeDirtyBalances                                 DirtyBalances
//   anyone -> journal       Watch                     journal -> watcher      ShardAttached,
//                                                                             ShardDetached
//
// Messages stay in one process, so they are never serialised and may carry pointers.
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
#include "persistence/chain/record.hpp"
#include "persistence/member_store.hpp"

namespace sg::actors {

// --- who may commit ---

// A coordinator takes over: the journal refuses its predecessors from here on.
struct Fence {
  caf::actor coordinator;
  std::uint64_t start_number =
      0;  // Runtime::next_incarnation() of its start: a successor's is higher
};
// The coordinator serves from here on, with this incarnation.
struct Fenced {
  std::uint64_t incarnation = 0;
  ledger::Sequence durable = 0;
  std::uint64_t term = 0;         // of the cluster's log; 0: the ledger stands alone
  bool require_balanced = false;  // the policy of the whole ledger, at `durable`
};
// Shards drop the undecided locks of coordinators with a lower incarnation, and ignore them.
struct FenceOlder {
  std::uint64_t incarnation = 0;
};

// A shard asks for the state at a durable sequence. The journal answers and switches to it.
struct Attach {
  std::uint32_t shard = 0;
  caf::actor handle;
  std::uint64_t start_number = 0;  // as in Fence
};
struct Attached {
  std::uint64_t incarnation = 0;          // of the shard from here on
  std::uint64_t coordinator = 0;          // incarnation; older ones are fenced
  std::uint64_t journal_incarnation = 0;  // Runtime::journal_incarnation()
  ledger::Sequence sequence = 0;
  // The shard's accounts with their balances. Null: the shard reads its names from the store, and
  // `balances` has what all accounts hold, by account number.
  std::shared_ptr<const ShardRoster> roster;
  std::shared_ptr<const std::vector<ledger::Amount>> balances;
  std::shared_ptr<const ledger::Policies> policies;
};

// The sender wants to know which shards serve. It is told of those that do now, then of changes.
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

// --- commit ---

// The coordinator asks to sequence granted units. The outcome comes with Durable.
struct Commit {
  std::vector<ledger::UnitsOf> units;
};
// Units of one batch, of which `last` is the last sequence.
struct AppliedUnits {
  ledger::UnitsOf units;
  ledger::Sequence last = 0;
};
// Shards apply sequenced units and release their locks, before the units are durable.
struct Apply {
  std::shared_ptr<const std::vector<AppliedUnits>> units;
};
// Shards of a node that does not lead apply what others have committed. Each message goes on where
// the one before it, or the shard's Attached, ended.
struct Follow {
  std::shared_ptr<const persistence::CommittedChanges> changes;
};
// All up to `sequence` is durable. Says what became of the coordinator's commits.
struct Durable {
  ledger::Sequence sequence = 0;
  std::vector<ledger::CommittedUnits> committed;
  std::vector<ledger::RejectedUnits> rejected;
};

// --- reads ---

// Asks to be told with NowDurable once `sequence` is durable.
struct AwaitDurable {
  QueryPtr query;
  ledger::Sequence sequence = 0;
  caf::actor waiter;
};
struct NowDurable {
  QueryPtr query;
};

// Asks to be told with SequenceReached once `sequence` is durable on this node.
struct AwaitSequence {
  QueryPtr query;
  ledger::Sequence sequence = 0;
  caf::actor asker;
};
struct SequenceReached {
  QueryPtr query;
};

// Asks for the balances of query->accounts, all at one moment. They come with NowDurable, once the
// last sequence that they show is durable.
struct ReadBalances {
  QueryPtr query;
  caf::actor asker;
};

// Asks for all balances at a durable sequence, and the chain's head there. `Snapshot` answers.
struct TakeSnapshot {
  QueryPtr query;
  caf::actor asker;
  Places::Place place;  // of the walk that the query is
};
// Asks a shard for its part of a snapshot: what its accounts hold now, with all that was applied
// before this message and nothing after it.
struct CopyHeld {
  SnapshotInMakingPtr snapshot;
};

// --- checkpoints and indexes ---

// Asks the indexer to work on the indexes, and with `checkpoint` to write one first.
struct Maintain {
  bool checkpoint = false;
};
// The indexer is free for more.
struct MaintenanceDone {
  caf::actor indexer;
  bool failed = false;  // balances that it took are not written
};
// Asks for up to `limit` pages of the balances that changed between the last two checkpoints'
// starts. DirtyBalances answers.
struct TakeDirtyBalances {
  bool first = false;  // a checkpoint starts
  std::size_t limit = 0;
  caf::actor indexer;
};
struct DirtyBalances {
  std::vector<persistence::BalancePage> pages;
  ledger::Sequence sequence = 0;
  bool more = false;  // ask again
};

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Fence)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Fenced)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::FenceOlder)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Attach)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Attached)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Watch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::ShardAttached)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::ShardDetached)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Commit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Apply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Durable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Follow)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::AwaitSequence)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::SequenceReached)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::AwaitDurable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::NowDurable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::ReadBalances)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::TakeSnapshot)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Snapshot)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::CopyHeld)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Maintain)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::MaintenanceDone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::TakeDirtyBalances)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::DirtyBalances)
