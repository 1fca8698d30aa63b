#include "actors/coordinator/coordinator.hpp"

#include <algorithm>
#include <caf/allowed_unsafe_message_type.hpp>
#include <chrono>
#include <utility>

#include "actors/actor_errors.hpp"
#include "actors/unhandled.hpp"
#include "faults/fault_injection.hpp"

namespace sg::actors {

// --- to itself ---
// Form a batch of what waits.
struct Advance {};
// Hand over what the votes that are counted have decided.
struct HandOver {};
// While units wait for locks: look whose time is up.
struct Tick {};

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Advance)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::HandOver)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Tick)

namespace sg::actors {

using faults::Point;

namespace {

// How late a lock timeout may be.
constexpr std::chrono::milliseconds kTick{10};

// An earlier attempt with the key may have moved money, so this is not "nothing changed".
ledger::Error unknown_key_error(const persistence::StoreError& error) {
  const bool is_full = error.fault == persistence::StoreFault::no_space;
  return {is_full ? ledger::Reason::storage_full : ledger::Reason::journal_unavailable,
          "the idempotency key could not be looked up, so what it did is unknown: try again with "
          "the same key (" +
              error.message + ")",
          {},
          ledger::Outcome::unknown};
}

}  // namespace

ledger::Result<std::vector<ledger::BoundTransfer>> StoredKeys::find(
    std::span<const ledger::Transfer* const> transfers) {
  const auto found = store_->find_keys(transfers);
  if (!found) return tl::unexpected(unknown_key_error(found.error()));
  std::vector<ledger::BoundTransfer> bound;
  bound.reserve(found->size());
  for (const auto& [transfer, binding] : *found) {
    if (binding) {
      bound.push_back({transfers[transfer], *binding});
    } else {
      bound.push_back({transfers[transfer], tl::unexpected(unknown_key_error(binding.error()))});
    }
  }
  return bound;
}

// The key, if there is one, is known not to be bound.
ledger::Result<std::vector<ledger::BoundReference>> StoredKeys::find_references(
    std::span<const ledger::Transfer* const> transfers) {
  const auto found = store_->find_references(transfers);
  if (!found) return tl::unexpected(unavailable_error(found.error()));
  std::vector<ledger::BoundReference> bound;
  bound.reserve(found->size());
  for (const auto& [transfer, place] : *found) {
    if (place) {
      bound.push_back({transfers[transfer], *place});
    } else {
      bound.push_back({transfers[transfer], tl::unexpected(unavailable_error(place.error()))});
    }
  }
  return bound;
}

std::vector<ledger::Result<std::optional<ledger::Original>>> StoredKeys::originals(
    std::span<const ledger::TransactionPlace> places, std::size_t most) {
  using Read = ledger::Result<std::optional<ledger::Original>>;
  auto found = store_->originals(places, most);
  if (!found) return {places.size(), Read(tl::unexpected(unavailable_error(found.error())))};
  std::vector<Read> read;
  read.reserve(found->size());
  for (auto& one : *found) {
    if (one) {
      read.emplace_back(std::move(*one));
    } else {
      read.emplace_back(tl::unexpected(unavailable_error(one.error())));
    }
  }
  return read;
}

Coordinator::Coordinator(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
                         std::uint64_t start_number)
    : self_(self),
      runtime_(std::move(runtime)),
      root_(std::move(root)),
      start_number_(start_number),
      keys_(runtime_->store),
      shards_(runtime_->settings.ledger.shards) {}

caf::behavior Coordinator::make_behavior() {
  const auto now = [this] { return runtime_->steady_clock(); };
  return {
      [this](supervisor::Init) -> caf::result<supervisor::Ready> {
        ready_ = self_->make_response_promise();
        subscribe(self_, root_);
        // In a cluster most nodes have no term of their own to wait for.
        if (runtime_->member) ready_.deliver(supervisor::Ready{});
        return ready_;
      },
      [this](supervisor::Probe) { return alive(self_); },
      [this](const supervisor::ChildUp& up) {
        if (journal_.is_up(up)) journal_up();
        (void)replica_.is_up(up);
      },
      [this](const supervisor::ChildDown& down) {
        if (journal_.is_down(down)) journal_down();
        (void)replica_.is_down(down);
      },
      [this](const RoundEnded& message) {
        if (!flow_ || !journal_.is_sender() || message.number != round_) return;
        flow_->round_ended();
        carry_out();
      },
      [this](const Fenced& message) { fenced(message); },
      [this](const FollowService& message) {
        service_follower_ = message.follower;
        tell_service();
      },
      [this](const Submit& message) { submit(message); },
      [this, now](Advance) {
        advance_scheduled_ = false;
        if (!flow_) return;
        flow_->advance(now(), effects_);
        carry_out();
      },
      [this, now](const Voted& message) {
        if (!flow_) return;
        flow_->voted(*message.batch, message.shard, now(), effects_);
        if (flow_->awaits_votes()) return schedule_hand_over();
        carry_out();
      },
      [this, now](const VotedLate& message) {
        if (!flow_) return;
        for (const auto& vote : message.votes) flow_->voted_late(vote, now(), effects_);
        schedule_hand_over();
      },
      [this](HandOver) {
        hand_over_scheduled_ = false;
        if (flow_) carry_out();
      },
      [this](const Durable& message) {
        if (!flow_ || !journal_.is_sender()) return;
        faults::reach(Point::coordinator_before_reply);
        flow_->durable(message.sequence, message.committed);
        for (const auto& rejected : message.rejected) flow_->rejected(rejected, effects_);
        carry_out();
      },
      [this](const Cancel& message) {
        if (!flow_) return;
        flow_->cancel(*message.submission, effects_);
        carry_out();
      },
      [this, now](Tick) {
        tick_scheduled_ = false;
        if (!flow_) return;
        flow_->expire(now(), effects_);
        carry_out();
      },
      [this](const ShardAttached& message) {
        if (!journal_.is_sender()) return;
        shards_[message.shard] = message.handle;
        if (!flow_) return;
        flow_->shard_serves(message.shard);
        const bool all = std::all_of(shards_.begin(), shards_.end(),
                                     [](const caf::actor& shard) { return bool{shard}; });
        if (all && !std::exchange(has_served_, true)) tell_service();
      },
      [this](const ShardDetached& message) {
        if (!journal_.is_sender()) return;
        shards_[message.shard] = nullptr;
        if (!flow_) return;
        flow_->shard_away(message.shard, effects_);
        carry_out();
      },
  };
}

void Coordinator::journal_up() {
  journal_down();
  faults::reach(Point::coordinator_before_fence);
  journal_.send(Fence{handle_of(self_), start_number_});
}

void Coordinator::journal_down() {
  if (flow_) flow_->stop(ledger::Reason::journal_unavailable);
  flow_.reset();
  effects_ = {};
  shards_.assign(shards_.size(), nullptr);
  has_served_ = false;
  tell_service();
}

void Coordinator::tell_service() {
  if (!service_follower_) return;
  caf::anon_send(service_follower_, ServesTerm{handle_of(self_), has_served_ ? term_ : 0});
}

void Coordinator::fenced(const Fenced& message) {
  if (!journal_.is_sender()) return;
  flow_.emplace(
      ledger::TransferFlow::Options{static_cast<std::uint32_t>(shards_.size()), message.incarnation,
                                    runtime_->settings.ledger.lock_timeout,
                                    runtime_->member != nullptr, message.require_balanced},
      keys_, message.durable);
  term_ = message.term;
  // Those that serve are told of right after this message.
  Effects none;
  for (std::uint32_t i = 0; i < shards_.size(); ++i) flow_->shard_away(i, none);
  if (ready_.pending()) ready_.deliver(supervisor::Ready{});
}

void Coordinator::submit(const Submit& message) {
  const bool is_of_term =
      message.term == 0 || message.term == term_ || faults::has(faults::Defect::heed_old_term);
  if (!flow_ || !is_of_term) {
    for (const auto& submission : message.submissions) refuse(*submission);
    return;
  }
  for (const auto& submission : message.submissions) flow_->submit(submission);
  if (flow_->can_advance()) schedule_advance();
}

void Coordinator::refuse(ledger::Submission& submission) {
  const auto nothing_changed = std::make_shared<const ledger::Error>(
      ledger::Error{ledger::Reason::journal_unavailable,
                    "the journal is restarting: nothing changed, try again",
                    {},
                    ledger::Outcome::none});
  // What an earlier attempt with the key did is known once the store has been opened anew.
  const auto unknown = std::make_shared<const ledger::Error>(
      ledger::Error{ledger::Reason::journal_unavailable,
                    "the journal is restarting, so what the idempotency key did is unknown: try "
                    "again with the same key",
                    {},
                    ledger::Outcome::unknown});
  for (std::size_t i = 0; i < submission.results.size(); ++i) {
    auto& result = submission.results[i];
    if (result.state != ledger::ItemResult::State::undecided) continue;
    result.state = ledger::ItemResult::State::refused;
    result.error = ledger::has_key(submission, i) ? unknown : nothing_changed;
  }
  submission.answer();
}

void Coordinator::schedule_advance() {
  if (advance_scheduled_) return;
  // What waits in the mailbox already comes before this message: it joins the batch.
  advance_scheduled_ = true;
  caf::anon_send(handle_of(self_), Advance{});
}

// Votes that wait in the mailbox already are counted first. Else each of many shards' votes would
// bring a commit of its own, and each commit a message to every shard.
void Coordinator::schedule_hand_over() {
  if (hand_over_scheduled_) return;
  hand_over_scheduled_ = true;
  caf::anon_send(handle_of(self_), HandOver{});
}

void Coordinator::schedule_tick() {
  if (tick_scheduled_ || !flow_ || !flow_->anyone_waits()) return;
  tick_scheduled_ = true;
  self_->delayed_anon_send(handle_of(self_), kTick, Tick{});
}

void Coordinator::carry_out() {
  auto effects = std::exchange(effects_, {});
  if (effects.lock) {
    faults::reach(Point::coordinator_before_locks);
    for (std::uint32_t i = 0; i < shards_.size(); ++i) {
      if (shards_[i] && !effects.lock->part_heard[i]) {
        caf::anon_send(shards_[i], LockUnits{effects.lock, handle_of(self_)});
      }
    }
  }
  for (std::uint32_t i = 0; i < effects.abort.size(); ++i) {
    if (shards_[i] && !effects.abort[i].empty()) {
      caf::anon_send(shards_[i], AbortUnits{std::move(effects.abort[i])});
    }
  }
  if (!effects.commit.empty()) {
    faults::reach(Point::coordinator_before_commit);
    if (faults::has(faults::Defect::commit_twice)) journal_.send(Commit{effects.commit});
    journal_.send(Commit{std::move(effects.commit)});
  }
  if (replica_ && flow_->wants_round()) {
    flow_->begin_round();
    replica_.send(AwaitRound{handle_of(self_), ++round_});
  }
  if (flow_->can_advance()) schedule_advance();
  schedule_tick();
  auto& metrics = *runtime_->metrics;
  metrics.batches_undecided.set(static_cast<std::int64_t>(flow_->undecided_batches()));
  metrics.waiting_for_locks.set(static_cast<std::int64_t>(flow_->waiting()));
  metrics.keys_in_flight.set(static_cast<std::int64_t>(flow_->keys_in_flight()));
}

caf::behavior coordinator(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
                          std::uint64_t start_number) {
  end_with_exceptions(self, kCoordinatorId);
  auto state =
      std::make_shared<Coordinator>(self, std::move(runtime), std::move(root), start_number);
  self->attach_functor([state] {});
  return state->make_behavior();
}

}  // namespace sg::actors
