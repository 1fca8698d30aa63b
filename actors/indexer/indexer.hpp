// The indexer: writes what is derived, off the journal's thread. It moves the unindexed tail into
// the history index in bulk, and takes checkpoints of the balances: pages in portions, the marker
// last. It handles durable sequences only.
#pragma once

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <optional>

#include "actors/followed.hpp"
#include "actors/journal/messages.hpp"
#include "actors/runtime.hpp"

namespace sg::actors {

class Indexer {
 public:
  Indexer(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root);
  caf::behavior make_behavior();

 private:
  void maintain(const Maintain& maintain);
  void write_pages(const DirtyBalances& balances);
  void done();
  void fail(const persistence::StoreError& error);

  caf::event_based_actor* self_;
  RuntimePtr runtime_;
  caf::actor root_;
  Followed journal_{self_, kJournalId};
  // Of the checkpoint under way: the least sequence of its rows.
  std::optional<ledger::Sequence> marker_;
};

caf::behavior indexer(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root);

}  // namespace sg::actors
