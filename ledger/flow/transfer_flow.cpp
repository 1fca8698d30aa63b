#include "ledger/flow/transfer_flow.hpp"

#include <algorithm>
#include <utility>

#include "ledger/flow/claim.hpp"
#include "ledger/flow/policy_unit.hpp"
#include "ledger/flow/refusal_text.hpp"
#include "ledger/invariant.hpp"

namespace sg::ledger {
namespace {

using State = ItemResult::State;

// Items of one lock batch: enough to keep every shard busy, small enough to pipeline.
constexpr std::size_t kBatchItems = 8192;

}  // namespace

TransferFlow::TransferFlow(Options options, KeySource& keys, Sequence durable)
    : options_(options), keys_(keys), durable_(durable), away_(options.shards, false) {}

void TransferFlow::submit(SubmissionPtr submission) {
  auto& s = *submission;
  const auto items = static_cast<std::uint32_t>(s.items());
  s.undecided = static_cast<std::uint32_t>(
      std::count_if(s.results.begin(), s.results.end(),
                    [](const ItemResult& r) { return r.state == State::undecided; }));
  if (s.undecided == 0) {
    s.answer();
    return;
  }
  s.keyed = has_any_key(s);
  s.claims = std::any_of(s.transfers().begin(), s.transfers().end(), has_claims);
  if (s.claims && std::any_of(s.transfers().begin(), s.transfers().end(), is_reversal)) {
    s.reversals = std::make_unique<Reversals>(s.transfers().size());
  }
  queue_.push_back({std::move(submission), 0, items});
}

void TransferFlow::advance(SteadyTime now, Effects& effects) {
  if (prompt_round_ != 0 || queue_.empty()) return;
  auto batch = std::make_shared<LockBatch>();
  batch->id = next_batch_++;
  batch->coordinator = options_.incarnation;
  batch->keys_known = keys_.durable();
  batch->parts.resize(options_.shards);
  batch->part_heard.assign(options_.shards, false);
  std::vector<Pending> taken;
  for (std::size_t items = 0; !queue_.empty() && items < kBatchItems;) {
    items += queue_.front().item_count;
    queue_.front().submission->times.formed = now;
    taken.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  const Known known{look_up_keys(taken), look_up_references(taken), look_up_originals(taken)};
  for (const auto& pending : taken) {
    admit(pending, known, *batch, now);
    if (pending.woken) give_back(pending);
  }
  if (batch->units.empty()) return;
  active_.emplace(batch->id, batch);
  for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
    batch->part_heard[shard] = batch->parts[shard].units.empty();
    if (!batch->part_heard[shard]) ++batch->parts_unheard;
  }
  conclude_unlocked(*batch, now, effects);
  if (batch->parts_unheard == 0) return drop_if_decided(*batch);
  prompt_round_ = batch->id;
  effects.lock = batch;
  for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
    if (away_[shard]) fail_part(*batch, shard, effects);
  }
}

void TransferFlow::part_heard(LockBatch& batch, std::uint32_t shard) {
  batch.part_heard[shard] = true;
  if (--batch.parts_unheard == 0 && prompt_round_ == batch.id) prompt_round_ = 0;
}

void TransferFlow::hear(LockBatch& batch, std::uint32_t index, const Refusal* refusal) {
  auto& unit = batch.units[index];
  if (refusal == nullptr) {
    --unit.ungranted;
    return;
  }
  auto& submission = *unit.submission;
  submission.observed = std::max(submission.observed, refusal->observed);
  if (unit.refusal == kNone) {
    unit.refusal = static_cast<std::uint32_t>(batch.refusals.size());
    batch.refusals.push_back(*refusal);
  } else if (precedes(*refusal, batch.refusals[unit.refusal])) {
    batch.refusals[unit.refusal] = *refusal;
  }
}

void TransferFlow::voted(LockBatch& batch, std::uint32_t shard, SteadyTime now, Effects& effects) {
  if (batch.coordinator != options_.incarnation || batch.part_heard[shard]) return;
  part_heard(batch, shard);
  const auto& part = batch.parts[shard];
  for (const auto& vote : part.units) {
    auto& unit = batch.units[vote.unit];
    if (unit.state != UnitState::locking) continue;
    --unit.unheard;
    if (vote.vote != Vote::waiting) {
      hear(batch, vote.unit, vote.vote == Vote::refused ? &part.refusals[vote.refusal] : nullptr);
    }
    if (unit.unheard > 0) continue;
    unit.submission->times.voted = now;
    conclude(batch, vote.unit, now, effects);
  }
  for (const auto& wait : part.waits) {
    auto& unit = batch.units[wait.unit];
    if (unit.state != UnitState::locking) continue;
    auto& waits = unit.submission->waits;
    if (waits.size() < LockWait::kMost) {
      waits.push_back({std::string(wait.name), shard, wait.held, wait.incoming});
    }
  }
  drop_if_decided(batch);
}

void TransferFlow::voted_late(const LateVote& vote, SteadyTime now, Effects& effects) {
  auto& batch = *vote.batch;
  if (batch.coordinator != options_.incarnation) return;
  auto& unit = batch.units[vote.unit];
  if (unit.state != UnitState::locking ||
      batch.parts[vote.shard].incarnation != vote.shard_incarnation) {
    return;
  }
  hear(batch, vote.unit, vote.vote == Vote::refused ? &vote.refusal : nullptr);
  if (unit.unheard == 0) conclude(batch, vote.unit, now, effects);
  drop_if_decided(batch);
}

void TransferFlow::conclude_unlocked(LockBatch& batch, SteadyTime now, Effects& effects) {
  // A reversal that moves nothing, since it cannot, needs no lock either.
  // Nor does a policy of the whole ledger.
  const bool any = !batch.states.empty() || !batch.outcomes.empty() ||
                   std::any_of(batch.submissions.begin(), batch.submissions.end(),
                               [](const auto& one) { return one->key_request() != nullptr; });
  for (std::uint32_t unit = 0; any && unit < batch.units.size(); ++unit) {
    if (batch.units[unit].unheard > 0) continue;
    batch.units[unit].submission->times.voted = now;
    conclude(batch, unit, now, effects);
  }
}

void TransferFlow::conclude(LockBatch& batch, std::uint32_t index, SteadyTime now,
                            Effects& effects) {
  auto& unit = batch.units[index];
  auto& submission = *unit.submission;
  const auto joiners = joiners_of(unit);
  if (const auto state = batch.states.find(index); state != batch.states.end()) {
    const auto& [item, error] = state->second;
    const bool goes_first =
        unit.refusal == kNone || !precedes(unit, batch.refusals[unit.refusal], item);
    if (goes_first) {
      abort(batch, index, effects);
      return end_unit(batch, index, error, item, joiners);
    }
  }
  if (unit.refusal != kNone) {
    const auto& refusal = batch.refusals[unit.refusal];
    const auto item = locate(unit, refusal.entry).item;
    abort(batch, index, effects);
    return end_unit(batch, index, refusal_error(unit, refusal), item, joiners);
  }
  const bool cancelled = submission.cancelled.load(std::memory_order_relaxed);
  if (cancelled || now >= submission.deadline) {
    abort(batch, index, effects);
    return end_unit(batch, index, cancelled ? cancelled_error() : late_error(), kNone,
                    Joiners::try_again);
  }
  const auto& shared = active_.find(batch.id)->second;
  if (unit.ungranted > 0) {
    waiting_.push_back({shared, index, std::min(submission.deadline, now + options_.lock_timeout)});
    return;
  }
  unit.state = UnitState::committing;
  if (batch.outcomes.contains(index) && changes_ledger(unit)) ++changing_ledger_;
  submission.times.locked = now;
  if (effects.commit.empty() || effects.commit.back().batch.get() != &batch) {
    effects.commit.push_back({shared, {}});
  }
  effects.commit.back().units.push_back(index);
}

void TransferFlow::abort(LockBatch& batch, std::uint32_t index, Effects& effects) {
  effects.abort.resize(options_.shards);
  for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
    if (away_[shard] || find_unit(batch.parts[shard], index) == nullptr) continue;
    auto& list = effects.abort[shard];
    if (list.empty() || list.back().batch.get() != &batch) {
      list.push_back({active_.find(batch.id)->second, {}});
    }
    list.back().units.push_back(index);
  }
}

void TransferFlow::fail_part(LockBatch& batch, std::uint32_t shard, Effects& effects) {
  if (!batch.part_heard[shard]) part_heard(batch, shard);
  for (const auto& part : batch.parts[shard].units) {
    if (batch.units[part.unit].state != UnitState::locking) continue;
    abort(batch, part.unit, effects);
    end_unit(batch, part.unit, away_error(shard), kNone, Joiners::try_again);
  }
  drop_if_decided(batch);
}

void TransferFlow::shard_away(std::uint32_t shard, Effects& effects) {
  away_[shard] = true;
  const auto batches = active_;
  for (const auto& [id, batch] : batches) fail_part(*batch, shard, effects);
}

void TransferFlow::drop_if_decided(LockBatch& batch) {
  // A prompt round that is out ends with its last part, even if a shard goes away first.
  if (batch.undecided == 0 && batch.parts_unheard == 0) active_.erase(batch.id);
}

void TransferFlow::end_unit(LockBatch& batch, std::uint32_t index, Error error,
                            std::uint32_t blamed, Joiners joiners) {
  auto& unit = batch.units[index];
  unit.state = UnitState::done;
  --batch.undecided;
  auto& submission = *unit.submission;
  const auto keep = submission.shared_from_this();
  const auto shared = std::make_shared<const Error>(std::move(error));
  std::shared_ptr<const Error> others = shared;
  if (blamed != kNone && unit.item_count > 1) {
    others = std::make_shared<const Error>(aborted_error());
  }
  std::vector<std::uint32_t> own;
  for (auto i = unit.first_item; i < unit.first_item + unit.item_count; ++i) {
    const auto state = submission.results[i].state;
    if (state != State::undecided && state != State::joined) continue;
    if (state == State::undecided && !submission.transfers().empty()) own.push_back(i);
    refuse(submission, i, i == blamed ? shared : others);
  }
  // All are refused by now, so that none that joined another of the unit is tried again.
  for (const auto i : own) end_key(submission, i, joiners);
}

void TransferFlow::commit_unit(LockBatch& batch, std::uint32_t index,
                               const CommittedUnits& committed) {
  auto& unit = batch.units[index];
  if (unit.state != UnitState::committing) return;
  unit.state = UnitState::done;
  --batch.undecided;
  auto& submission = *unit.submission;
  const auto keep = submission.shared_from_this();
  auto sequence = batch.sequence_of(index);
  // The journal numbers units in the order of its commits, and tells them in that order.
  invariant(sequence > last_committed_, "units are told committed out of order");
  invariant(sequence <= durable_, "a unit is told committed that is not durable");
  last_committed_ = sequence;
  submission.times.handed_over = committed.handed_over;
  submission.times.durable = committed.durable;
  if (const auto outcome = batch.outcomes.find(index); outcome != batch.outcomes.end()) {
    if (changes_ledger(unit)) --changing_ledger_;
    for (const auto& changed : outcome->second.policies) {
      const bool is_of_ledger = changed.result.account == kNoAccount;
      if (is_of_ledger) options_.require_balanced = changed.result.require_balanced;
    }
  }
  const auto state = submission.key_request() != nullptr ? State::sealed : State::committed;
  for (auto i = unit.first_item; i < unit.first_item + unit.item_count; ++i) {
    if (submission.results[i].state != State::undecided) continue;
    prefetch_key_after(submission, i);
    decide(submission, i, state, sequence++, committed.time);
    if (!submission.transfers().empty()) end_key(submission, i, Joiners::share_refusal);
  }
}

void TransferFlow::durable(Sequence durable, std::span<const CommittedUnits> committed) {
  durable_ = std::max(durable_, durable);
  for (const auto& group : committed) {
    auto& batch = *group.units.batch;
    if (batch.coordinator != options_.incarnation) continue;
    for (const auto unit : group.units.units) commit_unit(batch, unit, group);
    drop_if_decided(batch);
  }
  while (!unanswered_.empty() && unanswered_.begin()->first <= durable_) {
    const auto ready = std::move(unanswered_.begin()->second);
    unanswered_.erase(unanswered_.begin());
    for (const auto& submission : ready) tell(*submission);
  }
}

void TransferFlow::round_ended() {
  for (const auto& submission : std::exchange(confirming_, {})) submission->answer();
}

void TransferFlow::rejected(const RejectedUnits& rejected, Effects& effects) {
  auto& batch = *rejected.units.batch;
  if (batch.coordinator != options_.incarnation) return;
  for (std::size_t n = 0; n < rejected.units.units.size(); ++n) {
    const auto index = rejected.units.units[n];
    auto& unit = batch.units[index];
    if (unit.state != UnitState::committing) continue;
    if (batch.outcomes.contains(index) && changes_ledger(unit)) --changing_ledger_;
    abort(batch, index, effects);
    if (rejected.why == RejectedUnits::Why::state) {
      const auto& [item, error] = rejected.states[n];
      end_unit(batch, index, error, item, joiners_of(unit));
      continue;
    }
    const bool is_bound = rejected.why == RejectedUnits::Why::key_bound;
    if (!is_bound && rejected.why != RejectedUnits::Why::claim_lost) {
      // Who waits to seal the same key would be refused as well, one after the other.
      const bool is_lasting = rejected.why == RejectedUnits::Why::too_many_seals ||
                              rejected.why == RejectedUnits::Why::storage_full;
      const bool shares = is_lasting && unit.submission->key_request() != nullptr;
      end_unit(batch, index, rejection_error(rejected.why), kNone,
               shares ? Joiners::share_refusal : Joiners::try_again);
      continue;
    }
    unit.state = UnitState::done;
    --batch.undecided;
    const auto submission = unit.submission->shared_from_this();
    std::vector<std::uint32_t> own;
    for (auto i = unit.first_item; i < unit.first_item + unit.item_count; ++i) {
      auto& state = submission->results[i].state;
      if (state == State::undecided) own.push_back(i);
      if (state == State::joined) state = State::undecided;
    }
    // None is `joined` by now: the unit goes back into the queue once, not with each key.
    for (const auto i : own) end_key(*submission, i, Joiners::try_again);
    queue_.push_back({submission, unit.first_item, unit.item_count, is_bound});
  }
  drop_if_decided(batch);
}

void TransferFlow::cancel(Submission& submission, Effects& effects) {
  const auto keep = submission.shared_from_this();
  const auto batches = active_;
  bool handed_over = false;
  for (const auto& [id, batch] : batches) {
    for (std::uint32_t u = 0; u < batch->units.size(); ++u) {
      auto& unit = batch->units[u];
      if (unit.submission != &submission) continue;
      handed_over = handed_over || unit.state == UnitState::committing;
      if (unit.state != UnitState::locking) continue;
      abort(*batch, u, effects);
      end_unit(*batch, u, cancelled_error(), kNone, Joiners::try_again);
    }
    drop_if_decided(*batch);
  }
  // The journal has the one unit of an atomic batch: only the outcome counts.
  if (submission.is_atomic() && handed_over) return;
  // Some of them have keys from when they waited for a claim.
  std::vector<std::uint32_t> refused;
  for (std::uint32_t i = 0; i < submission.results.size(); ++i) {
    if (submission.results[i].state != State::joined) continue;
    refuse(submission, i, std::make_shared<Error>(cancelled_error()));
    refused.push_back(i);
  }
  for (const auto i : refused) {
    if (!has_key(submission, i) || !keys_in_flight_.is_first(submission.transfers()[i])) continue;
    release_key(submission, i, Joiners::try_again);
  }
}

void TransferFlow::expire(SteadyTime now, Effects& effects) {
  std::vector<Waiting> late;
  std::erase_if(waiting_, [&](Waiting& waiting) {
    if (waiting.batch->units[waiting.unit].state != UnitState::locking) return true;
    if (now < waiting.deadline) return false;
    late.push_back(std::move(waiting));
    return true;
  });
  for (const auto& waiting : late) {
    auto& batch = *waiting.batch;
    if (batch.units[waiting.unit].state != UnitState::locking) continue;
    abort(batch, waiting.unit, effects);
    end_unit(batch, waiting.unit, late_error(), kNone, Joiners::try_again);
    drop_if_decided(batch);
  }
}

}  // namespace sg::ledger
