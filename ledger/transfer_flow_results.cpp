// The part of the transfer flow that writes results: items, keys and who joined them, answers.
#include <algorithm>
#include <string>
#include <utility>

#include "ledger/refusal_text.hpp"
#include "ledger/transfer_flow.hpp"

namespace sg::ledger {

using State = ItemResult::State;

void TransferFlow::count_decided(Submission& submission) {
  if (--submission.undecided > 0) return;
  if (submission.observed <= durable_) return submission.answer();
  unanswered_[submission.observed].push_back(submission.shared_from_this());
}

void TransferFlow::refuse(Submission& submission, std::uint32_t item,
                          std::shared_ptr<const Error> error) {
  submission.results[item].state = State::refused;
  submission.results[item].error = std::move(error);
  count_decided(submission);
}

void TransferFlow::refuse_all(Submission& submission, const Error& error, std::uint32_t blamed) {
  const auto keep = submission.shared_from_this();
  const auto own = std::make_shared<const Error>(error);
  const auto others =
      blamed == kNone
          ? own
          : std::make_shared<const Error>(Error{Reason::batch_aborted,
                                                "another transfer of the atomic batch was refused",
                                                {},
                                                Outcome::none});
  for (std::uint32_t i = 0; i < submission.results.size(); ++i) {
    if (submission.results[i].state == State::undecided) {
      refuse(submission, i, i == blamed ? own : others);
    }
  }
}

void TransferFlow::commit(Submission& submission, std::uint32_t item, Sequence sequence,
                          TimeMs time) {
  auto& result = submission.results[item];
  result.state = State::committed;
  result.sequence = sequence;
  result.time = time;
  submission.observed = std::max(submission.observed, sequence);
  count_decided(submission);
}

// The item's own result is written already.
void TransferFlow::end_key(Submission& submission, std::uint32_t item, Joiners policy) {
  const auto key = submission.transfers[item].idempotency_key;
  if (key.empty()) return;
  const auto& result = submission.results[item];
  const bool committed = result.state == State::committed;
  const auto digest = keys_in_flight_.contains(key) ? keys_in_flight_.digest(key) : Digest{};
  for (auto& joiner : keys_in_flight_.end(key)) {
    auto& waiter = *joiner.submission;
    if (waiter.results[joiner.first_item].state != State::joined) continue;
    const bool same = joiner.digest == digest && joiner.item_count == 1;
    waiter.observed = std::max(waiter.observed, submission.observed);
    if (committed && same) {
      commit(waiter, joiner.first_item, result.sequence, result.time);
    } else if (committed && joiner.item_count == 1) {
      refuse(waiter, joiner.first_item,
             std::make_shared<Error>(mismatch_error(waiter.transfers[joiner.first_item])));
    } else if (same && policy == Joiners::share_refusal) {
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
  const auto lost = [&](bool unknown) {
    return std::make_shared<const Error>(
        Error{reason,
              unknown ? "the journal went away: the outcome is unknown, retry with the same key"
                      : "the journal went away before the commit: nothing changed",
              {},
              unknown ? Outcome::unknown : Outcome::none});
  };
  const auto give_up = [&](Submission& submission) {
    for (auto& result : submission.results) {
      // A refusal that showed an unsynced record is as uncertain as the record.
      if (result.state == State::refused && submission.observed <= durable_) continue;
      if (result.state == State::committed && result.sequence <= durable_) continue;
      result.error = lost(result.state != State::refused);
      result.state = State::refused;
    }
    submission.answer();
  };
  for (const auto& pending : std::exchange(queue_, {})) give_up(*pending.submission);
  for (const auto& [id, batch] : std::exchange(active_, {})) {
    for (const auto& submission : batch->submissions) give_up(*submission);
  }
  for (const auto& [sequence, submissions] : std::exchange(unanswered_, {})) {
    for (const auto& submission : submissions) give_up(*submission);
  }
  for (const auto& joiner : keys_in_flight_.end_all()) give_up(*joiner.submission);
  waiting_.clear();
}

}  // namespace sg::ledger
