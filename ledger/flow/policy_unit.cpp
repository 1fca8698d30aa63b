#include "ledger/flow/policy_unit.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sg::ledger {
namespace {

bool is_undecided(const ItemResult& result) { return result.state == ItemResult::State::undecided; }

constexpr std::string_view kWhose = "the ledger's policy require_balanced";

// The accounts that a unit has locked exclusively, while its items are gone through.
class Accounts {
 public:
  Accounts(const LockBatch& batch, const Unit& unit, const StandingOf& standing_of) {
    auto at = unit.first_account;
    const auto transfers = unit.submission->transfers();
    for (auto i = unit.first_item; i < unit.first_item + unit.item_count; ++i) {
      if (!is_undecided(unit.submission->results[i])) continue;
      for (const auto& entry : transfers[i].entries) {
        const auto number = batch.account_numbers[at++];
        if (!is_policy(transfers[i]) || all_.contains(number)) continue;
        const auto standing = standing_of(number);
        all_.emplace(number, Account{entry.account_id, standing, standing.balance, {}});
      }
    }
  }

  // Null if the account is not locked exclusively.
  Standing* find(AccountNumber number) {
    const auto found = all_.find(number);
    return found == all_.end() ? nullptr : &found->second.standing;
  }
  // The item has moved so much on the account.
  void note_move(AccountNumber number, std::uint32_t item, WideAmount amount) {
    auto& account = all_.find(number)->second;
    if (account.moves.empty() || account.moves.back().item != item) {
      account.moves.push_back({item, 0, 0});
    }
    account.moves.back().amount += amount;
    account.moves.back().after = account.standing.balance;
  }
  // Which item takes an account out of its bounds, if the unit does.
  std::optional<StateRefusal> check_bounds() const {
    std::optional<StateRefusal> first;
    for (const auto& [number, account] : all_) {
      auto refusal = check_bounds(account);
      if (refusal && (!first || refusal->item < first->item)) first = std::move(refusal);
    }
    return first;
  }
  void store(ExclusiveOutcome& outcome) const {
    for (const auto& [number, account] : all_) {
      outcome.accounts.push_back(
          {number, static_cast<Amount>(account.standing.balance), account.standing.policy});
    }
  }

 private:
  struct Move {
    std::uint32_t item = 0;
    WideAmount amount = 0;  // of the item, netted
    WideAmount after = 0;   // the balance
  };
  struct Account {
    std::string_view id;
    Standing standing;
    WideAmount before = 0;  // the balance before the unit
    std::vector<Move> moves;
  };

  static std::optional<StateRefusal> check_bounds(const Account& account) {
    const auto balance = account.standing.balance;
    const Policy& policy = account.standing.policy;
    const bool falls = balance < account.before && balance < policy.floor;
    const bool rises = balance > account.before && balance > policy.ceiling;
    // What closes an account has left nothing on it.
    if (policy.closed || (!falls && !rises)) return std::nullopt;
    const auto is_out = [&](const Move& move) {
      return falls ? move.after < policy.floor && move.amount < 0
                   : move.after > policy.ceiling && move.amount > 0;
    };
    // There is one, since the last move that goes that way and stays out is.
    const auto& blamed = *std::find_if(account.moves.begin(), account.moves.end(), is_out);
    const auto too_high =
        policy.has_ceiling() ? Reason::ceiling_exceeded : Reason::balance_overflow;
    return StateRefusal{blamed.item,
                        bound_error(falls ? Reason::insufficient_funds : too_high, account.id,
                                    {account.before, policy}, blamed.amount)};
  }

  std::map<AccountNumber, Account> all_;
};

// One unit, item by item.
class Judge {
 public:
  Judge(const LockBatch& batch, const Unit& unit, const StandingOf& standing_of,
        bool require_balanced)
      : numbers_(batch.account_numbers),
        at_(unit.first_account),
        accounts_(batch, unit, standing_of),
        require_balanced_(require_balanced) {}

  std::optional<Error> change(const PolicyChange& change, std::uint32_t item) {
    ChangedPolicy changed;
    if (change.account_id.empty()) {
      require_balanced_ = *change.require_balanced;
      changed.result.require_balanced = require_balanced_;
      outcome_.policies.push_back(changed);
      return std::nullopt;
    }
    const auto number = numbers_[at_++];
    auto& standing = *accounts_.find(number);
    if (auto error = apply(change, standing)) return error;
    if (!change.sweep_to.empty()) {
      const auto target = numbers_[at_++];
      const auto swept = sweep(change, standing, *accounts_.find(target));
      if (!swept) return swept.error();
      if (*swept != 0) {
        accounts_.note_move(number, item, -WideAmount{*swept});
        accounts_.note_move(target, item, *swept);
        changed.swept_to = target;
        changed.swept = *swept;
      }
    }
    changed.result.account = number;
    changed.result.policy = standing.policy;
    changed.result.balance = static_cast<Amount>(standing.balance);
    outcome_.policies.push_back(changed);
    return std::nullopt;
  }

  std::optional<Error> move(const Transfer& transfer, std::uint32_t item) {
    if (require_balanced_) {
      if (auto error = check_balanced(transfer, kWhose)) return error;
    }
    for (const auto& entry : transfer.entries) {
      const auto number = numbers_[at_++];
      auto* standing = accounts_.find(number);
      if (standing == nullptr) continue;
      const auto side = side_of(entry.amount);
      if (const auto problem = state_problem(standing->policy, side)) {
        return *problem == Reason::account_closed ? closed_error(entry.account_id)
                                                  : frozen_error(entry.account_id, side);
      }
      standing->balance += entry.amount;
      accounts_.note_move(number, item, entry.amount);
    }
    return std::nullopt;
  }

  std::optional<StateRefusal> check_bounds() const { return accounts_.check_bounds(); }
  ExclusiveOutcome take_outcome() && {
    accounts_.store(outcome_);
    return std::move(outcome_);
  }

 private:
  const std::vector<AccountNumber>& numbers_;
  std::uint32_t at_;  // of the next entry
  Accounts accounts_;
  bool require_balanced_;
  ExclusiveOutcome outcome_;
};

}  // namespace

std::optional<StateRefusal> judge_policies(LockBatch& batch, std::uint32_t index,
                                           const StandingOf& standing_of, bool require_balanced) {
  const auto& unit = batch.units[index];
  Judge judge(batch, unit, standing_of, require_balanced);
  const auto transfers = unit.submission->transfers();
  for (auto i = unit.first_item; i < unit.first_item + unit.item_count; ++i) {
    if (!is_undecided(unit.submission->results[i])) continue;
    const auto& transfer = transfers[i];
    auto error =
        is_policy(transfer) ? judge.change(*transfer.details->policy, i) : judge.move(transfer, i);
    if (error) return StateRefusal{i, std::move(*error)};
  }
  if (auto refusal = judge.check_bounds()) return refusal;
  batch.outcomes.find(index)->second = std::move(judge).take_outcome();
  return std::nullopt;
}

bool changes_ledger(const Unit& unit) {
  const auto items = unit.submission->transfers().subspan(unit.first_item, unit.item_count);
  return std::any_of(items.begin(), items.end(), [](const Transfer& transfer) {
    return is_policy(transfer) && transfer.details->policy->account_id.empty();
  });
}

std::optional<StateRefusal> check_balance(const Unit& unit) {
  const auto& submission = *unit.submission;
  if (const auto* account = std::get_if<NewAccount>(&submission.operation)) {
    if (account->initial_balance == 0) return std::nullopt;
    const auto balance = std::to_string(account->initial_balance);
    return StateRefusal{0, Error{Reason::entries_unbalanced,
                                 "initial_balance is " + balance + ", and " + std::string(kWhose) +
                                     " lets no money come from nowhere: open the account with 0",
                                 {{"field", "initial_balance"}, {"sum", balance}},
                                 Outcome::none}};
  }
  if (!std::holds_alternative<TransferBatch>(submission.operation)) return std::nullopt;
  for (auto i = unit.first_item; i < unit.first_item + unit.item_count; ++i) {
    if (!is_undecided(submission.results[i])) continue;
    if (auto error = check_balanced(submission.transfers()[i], kWhose)) {
      return StateRefusal{i, std::move(*error)};
    }
  }
  return std::nullopt;
}

}  // namespace sg::ledger
