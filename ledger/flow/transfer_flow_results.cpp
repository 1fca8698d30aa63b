// The part of the transfer flow that writes results: items, keys and who joined them, answers.
#include <algorithm>
#include <string>
#include <utility>

#include "faults/fault_injection.hpp"
#include "ledger/flow/refusal_text.hpp"
#include "ledger/flow/transfer_flow.hpp"

namespace sg::ledger {

using State = ItemResult::State;

void TransferFlow::count_decided(Submission& submission) {
  if (--submission.undecided > 0) return;
  const bool tells_unsynced =
      faults::has(faults::Defect::refuse_unsynced) && submission.results.front().error;
  if (submission.observed <= durable_ || tells_unsynced) return tell(submission);
  unanswered_[submission.observed].push_back(submission.shared_from_this());
}

void TransferFlow::tell(Submission& submission) {
  if (submission.reversals) reversed_entries_ -= std::exchange(submission.reversals->amounts, 0);
  const bool waits = options_.confirms && submission.shows_state &&
                     !faults::has(faults::Defect::refuse_without_round);
  if (!waits) return submission.answer();
  unconfirmed_.push_back(submission.shared_from_this());
}

void TransferFlow::refuse(Submission& submission, std::uint32_t item,
                          std::shared_ptr<const Error> error) {
  submission.results[item].state = State::refused;
  submission.results[item].error = std::move(error);
  submission.shows_state = true;
  count_decided(submission);
}

void TransferFlow::refuse_all(Submission& submission, const Error& error, std::uint32_t blamed) {
  const auto keep = submission.shared_from_this();
  const auto own = std::make_shared<const Error>(error);
  const auto others = blamed == kNone ? own : std::make_shared<const Error>(aborted_error());
  for (std::uint32_t i = 0; i < submission.results.size(); ++i) {
    if (submission.results[i].state == State::undecided) {
      refuse(submission, i, i == blamed ? own : others);
    }
  }
}

void TransferFlow::commit(Submission& submission, std::uint32_t item, Sequence sequence,
                          TimeMs time) {
  submission.results[item].replayed = true;
  decide(submission, item, State::committed, sequence, time);
}

void TransferFlow::decide(Submission& submission, std::uint32_t item, State state,
                          Sequence sequence, TimeMs time) {
  auto& result = submission.results[item];
  result.state = state;
  result.sequence = sequence;
  result.time = time;
  submission.observed = std::max(submission.observed, sequence);
  count_decided(submission);
}

// The item's own result is written already.
void TransferFlow::end_key(Submission& submission, std::uint32_t item, Joiners policy) {
  if (submission.claims) {
    const auto state = submission.results[item].state;
    end_claims(submission.transfers()[item], state == State::committed || state == State::sealed);
    drop_remainder(submission, item);
  }
  release_key(submission, item, policy);
}

void TransferFlow::release_keys_of(const Pending& pending) {
  auto& submission = *pending.submission;
  for (auto i = pending.first_item; i < pending.first_item + pending.item_count; ++i) {
    if (!has_key(submission, i) || !keys_in_flight_.is_first(submission.transfers()[i])) continue;
    release_key(submission, i, Joiners::try_again);
  }
}

void TransferFlow::release_key(Submission& submission, std::uint32_t item, Joiners policy) {
  const auto& transfer = submission.transfers()[item];
  const auto& result = submission.results[item];
  const bool sealed = result.state == State::sealed;
  const bool committed = result.state == State::committed || sealed;
  if (transfer.idempotency_key.empty()) return;
  const auto ended = keys_in_flight_.end(transfer);
  for (const auto& joiner : ended.joiners) {
    auto& waiter = *joiner.submission;
    const auto first = waiter.results.begin() + joiner.first_item;
    const auto joined = [](const ItemResult& item_result) {
      return item_result.state == State::joined;
    };
    if (std::none_of(first, first + joiner.item_count, joined)) continue;
    const bool same =
        joiner.item_count == 1 && same_content(waiter.transfers()[joiner.first_item], *ended.first);
    const bool asks = waiter.key_request() != nullptr;
    waiter.observed = std::max(waiter.observed, submission.observed);
    if (committed && asks) {
      decide(waiter, joiner.first_item, result.state, result.sequence, result.time);
    } else if (sealed && joiner.item_count == 1) {
      refuse(waiter, joiner.first_item,
             std::make_shared<Error>(sealed_error(waiter.transfers()[joiner.first_item])));
    } else if (committed && same) {
      commit(waiter, joiner.first_item, result.sequence, result.time);
    } else if (committed && joiner.item_count == 1) {
      refuse(waiter, joiner.first_item,
             std::make_shared<Error>(mismatch_error(waiter.transfers()[joiner.first_item])));
    } else if (same && policy == Joiners::share_refusal && (!asks || waiter.key_request()->seals)) {
      refuse(waiter, joiner.first_item, result.error);
    } else {
      // A refusal binds no key, and an atomic batch looks at all of its keys again.
      for (auto i = joiner.first_item; i < joiner.first_item + joiner.item_count; ++i) {
        if (waiter.results[i].state == State::joined) waiter.results[i].state = State::undecided;
      }
      queue_.push_back({joiner.submission, joiner.first_item, joiner.item_count});
    }
  }
}

void TransferFlow::stop(Reason reason) {
  const auto lose = [&](ItemResult& result, Outcome outcome) {
    if (faults::has(faults::Defect::tell_none)) outcome = Outcome::none;
    result.error = std::make_shared<const Error>(
        Error{reason,
              outcome == Outcome::unknown
                  ? "the journal went away: the outcome is unknown, retry with the same key"
                  : "the journal went away before the commit: nothing changed",
              {},
              outcome});
    result.state = State::refused;
  };
  const auto lose_items = [&](Submission& submission, std::uint32_t first, std::uint32_t count) {
    for (auto i = first; i < first + count; ++i) {
      auto& result = submission.results[i];
      if (result.state == State::undecided || result.state == State::joined) {
        lose(result, Outcome::unknown);
      }
    }
  };
  std::vector<SubmissionPtr> open;
  // First what the journal had, and who waits for it.
  for (const auto& [id, batch] : active_) {
    open.insert(open.end(), batch->submissions.begin(), batch->submissions.end());
    for (const auto& unit : batch->units) {
      if (unit.state != UnitState::committing) continue;
      auto& submission = *unit.submission;
      for (auto i = unit.first_item; i < unit.first_item + unit.item_count; ++i) {
        if (submission.transfers().empty() || submission.results[i].state != State::undecided) {
          continue;
        }
        for (const auto& joiner : keys_in_flight_.end(submission.transfers()[i]).joiners) {
          open.push_back(joiner.submission);
          lose_items(*joiner.submission, joiner.first_item, joiner.item_count);
        }
      }
      lose_items(submission, unit.first_item, unit.item_count);
    }
  }
  for (const auto& pending : queue_) {
    auto& submission = *pending.submission;
    open.push_back(pending.submission);
    // Their keys were not looked up since they came: an earlier attempt may have had its effect.
    for (auto i = pending.first_item; i < pending.first_item + pending.item_count; ++i) {
      if (pending.key_bound || has_key(submission, i)) lose_items(submission, i, 1);
    }
  }
  for (const auto& [sequence, submissions] : unanswered_) {
    open.insert(open.end(), submissions.begin(), submissions.end());
  }
  for (const auto* waiting : {&unconfirmed_, &confirming_}) {
    open.insert(open.end(), waiting->begin(), waiting->end());
  }
  for (const auto& joiner : keys_in_flight_.end_all()) open.push_back(joiner.submission);
  for (const auto& [claim, in_flight] : claims_in_flight_) {
    for (const auto& pending : in_flight.waiting) open.push_back(pending.submission);
  }
  for (const auto& submission : open) {
    if (submission->answered()) continue;
    const bool is_confirmed = !options_.confirms || !submission->shows_state;
    for (std::size_t i = 0; i < submission->results.size(); ++i) {
      auto& result = submission->results[i];
      // A refusal that showed an unsynced record is as uncertain as the record.
      const bool told = (submission->observed <= durable_ && is_confirmed) ||
                        (result.error && result.error->outcome == Outcome::unknown);
      if (result.state == State::refused && told) continue;
      const bool has_record = result.state == State::committed || result.state == State::sealed;
      if (has_record && result.sequence <= durable_) continue;
      if (result.state == State::unbound && told) continue;
      // Without a round this node may not know what an earlier attempt with the key did.
      const bool is_unknown = has_record || (options_.confirms && has_key(*submission, i) &&
                                             !faults::has(faults::Defect::tell_none_of_waiting));
      lose(result, is_unknown ? Outcome::unknown : Outcome::none);
    }
    submission->answer();
  }
  claims_in_flight_.clear();
  queue_.clear();
  active_.clear();
  unanswered_.clear();
  unconfirmed_.clear();
  confirming_.clear();
  waiting_.clear();
}

}  // namespace sg::ledger
