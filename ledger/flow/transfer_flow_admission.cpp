// The part of the transfer flow that lets submissions in: what their keys decide, and which of them
// need locks.
#include <algorithm>
#include <functional>
#include <utility>

#include "containers/name_map.hpp"
#include "faults/fault_injection.hpp"
#include "ledger/flow/policy_unit.hpp"
#include "ledger/flow/refusal_text.hpp"
#include "ledger/flow/transfer_flow.hpp"

namespace sg::ledger {
namespace {

using State = ItemResult::State;

// Each key waits for memory: it is asked for so many items ahead.
constexpr std::uint32_t kPrefetchAhead = 12;

}  // namespace

TransferFlow::BoundKeys TransferFlow::look_up_keys(std::span<const Pending> pending) {
  std::vector<const Transfer*> keyed;
  for (const auto& one : pending) {
    const auto& submission = *one.submission;
    if (!submission.keyed) continue;
    for (auto i = one.first_item; i < one.first_item + one.item_count; ++i) {
      const auto& transfer = submission.transfers()[i];
      if (transfer.idempotency_key.empty()) continue;
      if (submission.results[i].state == State::undecided) keyed.push_back(&transfer);
    }
  }
  BoundKeys bound;
  bound.until = keys_.durable();
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
  if (bindings.empty()) return std::nullopt;
  const auto found = bindings.find(&transfer);
  if (found == bindings.end()) return std::nullopt;
  return found->second;
}

void TransferFlow::prefetch_key_after(const Submission& submission, std::uint32_t item) const {
  const auto ahead = item + kPrefetchAhead;
  if (!submission.keyed || ahead >= submission.transfers().size()) return;
  keys_in_flight_.prefetch(submission.transfers()[ahead]);
}

void TransferFlow::admit(const Pending& pending, const Known& known, LockBatch& batch,
                         SteadyTime now) {
  auto& submission = *pending.submission;
  const bool cancelled = submission.cancelled.load(std::memory_order_relaxed);
  if (!pending.key_bound && (cancelled || now >= submission.deadline)) {
    const auto error = std::make_shared<Error>(cancelled ? cancelled_error() : late_error());
    // An earlier attempt with the key has had its effect, or may yet have it.
    const auto unknown = std::make_shared<Error>(*error);
    unknown->outcome = Outcome::unknown;
    for (auto i = pending.first_item; i < pending.first_item + pending.item_count; ++i) {
      if (submission.results[i].state != State::undecided) continue;
      const auto is_in_flight = [&] {
        const auto& transfer = submission.transfers()[i];
        return keys_in_flight_.contains(transfer) && !keys_in_flight_.is_first(transfer);
      };
      const bool was_tried =
          has_key(submission, i) &&
          (is_in_flight() || known.keys.of(submission.transfers()[i]).has_value());
      refuse(submission, i, was_tried ? unknown : error);
    }
    return release_keys_of(pending);
  }
  const auto units = batch.units.size();
  reserve(batch, submission);
  if (submission.transfers().empty()) {
    add(batch, submission, 0, 1);
  } else if (submission.is_atomic()) {
    if (admit_atomic(pending, known)) add(batch, submission, 0, pending.item_count);
  } else {
    for (auto i = pending.first_item; i < pending.first_item + pending.item_count; ++i) {
      prefetch_key_after(submission, i);
      if (submission.results[i].state != State::undecided) continue;
      if (admit_item(pending.submission, i, known)) add(batch, submission, i, 1);
    }
  }
  if (batch.units.size() > units) batch.submissions.push_back(pending.submission);
}

void TransferFlow::replay(Submission& submission, std::uint32_t item, const KeyBinding& binding) {
  submission.observed = std::max(submission.observed, binding.sequence);
  submission.shows_state = true;
  const auto& transfer = submission.transfers()[item];
  if (submission.key_request() != nullptr) {
    decide(submission, item, binding.sealed ? State::sealed : State::committed, binding.sequence,
           binding.time);
  } else if (binding.sealed) {
    refuse(submission, item, std::make_shared<Error>(sealed_error(transfer)));
  } else if (binding.same_content) {
    commit(submission, item, binding.sequence, binding.time);
  } else {
    refuse(submission, item, std::make_shared<Error>(mismatch_error(transfer)));
  }
}

void TransferFlow::tell_unbound(Submission& submission, Sequence until) {
  submission.shows_state = true;
  decide(submission, 0, State::unbound, until, 0);
}

// True when the item becomes a unit; otherwise its key decided it, or it joined another.
bool TransferFlow::admit_item(const SubmissionPtr& submission, std::uint32_t item,
                              const Known& known) {
  const auto& transfer = submission->transfers()[item];
  const auto* asked = submission->key_request();
  const auto is_unit = [&] {
    if (asked != nullptr) return asked->seals;
    return !submission->claims || take_claims({submission, item, 1}, known);
  };
  if (transfer.idempotency_key.empty()) return is_unit();
  const bool waits =
      asked == nullptr || !asked->seals || !faults::has(faults::Defect::seal_unchecked);
  // Its key is in flight already if it has waited for a claim.
  const bool has_its_key = keys_in_flight_.is_first(transfer) || keys_in_flight_.begin(transfer);
  if (!has_its_key && waits) {
    submission->results[item].state = State::joined;
    keys_in_flight_.join(transfer, {submission, item, 1});
    return false;
  }
  const auto binding = known.keys.of(transfer);
  if (!binding && is_unit()) return true;
  // It waits for a claim, and those who have the same key wait for it.
  if (submission->results[item].state == State::joined) return false;
  if (!binding) {
    if (asked != nullptr) tell_unbound(*submission, known.keys.until);
  } else if (*binding) {
    replay(*submission, item, **binding);
  } else {
    refuse(*submission, item, std::make_shared<Error>(binding->error()));
  }
  release_key(*submission, item, Joiners::try_again);
  return false;
}

void TransferFlow::add(LockBatch& batch, Submission& submission, std::uint32_t first,
                       std::uint32_t count) {
  add_unit(batch, submission, first, count);
  const auto unit = static_cast<std::uint32_t>(batch.units.size() - 1);
  // The journal refuses it in any case. Told here, it hides how far others are from their ceilings.
  if (options_.require_balanced && changing_ledger_ == 0 && !state_ &&
      !batch.outcomes.contains(unit)) {
    state_ = check_balance(batch.units.back());
  }
  if (!state_) return;
  batch.states.emplace(unit, *std::exchange(state_, {}));
}

// True when a key of the batch is in flight with another request: then all of the batch waits for
// that key's outcome. Its own are, if it has waited for a claim.
bool TransferFlow::join_in_flight(const Pending& pending) {
  auto& submission = *pending.submission;
  const auto transfers = submission.transfers();
  const auto is_own = [&](const Transfer* first) {
    return std::less_equal<>()(transfers.data(), first) &&
           std::less<>()(first, transfers.data() + transfers.size());
  };
  const auto in_flight =
      std::find_if(transfers.begin(), transfers.end(), [&](const Transfer& transfer) {
        if (transfer.idempotency_key.empty()) return false;
        const auto* first = keys_in_flight_.first_with(transfer);
        return first != nullptr && !is_own(first);
      });
  if (in_flight == transfers.end()) return false;
  keys_in_flight_.join(*in_flight, {pending.submission, 0, pending.item_count});
  for (auto& result : submission.results) {
    if (result.state == State::undecided) result.state = State::joined;
  }
  return true;
}

// The items that count, their bindings, and the twins. Nothing: the batch is refused.
std::optional<TransferFlow::AtomicKeys> TransferFlow::atomic_keys(Submission& submission,
                                                                  const BoundKeys& bound) {
  AtomicKeys keys;
  NameMap<std::uint32_t> first_of_key;
  for (std::uint32_t i = 0; i < submission.transfers().size(); ++i) {
    const auto& transfer = submission.transfers()[i];
    if (!transfer.idempotency_key.empty()) {
      const auto [first, added] = first_of_key.try_emplace(transfer.idempotency_key, i);
      if (!added) {
        if (!same_content(submission.transfers()[first->second], transfer)) {
          refuse_all(submission, mismatch_error(transfer), i);
          return std::nullopt;
        }
        keys.twins.emplace_back(i, first->second);
        continue;
      }
    }
    const auto binding = bound.of(transfer);
    if (binding && !*binding) {
      refuse_all(submission, binding->error(), kNone);
      return std::nullopt;
    }
    if (binding && (*binding)->sealed) {
      submission.observed = std::max(submission.observed, (*binding)->sequence);
      refuse_all(submission, sealed_error(transfer), i);
      return std::nullopt;
    }
    keys.items.push_back(i);
    keys.bindings.push_back(binding ? std::optional(**binding) : std::nullopt);
  }
  return keys;
}

// True when the batch is one unit to be locked. Otherwise its keys decided it: it is replayed as a
// whole, or refused as a whole, or waits for a key in flight.
bool TransferFlow::admit_atomic(const Pending& pending, const Known& known) {
  auto& submission = *pending.submission;
  const auto take_all = [&] { return !submission.claims || take_claims(pending, known); };
  if (!submission.keyed) return take_all();
  if (join_in_flight(pending)) return false;
  const auto keys = atomic_keys(submission, known.keys);
  if (!keys) {
    release_keys_of(pending);
    return false;
  }
  const auto found = judge_batch(keys->bindings);
  if (found.verdict == BatchBinding::Verdict::mismatch &&
      !faults::has(faults::Defect::replay_in_part)) {
    const auto item = keys->items[found.blamed];
    const auto& transfer = submission.transfers()[item];
    const auto& binding = *keys->bindings[found.blamed];
    submission.observed = std::max(submission.observed, binding.sequence);
    refuse_all(submission,
               binding.same_content ? other_batch_error(transfer) : mismatch_error(transfer), item);
    release_keys_of(pending);
    return false;
  }
  if (found.verdict == BatchBinding::Verdict::fresh && !take_all()) {
    if (submission.results[keys->items.front()].state != State::joined) {
      release_keys_of(pending);
      return false;
    }
    // It waits for a claim with all of its keys, or with none: so no two wait for one another.
    for (const auto item : keys->items) {
      const auto& transfer = submission.transfers()[item];
      if (!transfer.idempotency_key.empty()) keys_in_flight_.begin(transfer);
    }
    return false;
  }
  for (std::size_t i = 0; i < keys->items.size(); ++i) {
    const auto& transfer = submission.transfers()[keys->items[i]];
    if (keys->bindings[i]) {
      replay(submission, keys->items[i], *keys->bindings[i]);
      if (keys_in_flight_.is_first(transfer)) {
        release_key(submission, keys->items[i], Joiners::try_again);
      }
    } else if (!transfer.idempotency_key.empty()) {
      keys_in_flight_.begin(transfer);
    }
  }
  for (const auto& [twin, first] : keys->twins) {
    const auto& result = submission.results[first];
    if (result.state == State::committed) {
      commit(submission, twin, result.sequence, result.time);
      continue;
    }
    submission.results[twin].state = State::joined;
    keys_in_flight_.join(submission.transfers()[twin], {pending.submission, twin, 1});
  }
  return submission.undecided > 0;
}

}  // namespace sg::ledger
