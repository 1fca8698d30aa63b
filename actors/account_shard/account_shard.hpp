// An account shard: owns its accounts' balances in memory and their locks. It serves from the
// moment that the journal attached it to a durable state, and starts over when the journal does.
#pragma once

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "actors/account_shard/messages.hpp"
#include "actors/followed.hpp"
#include "actors/journal/messages.hpp"
#include "actors/runtime.hpp"
#include "ledger/locks/shard_ledger.hpp"

namespace sg::actors {

class AccountShard {
 public:
  AccountShard(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
               std::uint32_t index, std::uint64_t start_number);
  caf::behavior make_behavior();

 private:
  // Forgets the state, and what depends on it.
  void leave_journal();
  void journal_up();
  void attached(const Attached& attached);
  caf::error load(const Attached& attached);
  caf::error load_from_store(const Attached& attached);
  // The chain goes on elsewhere: takes over what was committed.
  void follow(const persistence::CommittedChanges& changes);
  void lock(const LockUnits& request);
  // True when the sender is not fenced; ends what a predecessor of it left.
  bool heed_coordinator(std::uint64_t incarnation);
  void tell_late_votes();
  void read(const ReadAccounts& read);
  void read(Query& query);
  void copy_held(const CopyHeld& copy);
  void copy_slice();

  caf::event_based_actor* self_;
  RuntimePtr runtime_;
  caf::actor root_;
  std::uint32_t index_;
  std::uint64_t start_number_;
  Followed journal_{self_, kJournalId};
  caf::response_promise ready_;
  std::optional<ledger::ShardLedger> ledger_;  // none until attached
  std::uint64_t journal_incarnation_ = 0;
  std::uint64_t coordinator_incarnation_ = 0;
  caf::actor coordinator_;
  std::vector<ledger::LateVote> late_;
  std::deque<SnapshotInMakingPtr> copying_;  // one for each copy that the ledger makes
};

// Answers Init when it is attached and loaded. `root` tells it of the journal. `start_number`: as
// in Attach.
caf::behavior account_shard(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
                            std::uint32_t index, std::uint64_t start_number);

}  // namespace sg::actors
