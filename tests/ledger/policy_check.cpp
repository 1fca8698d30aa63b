#include "tests/ledger/policy_check.hpp"

#include <algorithm>

namespace sg::test {
namespace {

using ledger::Amount;
using ledger::Reason;
using ledger::Sequence;

NaiveAccount naive(Amount balance, const ledger::Policy& policy) {
  NaiveAccount account{balance, policy.floor};
  if (policy.ceiling != ledger::kMaxAmount) account.ceiling = policy.ceiling;
  return account;
}

// The items of a unit of the chain. A policy's postings follow from the model.
std::vector<NaiveItem> items_of(const ModelUnit& unit) {
  std::vector<NaiveItem> items;
  for (const auto& record : unit.records) {
    const auto& submission = static_cast<const TestSubmission&>(*record.submission);
    if (submission.transfers().empty() || submission.key_request() != nullptr) continue;
    const auto& policy = submission.orders()[record.item].policy;
    items.push_back({record.item, policy ? std::vector<Posting>() : record.postings,
                     policy ? &*policy : nullptr});
  }
  return items;
}

void apply_creations(NaiveLedger& ledger, const ModelUnit& unit, std::vector<std::string>& faults) {
  for (const auto& record : unit.records) {
    const auto* created = std::get_if<ledger::NewAccount>(&record.submission->operation);
    if (created == nullptr) continue;
    ledger.accounts[created->id] = naive(created->initial_balance, ledger::policy_of(*created));
    if (ledger.require_balanced && created->initial_balance != 0) {
      faults.push_back("money came from nowhere with account " + created->id);
    }
  }
}

}  // namespace

std::vector<NaiveLedger> replay(const ModelJournal& journal, Sequence since, Sequence until,
                                std::vector<std::string>& faults) {
  NaiveLedger ledger;
  for (const auto& [id, account] : journal.first().accounts) {
    ledger.accounts[id] = naive(account.balance, account.policy);
  }
  std::vector<NaiveLedger> states{ledger};
  for (const auto& unit : journal.chain()) {
    if (unit.records.back().sequence > until) break;
    apply_creations(ledger, unit, faults);
    for (const auto& [item, reason] : apply_unit(ledger, items_of(unit))) {
      faults.push_back("the chain breaks a policy: " + std::string(to_string(reason)));
    }
    if (unit.records.back().sequence <= since) states.clear();
    states.push_back(ledger);
  }
  return states;
}

bool is_refused_by_one(const std::vector<NaiveLedger>& states, const TestSubmission& submission,
                       const std::vector<std::uint32_t>& items, std::uint32_t item, Reason reason) {
  std::vector<NaiveItem> unit;
  for (const auto i : items) {
    const auto& policy = submission.orders()[i].policy;
    NaiveItem one{i, {}, policy ? &*policy : nullptr};
    for (const auto& entry : submission.transfers()[i].entries) {
      if (!policy) one.postings.push_back({std::string(entry.account_id), entry.amount});
    }
    unit.push_back(std::move(one));
  }
  return std::any_of(states.begin(), states.end(), [&](NaiveLedger state) {
    return apply_unit(state, unit).contains({item, reason});
  });
}

}  // namespace sg::test
