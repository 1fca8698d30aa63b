#include "tests/support/naive_policies.hpp"

namespace sg::test {
namespace {

using ledger::Reason;
using ledger::WideAmount;

class Unit {
 public:
  explicit Unit(NaiveLedger& ledger) : ledger_(ledger) {
    for (const auto& [id, account] : ledger.accounts) before_[id] = account.balance;
  }

  void apply(const NaiveItem& item) {
    item_ = item.item;
    if (item.policy != nullptr) return change(*item.policy);
    WideAmount sum = 0;
    for (const auto& posting : item.postings) sum += posting.amount;
    if (ledger_.require_balanced && sum != 0) refuse(Reason::entries_unbalanced);
    for (const auto& [id, amount] : item.postings) move(id, amount);
  }

  NaiveRefusals finish() {
    for (auto& [id, account] : ledger_.accounts) {
      if (account.closed) continue;
      const auto before = before_[id];
      const bool is_low = account.balance < before && account.balance < account.floor;
      const bool is_high = account.balance > before &&
                           account.balance > account.ceiling.value_or(ledger::kMaxAmount);
      for (const auto item : movers_[id]) {
        if (is_low) refusals_.emplace(item, Reason::insufficient_funds);
        if (is_high) {
          refusals_.emplace(item,
                            account.ceiling ? Reason::ceiling_exceeded : Reason::balance_overflow);
        }
      }
    }
    return std::move(refusals_);
  }

 private:
  void refuse(Reason reason) { refusals_.emplace(item_, reason); }
  NaiveAccount* find(const std::string& id) {
    const auto found = ledger_.accounts.find(id);
    return found == ledger_.accounts.end() ? nullptr : &found->second;
  }

  void move(const std::string& id, WideAmount amount) {
    auto* account = find(id);
    if (account == nullptr) return;
    if (account->closed) refuse(Reason::account_closed);
    if (amount < 0 ? account->debits_frozen : account->credits_frozen) {
      refuse(Reason::account_frozen);
    }
    account->balance += amount;
    movers_[id].insert(item_);
  }

  void change(const PolicyOrder& order) {
    const auto& change = order.change;
    if (order.account.empty()) {
      ledger_.require_balanced = *change.require_balanced;
      return;
    }
    auto* account = find(order.account);
    if (account == nullptr) return;
    if (!ledger::fits(account->balance)) return refuse(Reason::balance_overflow);
    const bool closes = change.status == ledger::AccountStatus::closed;
    if (account->closed && change.status != ledger::AccountStatus::open) {
      return refuse(Reason::account_closed);
    }
    if (change.floor) account->floor = *change.floor;
    if (change.ceiling) account->ceiling = *change.ceiling;
    if (account->ceiling == ledger::kMaxAmount || change.clear_ceiling) account->ceiling.reset();
    if (change.debits_frozen) account->debits_frozen = *change.debits_frozen;
    if (change.credits_frozen) account->credits_frozen = *change.credits_frozen;
    if (account->ceiling && account->floor > *account->ceiling) refuse(Reason::policy_conflict);
    if (!closes && !change.allow_beyond) {
      const bool above = change.floor && account->floor > account->balance;
      const bool below = change.ceiling && account->ceiling && *account->ceiling < account->balance;
      if (above || below) refuse(Reason::policy_conflict);
    }
    if (closes && !order.sweep_to.empty()) {
      const auto amount = account->balance;
      if (amount != 0) {
        move_out(*account, amount);
        move_in(order.sweep_to, amount);
      } else if (auto* target = find(order.sweep_to); target != nullptr && target->closed) {
        refuse(Reason::account_closed);
      }
      account->balance = 0;
    }
    if (closes && account->balance != 0) refuse(Reason::account_not_empty);
    account->closed = closes;
  }

  void move_out(const NaiveAccount& account, WideAmount amount) {
    if (amount > 0 ? account.debits_frozen : account.credits_frozen) refuse(Reason::account_frozen);
  }
  // Within its bounds at once, not only at the end of the unit.
  void move_in(const std::string& id, WideAmount amount) {
    auto* account = find(id);
    if (account == nullptr) return;
    move(id, amount);
    if (amount < 0 && account->balance < account->floor) refuse(Reason::insufficient_funds);
    if (amount > 0 && account->ceiling && account->balance > *account->ceiling) {
      refuse(Reason::ceiling_exceeded);
    }
    if (account->balance > ledger::kMaxAmount || amount == ledger::kMinAmount) {
      refuse(Reason::balance_overflow);
    }
  }

  NaiveLedger& ledger_;
  std::map<std::string, WideAmount> before_;
  std::map<std::string, std::set<std::uint32_t>> movers_;
  std::uint32_t item_ = 0;
  NaiveRefusals refusals_;
};

}  // namespace

NaiveRefusals apply_unit(NaiveLedger& ledger, const std::vector<NaiveItem>& items) {
  Unit unit(ledger);
  for (const auto& item : items) unit.apply(item);
  return unit.finish();
}

bool has_limits(const NaiveAccount& account, const ledger::Policy& policy) {
  const auto frozen = (account.debits_frozen ? ledger::kDebits : ledger::kNoSide) |
                      (account.credits_frozen ? ledger::kCredits : ledger::kNoSide);
  return policy.floor == account.floor &&
         policy.ceiling == account.ceiling.value_or(ledger::kMaxAmount) &&
         policy.frozen == frozen && policy.closed == account.closed;
}

}  // namespace sg::test
