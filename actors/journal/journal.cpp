#include "actors/journal/journal.hpp"

#include <algorithm>
#include <utility>

#include "actors/actor_errors.hpp"
#include "actors/children.hpp"
#include "actors/unhandled.hpp"
#include "faults/fault_injection.hpp"
#include "ledger/invariant.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

using faults::Defect;
using faults::Point;
using ledger::RejectedUnits;
using ledger::UnitsOf;

namespace {

// On a full disk it is looked so often whether there is room again.
constexpr std::chrono::milliseconds kLookForRoom{500};

}  // namespace

Journal::Journal(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root, bool reopen)
    : self_(self),
      runtime_(std::move(runtime)),
      root_(std::move(root)),
      reopen_(reopen),
      log_writer_(self, kLogWriterId),
      replica_(self, kReplicaId),
      shards_(runtime_->settings.ledger.shards) {}

caf::behavior Journal::make_behavior() {
  self_->set_down_handler([this](const caf::down_msg& message) { down(message); });
  caf::message_handler handlers{
      [this](supervisor::Init) -> caf::result<supervisor::Ready> {
        ready_ = self_->make_response_promise();
        if (!runtime_->member) {
          start();
          return ready_;
        }
        // What proposes for this journal holds the replica, and the store outlives all actors. This
        // is attached after the supervisor's monitor, so it runs before a successor starts.
        self_->attach_functor([member = runtime_->member] { member->set_proposer(nullptr); });
        // A member first asks for what is committed while it reads.
        subscribe(self_, root_);
        return ready_;
      },
      [this](supervisor::Probe) { return alive(self_); },
      [this](LookForRoom) {
        if (ready_.pending()) return start();
        if (!give_way()) self_->delayed_send(self_, kLookForRoom, LookForRoom{});
      },
      [this](const Commit& message) { commit(message); },
      [this](Flush) { hand_over(); },
      [this](const Appended& message) { appended(message.result); },
      [this](CountRunTime) { count_run_time(); },
      [this](const Fence& message) { fence(message); },
      [this](const Attach& message) { attach(message); },
      [this](const Watch& message) { watch(message); },
      [this](const AwaitDurable& message) { await_durable(message); },
      [this](const ReadBalances& message) { read_balances(message); },
      [this](const TakeSnapshot& message) { take_snapshot(message); },
      [this](CopySlice) { copy_slice(); },
      [this](const MaintenanceDone& message) { maintenance_done(message); },
      [this](const TakeDirtyBalances& message) { take_dirty(message); },
  };
  return runtime_->member ? handlers.or_else(member_behavior()) : handlers;
}

void Journal::start() {
  auto error = open();
  // The store is closed by now: there is nothing to serve with. Ending would only bring the next
  // journal to the same place, and the supervisor to the end of its patience.
  if (reopen_ && is_no_space(error)) {
    log(Module::journal).error("there is no room to open the store anew, it is tried again");
    self_->delayed_send(self_, kLookForRoom, LookForRoom{});
    return;
  }
  if (error) return ready_.deliver(std::move(error));
  // Before anybody is told of this journal, so that rounds that they ask for find it.
  if (runtime_->member) replica_.send(FollowTerms{handle_of(self_)});
  is_loaded_ = true;
  ready_.deliver(supervisor::Ready{});
  if (!waits_for_room_) return;
  log(Module::journal).error("the disk is full, transfers are refused until there is room");
  wait_for_room();
}

void Journal::wait_for_room() {
  waits_for_room_ = true;
  self_->delayed_send(self_, kLookForRoom, LookForRoom{});
}

bool Journal::give_way() {
  if (!waits_for_room_ || !runtime_->store->has_room()) return false;
  log(Module::journal).info("there is room on the disk, the store is opened anew");
  end(make_error(caf::sec::runtime_error, "the store is opened anew"));
  return true;
}

caf::error Journal::open() {
  auto& store = *runtime_->store;
  // Bump the incarnation before anything becomes durable: readers load durable() first, then the
  // incarnation.
  incarnation_ = runtime_->journal_incarnations->fetch_add(1) + 1;
  // Also where there is no room to open the store anew: what the predecessor handed over must not
  // become durable behind the balances that are loaded here.
  if (reopen_) store.end_under_way();
  const bool opens = reopen_ && !runtime_->member;  // the store of a member is its log writer's
  waits_for_room_ = opens && store.is_open() && !store.has_room();
  if (opens && !waits_for_room_) {
    if (auto opened = store.reopen(); !opened) return store_error(opened.error());
  }
  faults::reach(Point::journal_before_load);
  auto state = store.load_state();
  if (!state) return store_error(state.error());
  books_ = ledger::Books(state->balances, state->floors, std::move(state->policies));
  require_balanced_ = state->require_balanced;
  head_ = state->head;
  // In a cluster the coordinator of a term that has ended may not know yet: shards do not heed it.
  if (runtime_->member) coordinator_incarnation_ = runtime_->next_incarnation();
  settle(head_.sequence);
  if (auto error = read_rosters()) return error;
  run_clock_ = ledger::RunClock(head_.run_ms, runtime_->steady_clock());
  count_run_time();
  last_checkpoint_ = store.checkpoint();
  format_ = store.format();
  return {};
}

void Journal::settle(ledger::Sequence sequence) {
  settled_ = sequence;
  runtime_->settled->store(sequence, std::memory_order_release);
  while (!awaited_.empty() && awaited_.begin()->first <= settled_) {
    const auto next = awaited_.extract(awaited_.begin());
    self_->send(next.mapped().asker, SequenceReached{next.mapped().query});
  }
}

caf::error Journal::read_rosters() {
  const auto& store = *runtime_->store;
  rosters_.clear();
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    rosters_.push_back(std::make_shared<ShardRoster>());
  }
  const auto shard_of = [this](std::string_view id) -> ShardRoster& {
    return *rosters_[ledger::shard_of(id, shards_.size())];
  };
  auto accounts = store.for_each_account(
      settled_, [&](std::string_view id, ledger::AccountNumber number, ledger::Amount floor) {
        shard_of(id).add_account(id, number, floor);
      });
  if (!accounts) return store_error(accounts.error());
  auto participants = store.for_each_participant(
      settled_, [&](std::string_view id) { shard_of(id).add_participant(id); });
  if (!participants) return store_error(participants.error());
  return {};
}

void Journal::count_run_time() {
  std::erase_if(awaited_,
                [](const auto& entry) { return entry.second.query->drop_if_cancelled(); });
  run_clock_.tick(runtime_->steady_clock());
  self_->delayed_send(self_, ledger::RunClock::kTick, CountRunTime{});
}

void Journal::commit(const Commit& message) {
  if (!barriers_.empty()) return postponed_.push_back(message);
  faults::reach(Point::journal_before_commit);
  auto applied = std::make_shared<std::vector<AppliedUnits>>();
  for (const auto& units : message.units) {
    // A fenced coordinator's commit is dropped: its callers are told that the outcome is unknown.
    if (units.batch->coordinator != coordinator_incarnation_ && !faults::has(Defect::skip_fence)) {
      continue;
    }
    sequence(units, *applied);
  }
  if (!applied->empty()) {
    faults::reach(Point::journal_before_applied);
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      const bool touched = std::any_of(
          applied->begin(), applied->end(),
          [i](const AppliedUnits& a) { return !a.units.batch->parts[i].units.empty(); });
      if (touched && shards_[i].handle) self_->send(shards_[i].handle, Apply{applied});
    }
    faults::reach(Point::journal_after_applied);
  }
  schedule_flush();
}

void Journal::sequence(const UnitsOf& units, std::vector<AppliedUnits>& applied) {
  auto& batch = *units.batch;
  if (const auto why = begin_group()) {
    for (const auto unit : units.units) reject(units.batch, unit, *why);
    return;
  }
  look_up_keys(units);
  look_up_claims(units);
  const bool all_stand = all_votes_stand(batch);
  UnitsOf booked{units.batch, {}};
  booked.units.reserve(units.units.size());
  for (const auto index : units.units) {
    prefetch_balances(batch, index);
    // The coordinator hands each unit over once.
    ledger::invariant(batch.sequence_of(index) == 0, "a unit comes to be sequenced twice");
    if (!votes_stand(batch, index, all_stand)) {
      reject(units.batch, index, RejectedUnits::Why::shard_changed);
      continue;
    }
    switch (book(batch, index)) {
      case Booked::yes:
        booked.units.push_back(index);
        faults::reach(Point::journal_between_units);
        break;
      case Booked::key_bound:
        reject(units.batch, index, RejectedUnits::Why::key_bound);
        break;
      case Booked::claim_lost:
        reject(units.batch, index, RejectedUnits::Why::claim_lost);
        break;
      case Booked::too_many_seals:
        reject(units.batch, index, RejectedUnits::Why::too_many_seals);
        break;
      case Booked::key_unreadable:
        reject(units.batch, index, RejectedUnits::Why::key_unreadable);
        break;
      case Booked::claim_unreadable:
        reject(units.batch, index, RejectedUnits::Why::claim_unreadable);
        break;
      case Booked::state:
        reject_for_state(units.batch, index);
        break;
      case Booked::refused:
        reject(units.batch, index, RejectedUnits::Why::refused);
        break;
    }
  }
  if (booked.units.empty()) return;
  applied.push_back({booked, group_->last_sequence()});
  gathered_.committed.push_back({std::move(booked), group_->time(), {}, {}});
}

void Journal::read_balances(const ReadBalances& read) {
  auto& query = *read.query;
  if (query.drop_if_cancelled()) return;
  query.standings.clear();
  query.standings.reserve(query.accounts.size());
  // Rows of durable accounts: none is newer than this state.
  for (const auto& account : query.accounts) {
    ledger::invariant(account.number < books_.accounts(), "a row is newer than the books");
    query.standings.push_back(books_.standing(account.number));
  }
  await_durable({read.query, last_sequence(), read.asker});
}

// Once all that was sequenced is durable, the balances stand at the head. The shards were sent all
// of it before they are asked for their part.
void Journal::take_snapshot(const TakeSnapshot& take) {
  if (take.query->drop_if_cancelled()) return;
  once_durable([this, take] { begin_snapshot(take); });
}

void Journal::begin_snapshot(const TakeSnapshot& take) {
  const auto head = sequences() ? runtime_->store->head() : head_;
  // The log of a member has gone on without this journal.
  if (head.sequence != settled_) return end({});
  auto snapshot = std::make_shared<SnapshotInMaking>(
      Snapshot{take.query, take.place, head, nullptr,
               std::vector<std::shared_ptr<const ledger::HeldBalances>>(shards_.size())},
      [asker = take.asker](Snapshot whole) { caf::anon_send(asker, std::move(whole)); });
  if (std::holds_alternative<VerifyChain>(take.query->ask)) {
    std::erase_if(verified_, [](const auto& one) { return one->is_over(); });
    verified_.push_back(snapshot);
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      if (!shards_[i].handle) continue;
      snapshot->expect(i);
      self_->send(shards_[i].handle, CopyHeld{snapshot});
    }
  }
  books_.begin_copy();
  copying_.push_back(std::move(snapshot));
  if (copying_.size() == 1) self_->send(self_, CopySlice{});
}

// One slice a message, so that commits which wait in the mailbox come in between.
void Journal::copy_slice() {
  if (copying_.front()->is_over()) {
    books_.drop_copy();
    copying_.pop_front();
  } else if (auto balances = books_.advance_copy(SnapshotInMaking::kPagesOfSlice)) {
    copying_.front()->set_balances(std::move(*balances));
    copying_.pop_front();
  }
  if (!copying_.empty()) self_->send(self_, CopySlice{});
}

void Journal::take_dirty(const TakeDirtyBalances& take) {
  if (faults::has(Defect::checkpoint_ahead)) return tell_dirty(take);
  // Not to an indexer that ended meanwhile: what it took would be lost to the checkpoint.
  once_durable([this, take] {
    if (take.indexer == last_indexer_) tell_dirty(take);
  });
}

void Journal::tell_dirty(const TakeDirtyBalances& take) {
  static_assert(ledger::Books::kAccountsOfPage == persistence::kBalancesOfPage);
  // What changes from here on belongs to the next checkpoint, so this one ends.
  if (take.first) books_.begin_checkpoint();
  DirtyBalances answer;
  answer.sequence = settled_;
  const auto pages = books_.take_changed(take.limit);
  answer.pages.reserve(pages.size());
  for (const auto page : pages) {
    const auto first = std::size_t{page} * ledger::Books::kAccountsOfPage;
    const auto end = std::min(first + ledger::Books::kAccountsOfPage, books_.accounts());
    answer.pages.push_back({page, answer.sequence, books_.balances(first, end)});
  }
  answer.more = books_.has_changed();
  self_->send(take.indexer, std::move(answer));
}

void Journal::maintenance_done(const MaintenanceDone& message) {
  if (!waits_for_room_ && !runtime_->store->takes_writes()) {
    log(Module::journal).error("a write of the indexer failed, the store has to be opened anew");
    if (runtime_->member) {
      // With the log writer this journal ends.
      if (!std::exchange(waits_for_log_writer_, true)) log_writer_.send(OpenStoreAnew{});
    } else {
      wait_for_room();
    }
  }
  if (give_way()) return;
  // What a dead indexer took and did not write has to be taken again.
  const bool is_written = !message.failed && message.indexer == last_indexer_;
  if (!is_written && !faults::has(Defect::forget_taken_page)) books_.mark_all_changed();
  if (message.failed) last_checkpoint_ = runtime_->store->checkpoint();
  last_indexer_ = message.indexer;
  indexer_ = message.indexer;
  offer_maintenance();
}

void Journal::offer_maintenance() {
  if (!indexer_ || waits_for_room_ || waits_for_log_writer_)
    return;  // none, or busy; or nothing can be written
  const bool checkpoint =
      settled_ - last_checkpoint_ >= runtime_->settings.storage.checkpoint_interval;
  const bool index = runtime_->store->has_index_work();
  if (checkpoint) last_checkpoint_ = settled_;
  if (checkpoint || index) self_->send(std::exchange(indexer_, {}), Maintain{checkpoint});
}

caf::behavior journal(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
                      bool reopen) {
  end_with_exceptions(self, kJournalId);
  auto state = std::make_shared<Journal>(self, std::move(runtime), std::move(root), reopen);
  auto behavior = state->make_behavior();
  self->attach_functor([state] {});
  return behavior;
}

}  // namespace sg::actors
