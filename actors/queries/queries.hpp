// The queries actor: reads the store beside the write path, and balances from their shards. What it
// answers is durable.
//
// Concurrency: one actor, detached since it reads from the disk. What walks the whole store (a
// verification, a balance sheet) runs in a detached actor of its own.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <memory>
#include <vector>

#include "actors/followed.hpp"
#include "actors/messages.hpp"
#include "actors/runtime.hpp"

namespace sg::actors {

class Queries {
 public:
  Queries(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root);
  caf::behavior make_behavior();

 private:
  void ask(const QueryPtr& query);
  // Reads that need the accounts' shard: asks it for query->account_ids.
  void ask_shard(const QueryPtr& query);
  void accounts_read(const QueryPtr& query);
  // The shard's reads that were asked of another handle lie with one that hangs, or are lost.
  void end_reads(std::uint32_t shard, const caf::actor& serves);
  // All that the query shows is durable.
  void finish(const QueryPtr& query);
  // A page of accounts: reads its rows, then asks the journal for their balances.
  void ask_balances(const QueryPtr& query);
  // A verification or a balance sheet: takes a place, then asks the journal for all balances.
  void ask_snapshot(const QueryPtr& query);
  void walk(const Snapshot& snapshot);
  // The journal is gone: whoever has a part of a snapshot may hang, and keep its query.
  void end_snapshots();

  caf::event_based_actor* self_;
  RuntimePtr runtime_;
  caf::actor root_;
  Followed journal_{self_, kJournalId};
  std::vector<caf::actor> shards_;
  caf::response_promise ready_;
  struct Read {
    std::weak_ptr<Query> query;  // a shard that dies drops it, and so answers it
    std::uint32_t shard = 0;
    caf::actor asked;
    std::uint64_t number = 0;  // in the order of asking
  };
  absl::flat_hash_map<const Query*, Read> reads_;  // at the shards
  std::vector<std::weak_ptr<Query>> snapshots_;    // at the journal, and the shards it has asked
  std::uint64_t reads_asked_ = 0;
};

// Answers Init when it knows the journal and every shard.
caf::behavior queries(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root);

}  // namespace sg::actors
