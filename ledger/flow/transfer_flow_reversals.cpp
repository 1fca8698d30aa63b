// The part of the transfer flow that works reversals out: what they move, and what they leave.
//
// It reads what is left of the original once nobody else takes that back
// (transfer_flow_claims.cpp). So what it works out stands until the item ends; the journal looks
// once more (booking.cpp).
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

std::size_t amounts_in(const Reversal& reversal) {
  return reversal.before.size() + reversal.entries.size() + reversal.remainder.parts.size();
}

}  // namespace

Result<Original> TransferFlow::find_original(Submission& submission, std::uint32_t item) {
  const auto& transfer = submission.transfers()[item];
  auto found = keys_.original(transfer.details->reverses);
  if (!found) return tl::unexpected(std::move(found.error()));
  if (!*found) return tl::unexpected(missing_original_error(transfer));
  submission.observed = std::max(submission.observed, (*found)->newest);
  return std::move(**found);
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
  }
  auto error = take_back(original, transfer);
  // It moves nothing then, and asks for no lock.
  if (error && reverses_all(transfer)) transfer.entries = {};
  reversal.remainder = remainder_of(original);
  const auto held = amounts_in(reversal);
  auto& latest = reversals.of_item[item];
  if (latest != nullptr) {
    reversals.entries -= amounts_in(*latest);
    reversed_entries_ -= amounts_in(*latest);
  }
  latest = &reversal;
  reversals.entries += held;
  reversed_entries_ += held;
  return error;
}

bool TransferFlow::work_out_reversals(const Pending& pending) {
  state_.reset();
  auto& submission = *pending.submission;
  const auto transfers = submission.transfers();
  std::vector<std::uint32_t> items;
  // Of a unit's transfers with one key the first one counts.
  absl::flat_hash_set<std::string_view> keys;
  for (auto i = pending.first_item; i < pending.first_item + pending.item_count; ++i) {
    if (submission.results[i].state != State::undecided || !is_reversal(transfers[i])) continue;
    const auto key = transfers[i].idempotency_key;
    if (key.empty() || keys.insert(key).second) items.push_back(i);
  }
  if (items.empty()) return true;
  if (!submission.reversals) submission.reversals = std::make_unique<Reversals>();
  // Items of a unit are judged in their order: what one takes back is not left for the next.
  absl::flat_hash_map<Sequence, Original> originals;
  std::size_t amounts = 0;
  for (const auto i : items) {
    const auto& place = transfers[i].details->reverses;
    const auto known = originals.find(place.sequence);
    if (known != originals.end() && known->second.place == place) continue;
    auto original = find_original(submission, i);
    if (!original) {
      refuse_pending(pending, i, std::move(original.error()));
      return false;
    }
    amounts += original->remaining.size();
    if (submission.reversals->entries + amounts > kMaxReversedEntries) {
      refuse_pending(pending, i, too_many_reversed_error());
      return false;
    }
    if (reversed_entries_ + amounts > kMostReversedEntries) {
      refuse_pending(pending, i, reversals_overloaded_error());
      return false;
    }
    originals.emplace(place.sequence, std::move(*original));
  }
  for (const auto i : items) {
    auto& original = originals.find(transfers[i].details->reverses.sequence)->second;
    auto error = work_out(submission, i, original);
    if (error && !state_) state_ = StateRefusal{i, std::move(*error)};
  }
  return true;
}

}  // namespace sg::ledger
