// The part of the judge that explains what limits of accounts have refused.
#include <algorithm>
#include <set>
#include <string_view>

#include "tests/simulation/judgement.hpp"

namespace sg::test {

using ledger::Sequence;

// Some state between the question and the answer refuses the item for that reason, on the naive
// model of the chain. Who has a key shares a judgement that may be older.
void Judge::check_limited(const Answer& answer, const Intent& intent) {
  const auto reason = answer.error.reason;
  const auto since = intent.key.empty() ? answer.asked : *intent.first_asked;
  const auto& [intents, atomic] = answer.operation;
  std::vector<NaiveItem> unit;
  std::set<std::string_view> keys;
  for (std::size_t i = atomic ? 0 : answer.item; i < (atomic ? intents.size() : answer.item + 1);
       ++i) {
    const auto& one = log_.intents[intents[i]];
    if (!one.key.empty() && !keys.insert(one.key).second) continue;
    // What takes back all that is left does not say how much that is.
    if (reverses_all(one)) return;
    unit.push_back(
        {static_cast<std::uint32_t>(i), one.postings, one.policy ? &*one.policy : nullptr});
  }
  const auto refuses = [&](NaiveLedger state) {
    if (intent.creates) return state.require_balanced && intent.opening != 0;
    return apply_unit(state, unit).contains({static_cast<std::uint32_t>(answer.item), reason});
  };
  // The state at `since` is that of the last unit before it.
  auto from = chain_.naive.upper_bound(since);
  if (from != chain_.naive.begin()) --from;
  for (auto at = from; at != chain_.naive.end() && (at == from || at->first <= answer.told); ++at) {
    if (refuses(at->second)) return;
  }
  breach(intent.name + ": " + answer.error.message + ", but no state refuses it");
}

}  // namespace sg::test
