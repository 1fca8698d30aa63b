#include "ledger/transfer_flow.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "ledger/name_map.hpp"
#include "ledger/refusal_text.hpp"

namespace sg::ledger {
namespace {

using State = ItemResult::State;

// Items of one lock batch: enough to keep every shard busy, small enough to pipeline.
constexpr std::size_t kBatchItems = 8192;
// Each key waits for memory: it is asked for so many items ahead.
constexpr std::uint32_t kPrefetchAhead = 12;

Error away_error(std::uint32_t shard) {
  return {Reason::shard_unavailable,
          "shard " + std::to_string(shard) + " is restarting: nothing changed, try again",
          {{"shard", std::to_string(shard)}},
          Outcome::none};
}

Error cancelled_error() {
  return {Reason::cancelled, "the caller cancelled before the commit", {}, Outcome::none};
}

Error late_error() {
  return {Reason::lock_timeout, "waited for a lock past the deadline", {}, Outcome::none};
}

Error aborted_error() {
  return {
      Reason::batch_aborted, "another transfer of the atomic batch was refused", {}, Outcome::none};
}

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
  s.keyed = std::any_of(s.transfers.begin(), s.transfers.end(),
                        [](const Transfer& t) { return !t.idempotency_key.empty(); });
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
    taken.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  const auto bound = look_up_keys(taken);
  for (const auto& pending : taken) admit(pending, bound, *batch, now);
  if (batch->units.empty()) return;
  active_.emplace(batch->id, batch);
  for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
    batch->part_heard[shard] = batch->parts[shard].units.empty();
    if (!batch->part_heard[shard]) ++batch->parts_unheard;
  }
  prompt_round_ = batch->id;
  effects.lock = batch;
  for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
    if (away_[shard]) fail_part(*batch, shard, effects);
  }
}

TransferFlow::BoundKeys TransferFlow::look_up_keys(std::span<const Pending> pending) {
  std::vector<const Transfer*> keyed;
  for (const auto& [submission, first, count, key_bound] : pending) {
    if (!submission->keyed) continue;
    for (auto i = first; i < first + count; ++i) {
      const auto& transfer = submission->transfers[i];
      if (transfer.idempotency_key.empty()) continue;
      if (submission->results[i].state == State::undecided) keyed.push_back(&transfer);
    }
  }
  BoundKeys bound;
  if (keyed.empty()) return bound;
  auto found = keys_.find(keyed);
  if (!found) {
    bound.unreadable = std::move(found.error());
    return bound;
  }
  for (const auto& key : *found) bound.bindings.emplace(key.transfer, key.binding);
  return bound;
}

std::optional<Result<KeyBinding>> TransferFlow::BoundKeys::of(const Transfer& transfer) const {
  if (unreadable) return tl::unexpected(*unreadable);
  const auto found = bindings.find(&transfer);
  if (found == bindings.end()) return std::nullopt;
  return found->second;
}

void TransferFlow::prefetch_key(const Submission& submission, std::uint32_t item) const {
  if (submission.keyed && item < submission.transfers.size())
    keys_in_flight_.prefetch(submission.transfers[item]);
}

void TransferFlow::admit(const Pending& pending, const BoundKeys& bound, LockBatch& batch,
                         SteadyTime now) {
  auto& submission = *pending.submission;
  const bool cancelled = submission.cancelled.load(std::memory_order_relaxed);
  if (!pending.key_bound && (cancelled || now >= submission.deadline)) {
    const auto error = std::make_shared<Error>(cancelled ? cancelled_error() : late_error());
    for (auto i = pending.first_item; i < pending.first_item + pending.item_count; ++i) {
      if (submission.results[i].state == State::undecided) refuse(submission, i, error);
    }
    return;
  }
  const auto units = batch.units.size();
  reserve(batch, submission);
  if (submission.transfers.empty()) {
    add_unit(batch, submission, 0, 1);
  } else if (submission.atomic) {
    admit_atomic(pending, bound, batch);
  } else {
    for (auto i = pending.first_item; i < pending.first_item + pending.item_count; ++i) {
      prefetch_key(submission, i + kPrefetchAhead);
      if (submission.results[i].state != State::undecided) continue;
      if (admit_item(pending.submission, i, bound)) add_unit(batch, submission, i, 1);
    }
  }
  if (batch.units.size() > units) batch.submissions.push_back(pending.submission);
}

bool TransferFlow::replay(Submission& submission, std::uint32_t item, const KeyBinding& binding) {
  submission.observed = std::max(submission.observed, binding.sequence);
  if (binding.digest == submission.transfers[item].digest) {
    commit(submission, item, binding.sequence, binding.time);
    return true;
  }
  refuse(submission, item, std::make_shared<Error>(mismatch_error(submission.transfers[item])));
  return false;
}

// True when the item needs locks; otherwise its key decided it, or it joined another.
bool TransferFlow::admit_item(const SubmissionPtr& submission, std::uint32_t item,
                              const BoundKeys& bound) {
  const auto& transfer = submission->transfers[item];
  if (transfer.idempotency_key.empty()) return true;
  if (!keys_in_flight_.begin(transfer)) {
    submission->results[item].state = State::joined;
    keys_in_flight_.join(transfer, {submission, item, 1, transfer.digest});
    return false;
  }
  const auto binding = bound.of(transfer);
  if (!binding) return true;
  // Nobody can have joined it yet.
  keys_in_flight_.end(transfer);
  if (*binding) {
    replay(*submission, item, **binding);
  } else {
    refuse(*submission, item, std::make_shared<Error>(binding->error()));
  }
  return false;
}

// An item whose key is bound keeps its one effect and answers it again; the others are one unit.
void TransferFlow::admit_atomic(const Pending& pending, const BoundKeys& bound, LockBatch& batch) {
  auto& submission = *pending.submission;
  const auto items = static_cast<std::uint32_t>(submission.items());
  NameMap<std::uint32_t> own;  // key -> first item with it
  std::vector<std::pair<std::uint32_t, KeyBinding>> bound_items;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> twins;
  for (std::uint32_t i = 0; i < items; ++i) {
    const auto& transfer = submission.transfers[i];
    const auto key = transfer.idempotency_key;
    if (key.empty() || submission.results[i].state != State::undecided) continue;
    if (keys_in_flight_.contains(transfer)) {
      keys_in_flight_.join(transfer, {pending.submission, 0, items, transfer.digest});
      for (auto& result : submission.results) {
        if (result.state == State::undecided) result.state = State::joined;
      }
      return;
    }
    const auto [first, added] = own.try_emplace(key, i);
    if (!added) {
      if (submission.transfers[first->second].digest != transfer.digest) {
        return refuse_all(submission, mismatch_error(transfer), i);
      }
      twins.emplace_back(i, first->second);
      continue;
    }
    const auto binding = bound.of(transfer);
    if (!binding) continue;
    if (!*binding) return refuse_all(submission, binding->error(), kNone);
    if ((*binding)->digest != transfer.digest) {
      submission.observed = std::max(submission.observed, (*binding)->sequence);
      return refuse_all(submission, mismatch_error(transfer), i);
    }
    bound_items.emplace_back(i, **binding);
  }
  for (const auto& [item, binding] : bound_items) {
    own.erase(submission.transfers[item].idempotency_key);
    replay(submission, item, binding);
  }
  for (const auto& [key, item] : own) keys_in_flight_.begin(submission.transfers[item]);
  for (const auto& [twin, first] : twins) {
    const auto& result = submission.results[first];
    if (result.state == State::committed) {
      commit(submission, twin, result.sequence, result.time);
      continue;
    }
    submission.results[twin].state = State::joined;
    keys_in_flight_.join(submission.transfers[twin],
                         {pending.submission, twin, 1, submission.transfers[twin].digest});
  }
  if (submission.undecided > 0) add_unit(batch, submission, 0, items);
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
    if (unit.unheard == 0) conclude(batch, vote.unit, now, effects);
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

void TransferFlow::conclude(LockBatch& batch, std::uint32_t index, SteadyTime now,
                            Effects& effects) {
  auto& unit = batch.units[index];
  auto& submission = *unit.submission;
  if (unit.refusal != kNone) {
    const auto& refusal = batch.refusals[unit.refusal];
    const auto item = locate(unit, refusal.entry).item;
    abort(batch, index, effects);
    // What refuses an atomic batch need not refuse the same transfer alone.
    const auto joiners = unit.item_count > 1 ? Joiners::try_again : Joiners::share_refusal;
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
    if (state == State::undecided && !submission.transfers.empty()) own.push_back(i);
    refuse(submission, i, i == blamed ? shared : others);
  }
  // All are refused by now, so that none that joined another of the unit is tried again.
  for (const auto i : own) end_key(submission, i, joiners);
}

void TransferFlow::commit_unit(LockBatch& batch, std::uint32_t index, TimeMs time) {
  auto& unit = batch.units[index];
  if (unit.state != UnitState::committing) return;
  unit.state = UnitState::done;
  --batch.undecided;
  auto& submission = *unit.submission;
  const auto keep = submission.shared_from_this();
  auto sequence = unit.sequence;
  for (auto i = unit.first_item; i < unit.first_item + unit.item_count; ++i) {
    if (submission.results[i].state != State::undecided) continue;
    prefetch_key(submission, i + kPrefetchAhead);
    commit(submission, i, sequence++, time);
    if (!submission.transfers.empty()) end_key(submission, i, Joiners::share_refusal);
  }
}

void TransferFlow::durable(Sequence durable, std::span<const CommittedUnits> committed) {
  durable_ = std::max(durable_, durable);
  for (const auto& [units, time] : committed) {
    if (units.batch->coordinator != options_.incarnation) continue;
    for (const auto unit : units.units) commit_unit(*units.batch, unit, time);
    drop_if_decided(*units.batch);
  }
  while (!unanswered_.empty() && unanswered_.begin()->first <= durable_) {
    const auto ready = std::move(unanswered_.begin()->second);
    unanswered_.erase(unanswered_.begin());
    for (const auto& submission : ready) submission->answer();
  }
}

void TransferFlow::rejected(const RejectedUnits& rejected, Effects& effects) {
  auto& batch = *rejected.units.batch;
  if (batch.coordinator != options_.incarnation) return;
  for (const auto index : rejected.units.units) {
    auto& unit = batch.units[index];
    if (unit.state != UnitState::committing) continue;
    abort(batch, index, effects);
    if (rejected.why != RejectedUnits::Why::key_bound) {
      end_unit(batch, index, rejection_error(rejected.why), kNone, Joiners::try_again);
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
    queue_.push_back({submission, unit.first_item, unit.item_count, true});
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
  if (submission.atomic && handed_over) return;
  for (std::uint32_t i = 0; i < submission.results.size(); ++i) {
    if (submission.results[i].state == State::joined) {
      refuse(submission, i, std::make_shared<Error>(cancelled_error()));
    }
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
