// What an account shard is asked, and what it tells.
//
//   coordinator -> shard   LockUnits, AbortUnits      shard -> coordinator   Voted, VotedLate
//   queries -> shard       ReadAccounts               shard -> queries       AccountsRead
//
// What it says to the journal and hears from it stands in journal/messages.hpp. Messages stay in
// one process, so they are never serialised and may carry pointers.
#pragma once

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>
#include <cstdint>
#include <memory>
#include <vector>

#include "actors/query.hpp"
#include "ledger/locks/lock_batch.hpp"
#include "ledger/locks/shard_ledger.hpp"

namespace sg::actors {

// The coordinator asks for the locks of a batch. The shard writes its votes into its part of the
// batch and tells so with Voted.
struct LockUnits {
  ledger::LockBatchPtr batch;
  caf::actor coordinator;
};

// The coordinator gives units up: the shard drops their locks and asks.
struct AbortUnits {
  std::vector<ledger::UnitsOf> units;
};

// The shard has judged its part of the batch. Some units may still wait for locks.
struct Voted {
  ledger::LockBatchPtr batch;
  std::uint32_t shard = 0;
};

// Units that waited were granted or refused.
struct VotedLate {
  std::vector<ledger::LateVote> votes;
};

// Queries that are read together, all of one shard. Nobody changes the list: both actors hold it.
struct ReadBatch {
  std::uint64_t number = 0;  // of the queries actor
  std::vector<QueryPtr> queries;
};
using ReadBatchPtr = std::shared_ptr<const ReadBatch>;

// The queries actor asks for the accounts that the queries name. The shard answers a balance itself
// if it is durable.
struct ReadAccounts {
  ReadBatchPtr batch;
  caf::actor asker;
};

// The queries have their readings, and the sequences that they show, or are answered.
struct AccountsRead {
  ReadBatchPtr batch;
};

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::LockUnits)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::AbortUnits)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Voted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::VotedLate)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::ReadAccounts)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::AccountsRead)
