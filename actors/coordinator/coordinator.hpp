// The coordinator: natural batching, two-phase locking over the shards, hand-over to the journal.
// Its rules are ledger::TransferFlow; this actor moves the messages.
//
// It serves between the journal's Fenced and the journal's end. What is submitted outside of that
// is answered UNAVAILABLE at once.
#pragma once

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <optional>
#include <vector>

#include "actors/account_shard/messages.hpp"
#include "actors/coordinator/messages.hpp"
#include "actors/followed.hpp"
#include "actors/journal/messages.hpp"
#include "actors/member/messages.hpp"
#include "actors/runtime.hpp"
#include "ledger/flow/idempotency.hpp"
#include "ledger/flow/transfer_flow.hpp"

namespace sg::actors {

// Bindings as the store keeps them.
class StoredKeys final : public ledger::KeySource {
 public:
  explicit StoredKeys(std::shared_ptr<persistence::Store> store) : store_(std::move(store)) {}
  ledger::Sequence durable() const override { return store_->durable(); }
  ledger::Result<std::vector<ledger::BoundTransfer>> find(
      std::span<const ledger::Transfer* const> transfers) override;
  ledger::Result<std::vector<ledger::BoundReference>> find_references(
      std::span<const ledger::Transfer* const> transfers) override;
  std::vector<ledger::Result<std::optional<ledger::Original>>> originals(
      std::span<const ledger::TransactionPlace> places, std::size_t most) override;

 private:
  std::shared_ptr<persistence::Store> store_;
};

class Coordinator {
 public:
  Coordinator(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
              std::uint64_t start_number);
  caf::behavior make_behavior();

 private:
  using Effects = ledger::TransferFlow::Effects;

  void journal_up();
  void journal_down();
  void fenced(const Fenced& fenced);
  void submit(const Submit& submit);
  // To whoever asked for it: in which term this takes writes.
  void tell_service();
  // The journal is away.
  static void refuse(ledger::Submission& submission);
  void schedule_advance();
  void schedule_tick();
  // Sends what the flow decided, and lets the next batch form.
  void carry_out();
  // Carries out soon, together with what else the messages at hand decide.
  void schedule_hand_over();

  caf::event_based_actor* self_;
  RuntimePtr runtime_;
  caf::actor root_;
  std::uint64_t start_number_;
  StoredKeys keys_;
  caf::response_promise ready_;
  Followed journal_{self_, kJournalId};
  Followed replica_{self_, kReplicaId};
  std::uint64_t term_ = 0;       // that of the flow, in a cluster
  bool has_served_ = false;      // all shards were there once in this term
  caf::actor service_follower_;  // null: nobody asked
  std::uint64_t round_ = 0;      // the last that was asked for
  std::optional<ledger::TransferFlow> flow_;
  Effects effects_;  // decided, not carried out yet
  std::vector<caf::actor> shards_;
  bool advance_scheduled_ = false;
  bool hand_over_scheduled_ = false;
  bool tick_scheduled_ = false;
};

// Answers Init when the journal has fenced its predecessors. `start_number`: as in Fence.
caf::behavior coordinator(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
                          std::uint64_t start_number);

}  // namespace sg::actors
