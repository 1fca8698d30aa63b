// What the judge makes of answers about keys, references and transactions that are taken back.
#include <algorithm>

#include "tests/simulation/judgement.hpp"
#include "tests/support/error_fact.hpp"

namespace sg::test {

using ledger::Reason;
using ledger::Sequence;
using ledger::WideAmount;
using State = ledger::ItemResult::State;

// Keys never expire here.
void Judge::check_key_outcome(const Answer& answer, const Intent& intent) {
  const auto text = "the outcome of " + intent.key + " was told ";
  if (answer.sequence > answer.told) return breach(text + "before it was durable");
  const auto bound = chain_.keys.find(intent.key);
  const auto seal = chain_.seals.find(intent.key);
  const auto committed_at = bound == chain_.keys.end() ? 0 : bound->second.first;
  const auto sealed_at = seal == chain_.seals.end() ? 0 : seal->second;
  switch (answer.state) {
    case State::committed:
      if (committed_at != answer.sequence) breach(text + "COMMITTED by another record");
      return;
    case State::sealed:
      if (sealed_at != answer.sequence) breach(text + "SEALED by another record");
      return;
    case State::unbound: {
      if (intent.seals) return breach(text + "UNBOUND to one who has sealed it");
      if (!log_.has_nodes && answer.sequence < answer.asked) {
        return breach(text + "from what was too old");
      }
      // The leader's own store may be behind what another has shown: what was committed up to there
      // is in flight with the leader, and the question would have joined it.
      const auto until = std::max(answer.sequence, answer.asked);
      const auto at = std::max(committed_at, sealed_at);
      if (at != 0 && at <= until) breach(text + "UNBOUND, and it was bound");
      return;
    }
    default:
      return breach(text + "without a state");
  }
}

// Whoever is refused for a sealed key, or for one of another item of the batch.
void Judge::check_sealed(const Answer& answer, const Intent& intent) {
  const auto key = fact(answer.error, "idempotency_key");
  const auto text = intent.name + ": KEY_SEALED of " + key;
  if (key != intent.key) return breach(text + ", which is not its own");
  const auto seal = chain_.seals.find(key);
  if (seal == chain_.seals.end() || seal->second > answer.told) {
    breach(text + ", but nothing durable has sealed it");
  }
}

// The transaction that is told has the reference, or an earlier item of the same atomic batch.
void Judge::check_reference(const Answer& answer, const Intent& intent) {
  const auto text = intent.name + ": " + answer.error.message;
  if (!intent.unique) return breach(text + ", but it asked for no unique reference");
  const auto id = fact(answer.error, "transaction_id");
  if (id.empty()) {
    const auto& [intents, atomic] = answer.operation;
    const bool is_earlier = std::any_of(
        intents.begin(), intents.begin() + static_cast<std::ptrdiff_t>(answer.item),
        [&](IntentId other) { return reference_of(log_.intents[other]) == reference_of(intent); });
    if (!atomic || !is_earlier) breach(text + ", but no earlier item has it");
    return;
  }
  const auto place = ledger::parse_transaction_id(id);
  const auto record =
      place ? store_.transaction(place->sequence)
            : persistence::StoreResult<std::optional<persistence::StoredTransaction>>();
  if (!record || !*record || (*record)->reference != reference_of(intent)) {
    return breach(text + ", but that is no transaction with its reference");
  }
  if (place->sequence > answer.told) breach(text + ", which was not durable");
}

// What an earlier item of the same atomic batch takes back is not left for this one.
void Judge::check_not_reversed(const Answer& answer, const Intent& intent) {
  const auto text = intent.name + ": " + answer.error.message;
  const auto original = intent.reverses.sequence;
  const auto found = chain_.remainders.find(original);
  if (original == 0) return breach(text + ", but it takes nothing back");
  if (found == chain_.remainders.end()) {
    const bool is_record = chain_.names.contains(original) && original <= answer.told;
    const bool is_right = answer.error.reason == Reason::not_reversible && is_record;
    return is_right ? void() : breach(text + ", but that is no transaction");
  }
  if (answer.error.reason == Reason::not_reversible) {
    // A policy may move nothing.
    const bool moved = !found->second.begin()->second.empty();
    return moved ? breach(text + ", but it moved money") : void();
  }
  const auto& [intents, atomic] = answer.operation;
  std::map<std::string, WideAmount> before;
  for (std::size_t i = 0; atomic && i < answer.item; ++i) {
    const auto& earlier = log_.intents[intents[i]];
    if (earlier.reverses.sequence != original) continue;
    if (reverses_all(earlier)) return;
    for (const auto& posting : earlier.postings) before[posting.account] += posting.amount;
  }
  std::map<std::string, WideAmount> asked;
  for (const auto& posting : intent.postings) asked[posting.account] += posting.amount;
  const auto since = intent.key.empty() ? answer.asked : *intent.first_asked;
  const auto& states = found->second;
  for (auto state = states.begin(); state != states.end() && state->first <= answer.told; ++state) {
    const auto next = std::next(state);
    if (next != states.end() && next->first <= since) continue;
    auto left = state->second;
    for (const auto& [account, amount] : before) left[account] += amount;
    const bool is_empty =
        std::all_of(left.begin(), left.end(), [](const auto& one) { return one.second == 0; });
    if (is_empty || std::any_of(asked.begin(), asked.end(), [&left](const auto& one) {
          return !can_take(left[one.first], one.second);
        })) {
      return;
    }
  }
  breach(text + ", but no serial order refuses it");
}

void Judge::check_original_missing(const Answer& answer, const Intent& intent) {
  const auto text = intent.name + ": " + answer.error.message;
  const auto& place = intent.reverses;
  if (place.sequence == 0) return breach(text + ", but it takes nothing back");
  const auto record = store_.transaction(place.sequence);
  const bool is_there = record && *record && (*record)->time == place.time;
  const auto since = intent.key.empty() ? answer.asked : *intent.first_asked;
  if (is_there && place.sequence <= since) breach(text + ", but it was there");
}

}  // namespace sg::test
