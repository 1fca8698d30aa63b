#include "tests/simulation/judge.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <string_view>

#include "ledger/invariant.hpp"
#include "tests/simulation/judgement.hpp"
#include "tests/support/error_fact.hpp"

namespace sg::test {

using ledger::Amount;
using ledger::Outcome;
using ledger::Reason;
using ledger::Sequence;
using ledger::WideAmount;
using State = ledger::ItemResult::State;

namespace {

// Amounts in facts may be wider than a balance; such a one could never be granted.
bool is_wide(const std::string& amount) { return amount.size() > 18; }

}  // namespace

bool Judge::had(const Timeline& timeline, Sequence first, Sequence last,
                const std::function<bool(Amount)>& balance) {
  const auto& points = timeline.points;
  for (std::size_t i = 0; i < points.size() && points[i].from <= last; ++i) {
    const auto next =
        i + 1 < points.size() ? points[i + 1].from : std::numeric_limits<Sequence>::max();
    if (next > first && balance(points[i].balance)) return true;
  }
  return false;
}

void Judge::check_verification() {
  const auto report = store_.verify({});
  if (!report) return breach("the store cannot be verified: " + report.error().message);
  for (const auto& problem : report->problems) breach("verification: " + problem);
}

void Judge::check_balances() {
  const auto balances = store_.load_balances();
  if (!balances) return breach("the balances cannot be read: " + balances.error().message);
  for (const auto& [id, timeline] : chain_.accounts) {
    if (timeline.points.empty()) continue;
    if (balances->at(timeline.number) != timeline.points.back().balance) {
      breach("the store's balance of " + id + " is " +
             std::to_string(balances->at(timeline.number)) + ", the chain's " +
             std::to_string(timeline.points.back().balance));
    }
  }
}

void Judge::check_histories() {
  for (const auto& [id, timeline] : chain_.accounts) {
    persistence::TransactionRange range;
    range.account = timeline.number;
    range.limit = timeline.transactions.size() + 1;
    const auto history = store_.transactions(range);
    if (!history) {
      breach("the history of " + id + " cannot be read");
      continue;
    }
    const bool same =
        std::equal(history->rbegin(), history->rend(), timeline.transactions.begin(),
                   timeline.transactions.end(), [](const auto& listed, const auto& done) {
                     return listed.sequence == done.first && listed.reference == done.second;
                   });
    if (!same) breach("the history of " + id + " is not what the chain has of it");
  }
}

std::vector<std::string> Judge::effects_of(const Operation& operation) const {
  std::vector<std::string> names;
  std::set<std::string_view> keys;
  for (const auto id : operation.intents) {
    const auto& intent = log_.intents[id];
    if (intent.key.empty() || keys.insert(intent.key).second) names.push_back(intent.name);
  }
  return names;
}

// Whatever was committed as a whole is what somebody asked for as a whole.
void Judge::check_units() {
  std::set<std::vector<std::string>> asked;
  for (const auto& operation : log_.operations) {
    if (operation.atomic) {
      asked.insert(effects_of(operation));
      continue;
    }
    for (const auto id : operation.intents) asked.insert({log_.intents[id].name});
  }
  for (const auto& [first, names] : chain_.units) {
    if (asked.contains(names)) continue;
    breach("what was committed as a whole at " + std::to_string(first) + ", " + names.front() +
           " and " + std::to_string(names.size() - 1) + " more, was asked for by nobody");
  }
}

bool Judge::is_committed_whole(const Operation& operation) const {
  const auto names = effects_of(operation);
  const auto found = chain_.by_name.find(names.front());
  if (found == chain_.by_name.end()) return false;
  if (names.size() == 1) return true;
  const auto unit = chain_.units.find(found->second);
  return unit != chain_.units.end() && unit->second == names;
}

void Judge::check_answer(const Answer& answer) {
  const auto& intent = log_.intents[answer.intent];
  if (intent.asks_key && answer.state != State::refused) {
    check_key_outcome(answer, intent);
  } else if (answer.committed) {
    check_committed(answer, intent);
  } else {
    check_refused(answer, intent);
  }
}

void Judge::check_committed(const Answer& answer, const Intent& intent) {
  const auto found = chain_.by_name.find(intent.name);
  if (found == chain_.by_name.end()) {
    return breach(intent.name + " was told committed and is not there");
  }
  if (found->second != answer.sequence) {
    breach(intent.name + " was told at " + std::to_string(answer.sequence) + " and stands at " +
           std::to_string(found->second));
  }
  if (answer.sequence > answer.told) breach(intent.name + " was told before it was durable");
  if (answer.operation.atomic && !is_committed_whole(answer.operation)) {
    breach(intent.name + " was told committed, but its atomic batch is not one unit of the chain");
  }
  // What was told before this was asked for stands before it.
  if (answer.sequence <= *intent.first_asked) {
    breach(intent.name + " stands before what was durable when it was asked for");
  }
}

void Judge::check_refused(const Answer& answer, const Intent& intent) {
  const auto& error = answer.error;
  const auto text = intent.name + ": " + std::string(to_string(error.reason));
  const auto code = code_of(error.reason);
  const bool is_final = code == ledger::Code::failed_precondition ||
                        code == ledger::Code::out_of_range || code == ledger::Code::not_found;
  // A key, or a reference that has to be unique, decides before anything else is looked at.
  const bool keyed = !intent.key.empty();
  const bool is_overlooked =
      is_final ||
      (keyed && (error.reason == Reason::reference_exists ||
                 (error.reason == Reason::idempotency_mismatch && !answer.operation.atomic)));
  if (const auto own = chain_.by_name.find(intent.name);
      (keyed || intent.unique) && own != chain_.by_name.end() && own->second <= answer.asked &&
      is_overlooked) {
    return breach(text + ", but its key, or its reference, had been committed");
  }
  // "Nothing changed" is no less wrong when it comes with "try again".
  const bool tells_none =
      error.outcome == Outcome::none &&
      (code == ledger::Code::unavailable || code == ledger::Code::deadline_exceeded ||
       code == ledger::Code::cancelled);
  if (const auto own = chain_.by_name.find(intent.name); tells_none && !intent.key.empty() &&
                                                         own != chain_.by_name.end() &&
                                                         own->second <= answer.asked) {
    return breach(text + " with nothing changed, but its key had been committed");
  }
  const bool is_trouble =
      code == ledger::Code::unavailable || code == ledger::Code::resource_exhausted ||
      code == ledger::Code::deadline_exceeded || code == ledger::Code::cancelled;
  // Some node has an older program, and may keep it.
  if (error.reason == Reason::cluster_upgrading) return;
  if (answer.healthy && is_trouble) {
    return breach(text + " from a ledger without a fault: " + error.message);
  }
  if (is_trouble) return;
  switch (error.reason) {
    case Reason::insufficient_funds:
    case Reason::balance_overflow:
      return chain_.naive.empty() ? check_range(answer, intent) : check_limited(answer, intent);
    case Reason::ceiling_exceeded:
    case Reason::account_closed:
    case Reason::account_frozen:
    case Reason::account_not_empty:
    case Reason::policy_conflict:
    case Reason::entries_unbalanced:
      return check_limited(answer, intent);
    case Reason::account_not_found: {
      const auto* account = timeline(fact(error, "account_id"));
      // A duplicate shares a judgement that may be older than itself.
      const auto since = intent.key.empty() ? answer.asked : *intent.first_asked;
      if (account != nullptr && account->exists_at(since)) {
        breach(text + " of " + fact(error, "account_id") + ", which was there");
      }
      return;
    }
    case Reason::account_exists: {
      const auto* account = timeline(intent.name);
      if (account == nullptr || !account->exists_at(answer.told)) {
        breach(text + ", but it was not there");
      }
      return;
    }
    case Reason::key_sealed:
      return check_sealed(answer, intent);
    case Reason::idempotency_mismatch: {
      const auto& intents = answer.operation.intents;
      const bool twins = std::any_of(intents.begin(), intents.end(), [&](IntentId other) {
        return log_.intents[other].key == intent.key && log_.intents[other].name != intent.name;
      });
      if (twins) return;
      const auto bound = chain_.keys.find(intent.key);
      if (bound == chain_.keys.end() || bound->second.first > answer.told) {
        return breach(text + ", but nothing had its key");
      }
      const bool is_replay = answer.operation.atomic ? is_committed_whole(answer.operation)
                                                     : bound->second.second == intent.name;
      if (is_replay) breach(text + ", but that is what was committed");
      return;
    }
    case Reason::reference_exists:
      return check_reference(answer, intent);
    case Reason::reversal_exceeded:
    case Reason::not_reversible:
      return check_not_reversed(answer, intent);
    case Reason::transaction_not_found:
      return check_original_missing(answer, intent);
    case Reason::batch_aborted:
      if (std::none_of(log_.answers.begin(), log_.answers.end(), [&](const Answer& other) {
            return other.attempt == answer.attempt && !other.committed &&
                   other.error.reason != Reason::batch_aborted;
          })) {
        breach(text + ", and no item of the batch carries the refusal");
      }
      return;
    case Reason::internal:
      return breach(text + ", " + error.message);
    default:
      return breach(text + " of a valid request: " + error.message);
  }
}

WideAmount Judge::moved_through(const Answer& answer, const std::string& account) const {
  const auto& [intents, atomic] = answer.operation;
  std::set<std::string_view> keys;
  WideAmount moved = 0;
  for (std::size_t i = atomic ? 0 : answer.item; i <= answer.item; ++i) {
    const auto& intent = log_.intents[intents[i]];
    if (!intent.key.empty() && !keys.insert(intent.key).second) continue;
    for (const auto& posting : intent.postings) {
      if (posting.account == account) moved += posting.amount;
    }
  }
  return moved;
}

void Judge::check_range(const Answer& answer, const Intent& intent) {
  const auto& error = answer.error;
  const auto text = intent.name + ": " + error.message;
  const auto* account = timeline(fact(error, "account_id"));
  if (account == nullptr) return breach(text + ", but there is no such account");
  const auto shown = fact(error, "balance");
  if (!had(*account, 0, answer.told,
           [&](Amount balance) { return std::to_string(balance) == shown; })) {
    breach(text + ", but " + shown + " was never its durable balance");
  }
  const auto amount_text = fact(error, "amount");
  if (is_wide(amount_text)) return;
  // What takes back all that is left does not say how much that is.
  const auto& [intents, atomic] = answer.operation;
  const bool takes_all = std::any_of(intents.begin(), intents.end(), [this](IntentId id) {
    return reverses_all(log_.intents[id]);
  });
  if (takes_all && atomic) return;
  const auto amount = reverses_all(intent) ? std::stoll(amount_text)
                                           : moved_through(answer, fact(error, "account_id"));
  const auto since = intent.key.empty() ? answer.asked : *intent.first_asked;
  const bool low = error.reason == Reason::insufficient_funds;
  if (!had(*account, since, answer.told, [&](Amount balance) {
        const WideAmount after = balance + amount;
        return low ? after < account->floor : after > ledger::kMaxAmount;
      })) {
    breach(text + ", but no serial order refuses it");
  }
}

void Judge::check_absent() {
  for (const auto& intent : log_.intents) {
    if (!intent.must_be_absent) continue;
    // An account that exists may be another one's work.
    if (intent.creates) continue;
    if (chain_.by_name.contains(intent.name)) {
      breach(intent.name + " was refused, and was done");
    }
  }
  for (const auto& [id, until] : log_.absent_until) {
    const auto& intent = log_.intents[id];
    const auto done = chain_.by_name.find(intent.name);
    if (intent.creates || done == chain_.by_name.end() || done->second > until) continue;
    breach(intent.name + " was refused, and was done before anybody asked for it again");
  }
}

void Judge::check_reading(const Reading& reading) {
  const auto* account = timeline(reading.account);
  if (!reading.balance) {
    if (account != nullptr && account->exists_at(reading.asked)) {
      breach(reading.account + " was not found, but it was there");
    }
    return;
  }
  if (account == nullptr || !account->exists_at(reading.told)) {
    return breach(reading.account + " was read before it was durable");
  }
  if (!had(*account, reading.asked, reading.told,
           [&](Amount balance) { return balance == *reading.balance; })) {
    breach(reading.account + " was read as " + std::to_string(*reading.balance) +
           ", which it was not between " + std::to_string(reading.asked) + " and " +
           std::to_string(reading.told));
  }
}

void Judge::check_listing(const Listing& listing) {
  const auto* account = timeline(listing.account);
  const auto none = std::vector<std::pair<Sequence, std::string>>{};
  const auto& all = account == nullptr ? none : account->transactions;
  // The listing's newest tells the moment.
  const auto matches = [&](std::size_t count) {
    const auto listed = std::min(listing.limit, count);
    if (listed != listing.names.size()) return false;
    for (std::size_t i = 0; i < listed; ++i) {
      if (all[count - 1 - i].second != listing.names[i]) return false;
    }
    return true;
  };
  for (std::size_t count = 0; count <= all.size(); ++count) {
    const bool too_early = count < all.size() && all[count].first <= listing.asked;
    const bool too_late = count > 0 && all[count - 1].first > listing.told;
    if (!too_early && !too_late && matches(count)) return;
  }
  breach("the listing of " + listing.account + " is of no moment between " +
         std::to_string(listing.asked) + " and " + std::to_string(listing.told));
}

Breaches judge_invariants(std::uint64_t before) {
  if (ledger::invariants_broken() == before) return {};
  return {"the program broke an invariant of its own"};
}

Breaches judge(const persistence::Store& store, const ClientLog& log) {
  return Judge(store, log).run();
}

}  // namespace sg::test
