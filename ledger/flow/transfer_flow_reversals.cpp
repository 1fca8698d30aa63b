// The part of the transfer flow that works reversals out: what they move, and what they leave.
//
// What is left of the originals is read as a batch is formed. A reversal is worked out once nobody
// else takes its original back (transfer_flow_claims.cpp), so that stands until the item ends; the
// journal looks once more (booking.cpp).
#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <utility>

#include "ledger/flow/claim.hpp"
#include "ledger/flow/refusal_text.hpp"
#include "ledger/flow/transfer_flow.hpp"

namespace sg::ledger {
namespace {

using State = ItemResult::State;

// Amounts of all submissions under way that are held for reversals: about 100 MiB. A request of a
// few bytes may name a transaction of thousands of entries.
constexpr std::size_t kMostReversedEntries = 1'000'000;

}  // namespace

TransferFlow::KnownOriginals TransferFlow::look_up_originals(std::span<const Pending> pending) {
  KnownOriginals known;
  for (const auto& one : pending) {
    if (!one.submission->reversals) continue;
    for (const auto i : reversals_among(one)) {
      known.emplace(one.submission->transfers()[i].details->reverses, std::nullopt);
    }
  }
  if (known.empty()) return known;
  std::vector<TransactionPlace> places;
  for (const auto& [place, original] : known) places.push_back(place);
  const auto most = kMostReversedEntries - std::min(reversed_entries_, kMostReversedEntries);
  auto found = keys_.originals(places, most);
  auto next = found.begin();
  for (auto& [place, original] : known) original = std::move(*next++);
  return known;
}

std::vector<std::uint32_t> TransferFlow::reversals_among(const Pending& pending) {
  const auto& submission = *pending.submission;
  const auto transfers = submission.transfers();
  std::vector<std::uint32_t> items;
  absl::flat_hash_set<std::string_view> keys;
  for (auto i = pending.first_item; i < pending.first_item + pending.item_count; ++i) {
    if (submission.results[i].state != State::undecided || !is_reversal(transfers[i])) continue;
    const auto key = transfers[i].idempotency_key;
    const bool counts = key.empty() || !submission.is_atomic() || keys.insert(key).second;
    if (counts) items.push_back(i);
  }
  return items;
}

void TransferFlow::drop_remainder(Submission& submission, std::uint32_t item) {
  if (!submission.reversals || submission.reversals->of_item[item] == nullptr) return;
  if (submission.reversals->amounts == 0) return;  // the submission is told, and counts no more
  auto& parts = submission.reversals->of_item[item]->remainder.parts;
  submission.reversals->amounts -= parts.size();
  reversed_entries_ -= parts.size();
  std::exchange(parts, {});
}

bool TransferFlow::has_room_for(const Pending& pending, std::span<const std::uint32_t> items,
                                const KnownOriginals& known) {
  const auto& submission = *pending.submission;
  std::size_t left = 0;  // after each of them
  std::size_t made = 0;
  bool any_unread = false;
  for (const auto i : items) {
    const auto& transfer = submission.transfers()[i];
    const auto& original = **known.find(transfer.details->reverses)->second;
    const auto accounts = original.remaining.size();
    any_unread = any_unread || original.is_unread;
    left += accounts;
    if (reverses_all(transfer)) made += 2 * accounts;
    const auto made_before = submission.reversals->made;
    if (left > kMaxReversedEntries || made_before + made > 2 * kMaxReversedEntries) {
      refuse_pending(pending, i, too_many_reversed_error());
      return false;
    }
  }
  // Only now: what is too much by itself must not be told to try again.
  if (any_unread || reversed_entries_ + left + made > kMostReversedEntries) {
    refuse_pending(pending, items.front(), reversals_overloaded_error());
    return false;
  }
  return true;
}

std::optional<Error> TransferFlow::work_out(Submission& submission, std::uint32_t item,
                                            Original& original) {
  auto& transfer = std::get<TransferBatch>(submission.operation).transfers[item];
  auto& reversals = *submission.reversals;
  auto& reversal = reversals.all.emplace_back();
  if (reverses_all(transfer)) {
    reversal.before = original.remaining;
    reversal.entries = all_of(reversal.before);
    transfer.entries = reversal.entries;
    reversals.made += reversal.before.size() + reversal.entries.size();
  }
  auto error = take_back(original, transfer);
  // It moves nothing then, and asks for no lock.
  if (error && reverses_all(transfer)) transfer.entries = {};
  if (!error) reversal.remainder = remainder_of(original);
  const auto held =
      reversal.before.size() + reversal.entries.size() + reversal.remainder.parts.size();
  drop_remainder(submission, item);
  reversals.of_item[item] = &reversal;
  reversals.amounts += held;
  reversed_entries_ += held;
  return error;
}

bool TransferFlow::work_out_reversals(const Pending& pending, const KnownOriginals& known) {
  state_.reset();
  auto& submission = *pending.submission;
  if (!submission.reversals) return true;
  const auto transfers = submission.transfers();
  const auto items = reversals_among(pending);
  for (const auto i : items) {
    const auto& original = known.find(transfers[i].details->reverses)->second;
    if (original && *original) {
      submission.observed = std::max(submission.observed, (*original)->newest);
      continue;
    }
    refuse_pending(pending, i, original ? missing_original_error(transfers[i]) : original.error());
    return false;
  }
  if (!has_room_for(pending, items, known)) return false;
  // Items of a unit are judged in their order: what one takes back is not left for the next.
  absl::flat_hash_map<Sequence, Original> originals;
  for (const auto i : items) {
    const auto& place = transfers[i].details->reverses;
    auto& original =
        originals.try_emplace(place.sequence, **known.find(place)->second).first->second;
    auto error = work_out(submission, i, original);
    if (error && !state_) state_ = StateRefusal{i, std::move(*error)};
  }
  return true;
}

}  // namespace sg::ledger
