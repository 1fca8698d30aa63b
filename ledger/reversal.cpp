#include "ledger/reversal.hpp"

#include <algorithm>
#include <utility>

namespace sg::ledger {
namespace {

// Calls add(amount) with amounts that fit and sum up to `sum`.
template <class Add>
void in_amounts(WideAmount sum, Add add) {
  while (sum != 0) {
    const auto part = std::clamp(sum, kMinAmount, kMaxAmount);
    add(static_cast<Amount>(part));
    sum -= part;
  }
}

Error exceeded(const Original& original, std::string_view account_id, WideAmount amount,
               WideAmount reversible) {
  const auto id = transaction_id(original.place.time, original.place.sequence);
  const std::string account(account_id);
  auto message = "the entries move " + to_text(amount) + " on account " + account + ": ";
  message += reversible == 0 ? "nothing of transaction " + id + " is left there to be taken back"
                             : "of transaction " + id + " " + to_text(reversible) +
                                   " is left there to be taken back";
  return {Reason::reversal_exceeded,
          std::move(message),
          {{"transaction_id", id},
           {"account_id", account},
           {"amount", to_text(amount)},
           {"reversible", to_text(reversible)}},
          Outcome::none};
}

Error nothing_left(const Original& original) {
  const auto id = transaction_id(original.place.time, original.place.sequence);
  return {Reason::reversal_exceeded,
          "nothing of transaction " + id + " is left to be taken back",
          {{"transaction_id", id}, {"reversible", "0"}},
          Outcome::none};
}

Error not_reversible(const Original& original) {
  const auto id = transaction_id(original.place.time, original.place.sequence);
  return {Reason::not_reversible,
          "record " + id + " moved no money: only transactions with entries can be taken back",
          {{"transaction_id", id}},
          Outcome::none};
}

Error unbalanced(const Original& original, WideAmount sum) {
  const auto id = transaction_id(original.place.time, original.place.sequence);
  return {Reason::entries_unbalanced,
          "the entries sum to " + to_text(sum) + ": transaction " + id +
              " had to be balanced, and so have its reversals",
          {{"field", "entries"}, {"sum", to_text(sum)}},
          Outcome::none};
}

}  // namespace

std::vector<Entry> all_of(std::span<const Remaining> remaining) {
  std::vector<Entry> entries;
  entries.reserve(remaining.size());
  for (const auto& one : remaining) {
    in_amounts(-one.amount, [&](Amount amount) { entries.push_back({one.account_id, amount}); });
  }
  return entries;
}

std::optional<Error> take_back(Original& original, const Transfer& reversal) {
  if (!original.is_reversible) return not_reversible(original);
  if (original.remaining.empty()) return nothing_left(original);
  absl::flat_hash_map<std::string_view, WideAmount> moved;
  WideAmount sum = 0;
  for (const auto& entry : reversal.entries) {
    moved[entry.account_id] += entry.amount;
    sum += entry.amount;
  }
  absl::flat_hash_map<std::string_view, Remaining*> left;
  for (auto& one : original.remaining) left.emplace(one.account_id, &one);
  // In entry order, so that the first account that is wrong is told.
  for (const auto& entry : reversal.entries) {
    const auto amount = moved.find(entry.account_id)->second;
    const auto found = left.find(entry.account_id);
    if (found == left.end()) return exceeded(original, entry.account_id, amount, 0);
    const auto reversible = -found->second->amount;
    const bool fits_in =
        reversible > 0 ? amount >= 0 && amount <= reversible : amount <= 0 && amount >= reversible;
    if (!fits_in) return exceeded(original, entry.account_id, amount, reversible);
  }
  const bool has_to_balance =
      original.balanced || (reversal.details != nullptr && reversal.details->balanced);
  if (has_to_balance && sum != 0) return unbalanced(original, sum);
  for (const auto& [account_id, amount] : moved) left.find(account_id)->second->amount += amount;
  std::erase_if(original.remaining, [](const Remaining& one) { return one.amount == 0; });
  return std::nullopt;
}

Remainder remainder_of(const Original& original) {
  Remainder remainder;
  remainder.balanced = original.balanced;
  for (const auto& one : original.remaining) {
    in_amounts(one.amount, [&](Amount amount) {
      remainder.parts.push_back({one.account, amount});
    });
  }
  return remainder;
}

}  // namespace sg::ledger
