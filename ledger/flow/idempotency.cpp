#include "ledger/flow/idempotency.hpp"

#include <algorithm>

namespace sg::ledger {

BatchBinding judge_batch(std::span<const std::optional<KeyBinding>> bindings) {
  using Verdict = BatchBinding::Verdict;
  const auto first_bound = std::find_if(bindings.begin(), bindings.end(),
                                        [](const auto& binding) { return binding.has_value(); });
  if (first_bound == bindings.end()) return {};
  // A batch of one key equals a plain transfer, which may have been part of any batch.
  const bool alone = bindings.size() == 1;
  const auto fits = [&](std::size_t i) {
    const auto& binding = *bindings[i];
    if (!binding.same_content || alone) return binding.same_content;
    // The sequence of the batch's first record, if this record belongs to such a batch.
    const auto start = bindings.front() ? bindings.front()->sequence : binding.sequence - i;
    return binding.sequence == start + i && binding.starts_unit == (i == 0) &&
           binding.ends_unit == (i + 1 == bindings.size());
  };
  bool all_bound = true;
  for (std::size_t i = 0; i < bindings.size(); ++i) {
    if (!bindings[i]) {
      all_bound = false;
    } else if (!fits(i)) {
      return {Verdict::mismatch, i};
    }
  }
  if (all_bound) return {Verdict::replayed, 0};
  return {Verdict::mismatch, static_cast<std::size_t>(first_bound - bindings.begin())};
}

}  // namespace sg::ledger
