#include "persistence/policy_verifier.hpp"

#include <algorithm>

#include "persistence/chain/extension.hpp"

namespace sg::persistence {

void PolicyVerifier::create(const ledger::Account& account) {
  floors_.push_back(account.floor);
  const auto policy = ledger::policy_of(account);
  if (!policy.is_plain()) policies_.emplace(account.number, policy);
}

ledger::Policy PolicyVerifier::of(AccountNumber account) const {
  const auto found = policies_.find(account);
  return found == policies_.end() ? ledger::Policy{floors_[account]} : found->second;
}

bool PolicyVerifier::is_within(AccountNumber account, WideAmount before, WideAmount after) const {
  if (!ledger::fits(after)) return false;
  const auto policy = of(account);
  // What closed the account moved its balance whatever its bounds.
  if (policy.closed) return after == 0;
  return (after >= policy.floor || after >= before) && (after <= policy.ceiling || after <= before);
}

void PolicyVerifier::check(const DecodedRecord& record, const BalanceOf& balance_of,
                           const NumberOf& number_of, std::vector<std::string>& problems) {
  if (record.kind == RecordKind::policy) {
    check_policy(record, balance_of, number_of, problems);
  } else {
    check_postings(record, problems);
  }
}

void PolicyVerifier::check_postings(const DecodedRecord& record,
                                    std::vector<std::string>& problems) const {
  if (policies_.empty() && !require_balanced_) return;
  const auto name = "record " + std::to_string(record.sequence) + " ";
  WideAmount sum = 0;
  for (const auto& posting : record.postings) {
    sum += posting.amount;
    const auto found = policies_.find(posting.account);
    if (found == policies_.end()) continue;
    if (const auto why = ledger::state_problem(found->second, ledger::side_of(posting.amount))) {
      problems.push_back(name + "moves money on account number " + std::to_string(posting.account) +
                         ", which refuses it: " + std::string(to_string(*why)));
    }
  }
  if (require_balanced_ && sum != 0) {
    problems.push_back(name + "sums to " + ledger::to_text(sum) +
                       ", and the ledger has to balance");
  }
}

void PolicyVerifier::check_policy(const DecodedRecord& record, const BalanceOf& balance_of,
                                  const NumberOf& number_of, std::vector<std::string>& problems) {
  const auto name = "record " + std::to_string(record.sequence) + " ";
  const auto details = read_details(record.extension);
  const auto result = read_policy(record.extension);
  if (!details) return;  // the walk has reported it
  if (!details->policy || !result) {
    problems.push_back(name + "is a policy and does not say which");
    return;
  }
  const auto& change = *details->policy;
  ledger::PolicyResult expected;
  std::vector<std::pair<AccountNumber, Amount>> moved;
  if (change.account_id.empty()) {
    require_balanced_ = change.require_balanced.value_or(false);
    expected.require_balanced = require_balanced_;
  } else {
    expected.account = number_of(change.account_id);
    if (expected.account >= floors_.size()) {
      problems.push_back(name + "is a policy of an account that does not exist");
      return;
    }
    ledger::Standing standing{balance_of(expected.account), of(expected.account)};
    if (const auto error = apply(change, standing)) {
      problems.push_back(name + "is a policy that does not fit: " + error->message);
      return;
    }
    if (!change.sweep_to.empty()) {
      const auto target = number_of(change.sweep_to);
      if (target >= floors_.size()) {
        problems.push_back(name + "sweeps to an account that does not exist");
        return;
      }
      ledger::Standing to{balance_of(target), of(target)};
      const auto swept = sweep(change, standing, to);
      if (!swept) {
        problems.push_back(name + "sweeps what it may not: " + swept.error().message);
      } else if (*swept != 0) {
        moved = {{expected.account, -*swept}, {target, *swept}};
      }
    }
    expected.policy = standing.policy;
    expected.balance = static_cast<Amount>(standing.balance);
    policies_.insert_or_assign(expected.account, standing.policy);
  }
  if (*result != expected) problems.push_back(name + "tells another policy than it makes");
  const bool same_postings =
      std::equal(record.postings.begin(), record.postings.end(), moved.begin(), moved.end(),
                 [](const Posting& posting, const auto& move) {
                   return posting.account == move.first && posting.amount == move.second;
                 });
  if (!same_postings) problems.push_back(name + "is a policy and moves other money than it sweeps");
}

}  // namespace sg::persistence
