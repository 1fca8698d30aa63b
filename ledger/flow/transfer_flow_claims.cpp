// The part of the transfer flow that keeps claims apart (claim.hpp): references that have to be
// unique, and transactions that are to be taken back.
//
// The first item with a claim takes it until it has ended, as it does with its key. Who has the
// same claim meanwhile waits, and tries again then. Items that do not ask for a unique reference
// may use it at any time: the journal, which puts all of them in order, looks once more
// (booking.cpp).
#include <algorithm>

#include "faults/fault_injection.hpp"
#include "ledger/flow/claim.hpp"
#include "ledger/flow/refusal_text.hpp"
#include "ledger/flow/transfer_flow.hpp"

namespace sg::ledger {
namespace {

using State = ItemResult::State;

// Items that waited are undecided again. False: none did any more.
bool revive(std::vector<ItemResult>& results, std::uint32_t first, std::uint32_t count) {
  bool any = false;
  for (auto i = first; i < first + count; ++i) {
    if (results[i].state != State::joined) continue;
    results[i].state = State::undecided;
    any = true;
  }
  return any;
}

}  // namespace

bool TransferFlow::is_kept_for(const ClaimInFlight& claim, const Pending& pending) {
  return claim.kept_for == pending.submission.get() && claim.kept_item == pending.first_item;
}

TransferFlow::UsedReferences TransferFlow::look_up_references(std::span<const Pending> pending) {
  std::vector<const Transfer*> asked;
  for (const auto& one : pending) {
    const auto& submission = *one.submission;
    if (!submission.claims) continue;
    for (auto i = one.first_item; i < one.first_item + one.item_count; ++i) {
      const auto& transfer = submission.transfers()[i];
      const bool is_open = submission.results[i].state == State::undecided;
      if (is_open && wants_unique_reference(transfer)) asked.push_back(&transfer);
    }
  }
  UsedReferences used;
  if (asked.empty()) return used;
  auto found = keys_.find_references(asked);
  if (!found) {
    used.unreadable = std::move(found.error());
    return used;
  }
  for (auto& one : *found) used.places.emplace(one.transfer, std::move(one.place));
  return used;
}

std::optional<Error> TransferFlow::reference_error(Submission& submission, std::uint32_t item,
                                                   const UsedReferences& used) {
  if (used.unreadable) return used.unreadable;
  const auto& transfer = submission.transfers()[item];
  const auto found = used.places.find(&transfer);
  if (found == used.places.end()) return std::nullopt;
  const auto& place = found->second;
  if (!place) return place.error();
  submission.observed = std::max(submission.observed, place->sequence);
  return reference_exists_error(transfer, *place);
}

void TransferFlow::refuse_pending(const Pending& pending, std::uint32_t blamed, Error error) {
  if (pending.item_count > 1) return refuse_all(*pending.submission, error, blamed);
  refuse(*pending.submission, pending.first_item, std::make_shared<Error>(std::move(error)));
}

bool TransferFlow::take_claims(const Pending& pending, const Known& known) {
  auto& submission = *pending.submission;
  const auto end = pending.first_item + pending.item_count;
  const auto transfers = submission.transfers();
  const auto is_open = [&](std::uint32_t i) {
    return submission.results[i].state == State::undecided;
  };
  std::vector<std::string> claims;
  std::vector<std::uint32_t> unique;
  // Items of a unit are judged in their order: an earlier one may have the reference.
  std::map<std::string_view, std::uint32_t> earlier;
  for (auto i = pending.first_item; i < end; ++i) {
    if (!is_open(i)) continue;
    const auto reference = transfers[i].reference;
    if (wants_unique_reference(transfers[i])) {
      const auto before = earlier.find(reference);
      if (before != earlier.end()) {
        const auto& key = transfers[i].idempotency_key;
        // The same transfer again, which has the effect of the first.
        if (!key.empty() && transfers[before->second].idempotency_key == key) continue;
        refuse_all(submission, reference_twice_error(transfers[i]), i);
        return false;
      }
      unique.push_back(i);
    }
    for_each_claim(transfers[i], [&](Claim claim) { claims.push_back(std::move(claim.name)); });
    if (!reference.empty()) earlier.emplace(reference, i);
  }
  for (const auto& claim : claims) {
    const auto taken = claims_in_flight_.find(claim);
    if (faults::has(faults::Defect::reversal_race) && claim.starts_with("original")) continue;
    if (taken == claims_in_flight_.end() || is_kept_for(taken->second, pending)) continue;
    taken->second.waiting.push_back(pending);
    for (auto j = pending.first_item; j < end; ++j) {
      if (is_open(j)) submission.results[j].state = State::joined;
    }
    return false;
  }
  for (const auto i : unique) {
    if (auto error = reference_error(submission, i, known.references)) {
      refuse_pending(pending, i, std::move(*error));
      return false;
    }
  }
  if (!work_out_reversals(pending, known.originals)) return false;
  for (const auto& claim : claims) claims_in_flight_[claim].kept_for = nullptr;
  return true;
}

void TransferFlow::end_claims(const Transfer& transfer, bool committed) {
  for_each_claim(transfer, [&](const Claim& claim) {
    const auto taken = claims_in_flight_.find(claim.name);
    // Two items of a unit may take the same transaction back: the first of them has ended it.
    if (taken == claims_in_flight_.end() || taken->second.kept_for != nullptr) return;
    if (!committed || !claim.is_taken_for_good) return pass_on(taken);
    const auto waiting = std::move(taken->second.waiting);
    claims_in_flight_.erase(taken);
    for (const auto& pending : waiting) {
      if (revive(pending.submission->results, pending.first_item, pending.item_count)) {
        queue_.push_back(pending);
      }
    }
  });
}

void TransferFlow::pass_on(ClaimsInFlight::iterator taken) {
  auto& [waiting, kept_for, kept_item] = taken->second;
  while (!waiting.empty()) {
    auto next = std::move(waiting.front());
    waiting.pop_front();
    // One that was cancelled is decided.
    if (!revive(next.submission->results, next.first_item, next.item_count)) continue;
    kept_for = next.submission.get();
    kept_item = next.first_item;
    next.woken = true;
    queue_.push_back(std::move(next));
    return;
  }
  claims_in_flight_.erase(taken);
}

void TransferFlow::give_back(const Pending& pending) {
  const auto transfers = pending.submission->transfers();
  for (auto i = pending.first_item; i < pending.first_item + pending.item_count; ++i) {
    for_each_claim(transfers[i], [&](const Claim& claim) {
      const auto kept = claims_in_flight_.find(claim.name);
      if (kept != claims_in_flight_.end() && is_kept_for(kept->second, pending)) pass_on(kept);
    });
  }
}

}  // namespace sg::ledger
