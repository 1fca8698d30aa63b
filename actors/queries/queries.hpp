// The queries actor: answers reads beside the write path. It reads rows and transactions from the
// store, and balances from the account shards or the journal. Everything that it answers is
// durable.
//
// Operation: a balance of one shard is read by that shard. It is answered once the last sequence
// that it reflects is durable. For a page of accounts, and for what walks the whole store (a
// verification, a balance sheet), the journal gives all balances at one sequence.
//
// On a node of a cluster a query first waits until the node has all that its caller may rely on:
// see ReadGate.
//
// Concurrency: one actor, detached because it reads from the disk. A walk runs in a detached actor
// of its own. Limits: Runtime::kMaxWalks walks at a time.
#pragma once

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <map>
#include <memory>
#include <vector>

#include "actors/account_shard/messages.hpp"
#include "actors/followed.hpp"
#include "actors/journal/messages.hpp"
#include "actors/member/messages.hpp"
#include "actors/queries/messages.hpp"
#include "actors/queries/read_gate.hpp"
#include "actors/runtime.hpp"

namespace sg::actors {

// The actor's state. Needs: `root` is the root supervisor, which tells when the journal is up.
class Queries {
 public:
  Queries(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root);
  // What the actor handles. Called once, by queries().
  caf::behavior make_behavior();

 private:
  // Queries came from the gateway.
  void ask(const AnswerQueries& message);
  // On a node of a cluster: they wait until they may be answered.
  void admit(const AnswerQueries& message);
  void ask_for_round();
  // Goes on with the query once the journal has that sequence.
  void await_sequence(const QueryPtr& query, ledger::Sequence sequence);
  void round_ended(const RoundEnded& message);
  // Answers the query, or sends it on, or gathers it for its shard.
  void ask(const QueryPtr& query);
  // Gathers the query for the shard of query->account_ids.
  void ask_shard(const QueryPtr& query);
  // Asks the shards for what was gathered.
  void ask_shards();
  // A shard has read them.
  void accounts_read(const ReadBatch& batch);
  // Answers the query, or waits until what it shows is durable.
  void accounts_read(const QueryPtr& query);
  // `serves` is the shard's handle from now on, or null. Reads that an earlier handle was asked for
  // may be lost, or lie with a shard that hangs. They are answered with UNAVAILABLE.
  void end_reads(std::uint32_t shard, const caf::actor& serves);
  // Everything that the query shows is durable: answers it.
  void finish(const QueryPtr& query);
  // A page of accounts: reads the rows.
  void ask_page(const QueryPtr& query);
  // The rows of query->accounts are read: asks for their balances. On a node of a cluster the store
  // may be ahead of journal and shards: waits until they have what it has.
  void rows_read(const QueryPtr& query);
  // Asks the shard for its balances, or for a page the journal.
  void ask_balances(const QueryPtr& query);
  // A verification or a balance sheet: takes a place for the walk, and asks the journal for all
  // balances.
  void ask_snapshot(const QueryPtr& query);
  // The balances have come: walks the store in an actor of its own, and answers.
  void walk(const Snapshot& snapshot);
  // The journal is down: answers the queries whose snapshot is being made. Otherwise a part of the
  // system that hangs could keep them for ever.
  void end_snapshots();

  caf::event_based_actor* self_;
  RuntimePtr runtime_;
  caf::actor root_;
  Followed journal_{self_, kJournalId};
  std::vector<caf::actor> shards_;               // by shard; null: it is not attached
  caf::response_promise ready_;                  // the answer to Init
  std::vector<std::vector<QueryPtr>> gathered_;  // by shard, while a message is handled
  // Queries that a shard was asked for together.
  struct Read {
    std::weak_ptr<const ReadBatch> batch;  // a shard that ends drops it, which answers its queries
    std::uint32_t shard = 0;
    caf::actor asked;
  };
  std::map<std::uint64_t, Read> reads_;          // at the shards, by number, in the order of asking
  std::vector<std::weak_ptr<Query>> snapshots_;  // at the journal, and the shards it has asked
  std::uint64_t reads_asked_ = 0;
  // --- on a node of a cluster ---
  Followed replica_{self_, kReplicaId};
  ReadGate gate_;
  bool looks_for_cancelled_ = false;
};

// The actor's function. It answers Init once it knows the journal and every shard.
caf::behavior queries(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root);

}  // namespace sg::actors
