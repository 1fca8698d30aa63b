// Which query takes which way:
//
//   participants, transactions,
//   a portion of the chain          the store, at once
//   a balance                       its shard, which answers it; or waits until durable
//   one account,
//   accounts of a participant       their shard -> wait until durable -> the store's rows
//   a page of accounts              the store's rows -> the journal's balances, when durable
//   verification, balance sheet     the journal's snapshot -> a walk over the store
#include "actors/queries/queries.hpp"

#include <algorithm>
#include <utility>

#include "actors/actor_errors.hpp"
#include "actors/queries/audits.hpp"
#include "actors/queries/backups.hpp"
#include "actors/queries/ownership.hpp"
#include "actors/queries/portions.hpp"
#include "actors/queries/reads.hpp"
#include "actors/reading.hpp"
#include "actors/unhandled.hpp"
#include "faults/fault_injection.hpp"

namespace sg::actors {

// --- to itself ---
// Queries wait: have the callers of some gone?
struct LookForCancelled {};

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::LookForCancelled)

namespace sg::actors {
namespace {

constexpr std::chrono::milliseconds kLookForCancelled{100};

// For std::visit: one lambda for each kind of query.
template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

// A backup is brought up to date with what the ledger has; the others look at what lies in a folder
// of this node.
bool is_of_backups_here(const Query& query) {
  const auto* ask = std::get_if<BackupAsk>(&query.ask);
  return ask != nullptr && !std::holds_alternative<CreateBackup>(ask->what);
}

// The error of a part that is restarting. A read changes nothing, so its outcome is known.
ledger::Error away(ledger::Reason reason, std::string what) {
  return {reason, std::move(what) + " is restarting: try again", {}, ledger::Outcome::none};
}

ledger::Error too_many_walks() {
  return {ledger::Reason::overloaded,
          std::to_string(Runtime::kMaxWalks) +
              " verifications or balance sheets are under way: try again later",
          {},
          ledger::Outcome::none};
}

// Runs in the walk's own actor. An exception becomes the query's answer.
ReadResult walk_store(const persistence::Store& store, const Snapshot& snapshot) {
  const auto& query = *snapshot.query;
  try {
    if (std::holds_alternative<VerifyChain>(query.ask)) {
      return verify_chain(store, snapshot);
    }
    return read_balance_sheet(store, query, snapshot.head, *snapshot.balances);
  } catch (const std::exception& error) {
    return tl::unexpected(
        ledger::Error{ledger::Reason::internal, error.what(), {}, ledger::Outcome::none});
  }
}

}  // namespace

Queries::Queries(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root)
    : self_(self),
      runtime_(std::move(runtime)),
      root_(std::move(root)),
      shards_(runtime_->settings.ledger.shards),
      gathered_(runtime_->settings.ledger.shards) {}

caf::behavior Queries::make_behavior() {
  return {
      [this](supervisor::Init) -> caf::result<supervisor::Ready> {
        ready_ = self_->make_response_promise();
        subscribe(self_, root_);
        return ready_;
      },
      [this](supervisor::Probe) { return alive(self_); },
      // The journal tells which handle serves each shard, so a new journal is asked anew.
      [this](const supervisor::ChildUp& up) {
        const bool is_replica = replica_.is_up(up);
        if (is_replica) ask_for_round();
        if (!journal_.is_up(up)) return;
        // Handles from an earlier incarnation of the journal are out of date. Watch makes the new
        // one send all.
        shards_.assign(shards_.size(), nullptr);
        journal_.send(Watch{handle_of(self_)});
        ask_for_round();
      },
      [this](const supervisor::ChildDown& down) {
        // A round ends by way of both.
        const bool is_replica = replica_.is_down(down);
        if (is_replica || down.id == kJournalId) gate_.round_lost();
        if (!journal_.is_down(down)) return;
        end_snapshots();
        shards_.assign(shards_.size(), nullptr);
      },
      [this](const ShardAttached& message) {
        if (!journal_.is_sender()) return;
        shards_[message.shard] = message.handle;
        // Reads that lie with the shard's earlier incarnation have no answer to come.
        end_reads(message.shard, message.handle);
        const bool all = std::all_of(shards_.begin(), shards_.end(),
                                     [](const caf::actor& shard) { return bool{shard}; });
        // Up means: every kind of query can be answered.
        if (all && ready_.pending()) ready_.deliver(supervisor::Ready{});
      },
      [this](const ShardDetached& message) {
        if (!journal_.is_sender()) return;
        shards_[message.shard] = nullptr;
        end_reads(message.shard, nullptr);
      },
      [this](const AnswerQueries& message) { runtime_->member ? admit(message) : ask(message); },
      [this](const RoundEnded& message) {
        if (journal_.is_sender()) round_ended(message);
      },
      [this](const SequenceReached& message) {
        message.query->has_rows ? ask_balances(message.query) : ask(message.query);
        ask_shards();
      },
      [this](LookForCancelled) {
        gate_.drop_cancelled();
        looks_for_cancelled_ = gate_.anyone_waits();
        if (looks_for_cancelled_) self_->delayed_send(self_, kLookForCancelled, LookForCancelled{});
      },
      [this](const AccountsRead& message) { accounts_read(*message.batch); },
      [this](const NowDurable& message) { finish(message.query); },
      [this](const Snapshot& message) { walk(message); },
  };
}

void Queries::ask(const AnswerQueries& message) {
  for (const auto& query : message.queries) ask(query);
  ask_shards();
}

void Queries::admit(const AnswerQueries& message) {
  const auto now = runtime_->steady_clock();
  for (const auto& query : message.queries) {
    if (is_of_backups_here(*query)) {
      ask(query);  // a node that is cut off has backups too
    } else if (const auto* at_least = std::get_if<ReadAtLeast>(&query->freshness)) {
      await_sequence(query, at_least->sequence);
    } else if (gate_.admit(query, now)) {
      ask(query);
    }
  }
  ask_shards();
  ask_for_round();
}

void Queries::ask_for_round() {
  if (gate_.anyone_waits() && !std::exchange(looks_for_cancelled_, true)) {
    self_->delayed_send(self_, kLookForCancelled, LookForCancelled{});
  }
  if (!replica_ || !journal_) return;
  const auto number = gate_.begin(runtime_->steady_clock());
  if (number) replica_.send(AwaitRound{handle_of(self_), *number});
}

void Queries::round_ended(const RoundEnded& message) {
  for (const auto& query : gate_.round_ended(message.number)) ask(query);
  ask_shards();
  ask_for_round();
}

void Queries::ask(const QueryPtr& query) {
  if (query->drop_if_cancelled()) return;
  const auto& store = *runtime_->store;
  if (auto error = refuse_foreign(store, *query)) {
    return query->answer(tl::unexpected(std::move(*error)));
  }
  std::visit(
      Overloaded{
          [&](const ParticipantById& ask) { query->answer(read_participant(store, ask)); },
          [&](const ParticipantPage& ask) { query->answer(read_participants(store, ask)); },
          [&](const TransactionById& ask) {
            query->answer(hide_others(*query, read_transaction(store, ask)));
          },
          [&](const TransactionPage& ask) { query->answer(read_transactions(store, ask)); },
          [&](const ReferencePage& ask) { query->answer(find_transactions(store, ask)); },
          [&](const TransactionsAt& ask) {
            query->answer(read_transactions_at(store, ask, query->cancelled));
          },
          [&](const KeyOutcomeOf& ask) {
            query->answer(hide_others(*query, read_key_outcome(store, ask)));
          },
          [&](const AccountsOfParticipant& ask) {
            if (auto error = read_accounts_of(store, ask, *query)) {
              return query->answer(tl::unexpected(std::move(*error)));
            }
            // No accounts, so there is no shard to ask.
            if (query->account_ids.empty()) return query->answer(Page<AccountView>{});
            rows_read(query);
          },
          [&](const AccountById& ask) {
            if (auto error = ledger::check_id(ask.id, "account_id")) {
              return query->answer(tl::unexpected(std::move(*error)));
            }
            // Whether the account exists is the shard's to say: its row may not be in the
            // store yet.
            query->account_ids = {ask.id};
            ask_shard(query);
          },
          [&](const BalanceOf& ask) {
            if (auto error = ledger::check_id(ask.account_id, "account_id")) {
              return query->answer(tl::unexpected(std::move(*error)));
            }
            query->account_ids = {ask.account_id};
            ask_shard(query);
          },
          [&](const PolicyPage& ask) { query->answer(read_policies(store, ask)); },
          [&](const AccountPage&) { ask_page(query); },
          [&](const CommittedAudit& ask) { query->answer(read_committed_audit(store, ask)); },
          [&](const AnsweredAudit& ask) {
            query->answer(read_answered_audit(runtime_->audit_log.get(), ask));
          },
          [&](const RecordsOfChain& ask) { query->answer(read_portion(store, ask)); },
          [&](const BalanceSheetOf&) { ask_snapshot(query); },
          [&](const VerifyChain&) { ask_snapshot(query); },
          [&](const BackupAsk&) { work_on_backups(self_, runtime_, query); },
      },
      query->ask);
}

void Queries::ask_shard(const QueryPtr& query) {
  const auto index = ledger::shard_of(query->account_ids.front(), shards_.size());
  if (!shards_[index]) {
    query->answer(
        tl::unexpected(away(ledger::Reason::shard_unavailable, "shard " + std::to_string(index))));
    return;
  }
  gathered_[index].push_back(query);
}

void Queries::ask_shards() {
  for (std::uint32_t shard = 0; shard < gathered_.size(); ++shard) {
    if (gathered_[shard].empty()) continue;
    auto batch = std::make_shared<const ReadBatch>(
        ReadBatch{++reads_asked_, std::exchange(gathered_[shard], {})});
    // Noted before it is sent, so that end_reads() finds it if the shard goes.
    reads_[batch->number] = {batch, shard, shards_[shard]};
    caf::anon_send(shards_[shard], ReadAccounts{std::move(batch), handle_of(self_)});
  }
}

void Queries::end_reads(std::uint32_t shard, const caf::actor& serves) {
  std::erase_if(reads_, [&](const auto& entry) {
    const Read& read = entry.second;
    if (read.shard != shard) return false;
    const auto batch = read.batch.lock();
    if (!batch) return true;
    if (read.asked == serves) return false;
    for (const auto& query : batch->queries) {
      query->answer(tl::unexpected(
          away(ledger::Reason::shard_unavailable, "shard " + std::to_string(shard))));
    }
    return true;
  });
}

void Queries::accounts_read(const ReadBatch& batch) {
  if (reads_.erase(batch.number) == 0) return;  // end_reads() has answered all of them
  for (const auto& query : batch.queries) {
    if (!query->answered()) accounts_read(query);
  }
}

void Queries::accounts_read(const QueryPtr& query) {
  const auto durability = durability_of(*query, *runtime_);
  if (durability == Durability::durable) return finish(query);
  if (faults::has(faults::Defect::read_unsynced)) return finish(query);
  if (durability == Durability::uncertain || !journal_) {
    query->answer(tl::unexpected(away(ledger::Reason::journal_unavailable, "the journal")));
    return;
  }
  journal_.send(AwaitDurable{query, query->observed, handle_of(self_)});
}

void Queries::finish(const QueryPtr& query) {
  if (query->drop_if_cancelled()) return;
  if (std::holds_alternative<AccountPage>(query->ask)) return query->answer(join_page(*query));
  if (std::holds_alternative<BalanceOf>(query->ask)) return query->answer(balance_answer(*query));
  query->answer(join_accounts(*runtime_->store, *query));
}

void Queries::ask_page(const QueryPtr& query) {
  if (auto error = read_page(*runtime_->store, *query)) {
    return query->answer(tl::unexpected(std::move(*error)));
  }
  // An empty page shows no balances, so it need not wait for the journal.
  if (query->accounts.empty()) return query->answer(join_page(*query));
  rows_read(query);
}

void Queries::rows_read(const QueryPtr& query) {
  if (!runtime_->member) return ask_balances(query);
  ledger::Sequence newest = 0;
  for (const auto& account : query->accounts) newest = std::max(newest, account.sequence);
  const auto settled = runtime_->settled->load(std::memory_order_acquire);
  if (newest <= settled || faults::has(faults::Defect::list_ahead)) return ask_balances(query);
  query->has_rows = true;
  await_sequence(query, newest);
}

void Queries::await_sequence(const QueryPtr& query, ledger::Sequence sequence) {
  if (!journal_) {
    return query->answer(tl::unexpected(away(ledger::Reason::journal_unavailable, "the journal")));
  }
  journal_.send(AwaitSequence{query, sequence, handle_of(self_)});
}

void Queries::ask_balances(const QueryPtr& query) {
  if (!std::holds_alternative<AccountPage>(query->ask)) return ask_shard(query);
  if (!journal_) {
    return query->answer(tl::unexpected(away(ledger::Reason::journal_unavailable, "the journal")));
  }
  journal_.send(ReadBalances{query, handle_of(self_)});
}

void Queries::ask_snapshot(const QueryPtr& query) {
  // Taken before any work is done, so that refused walks cost nothing.
  auto place = runtime_->walks->take();
  if (!place) return query->answer(tl::unexpected(too_many_walks()));
  if (!journal_) {
    return query->answer(tl::unexpected(away(ledger::Reason::journal_unavailable, "the journal")));
  }
  // Forget the queries that are answered.
  std::erase_if(snapshots_, [](const auto& asked) { return asked.expired(); });
  snapshots_.push_back(query);
  journal_.send(TakeSnapshot{query, handle_of(self_), std::move(place)});
}

void Queries::end_snapshots() {
  for (const auto& asked : std::exchange(snapshots_, {})) {
    if (const auto query = asked.lock()) {
      query->answer(tl::unexpected(away(ledger::Reason::journal_unavailable, "the journal")));
    }
  }
}

void Queries::walk(const Snapshot& message) {
  std::erase_if(snapshots_, [&](const auto& asked) { return asked.lock() == message.query; });
  // It may have been answered by end_snapshots() while the snapshot was on its way.
  if (message.query->answered() || message.query->drop_if_cancelled()) return;
  auto work = [store = runtime_->store, snapshot = message]() mutable {
    auto result = walk_store(*store, snapshot);
    // Give the place back first: the caller, once answered, may ask for a walk again.
    snapshot.place = nullptr;
    snapshot.query->answer(std::move(result));
  };
  // Tests on one thread walk at once.
  if (!runtime_->detached) return work();
  self_->spawn<caf::detached>(
      [work = std::move(work)](caf::event_based_actor*) mutable { work(); });
}

caf::behavior queries(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root) {
  end_with_exceptions(self, kQueriesId);
  auto state = std::make_shared<Queries>(self, std::move(runtime), std::move(root));
  // The state lives as long as the actor.
  self->attach_functor([state] {});
  return state->make_behavior();
}

}  // namespace sg::actors
