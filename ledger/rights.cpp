#include "ledger/rights.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace sg::ledger {
namespace {

// The first account that the transfer debits and that is not the caller's; null: none.
const Entry* other_debit(const Transfer& transfer, const IsOwn& is_own) {
  const auto found = std::find_if(
      transfer.entries.begin(), transfer.entries.end(),
      [&](const Entry& entry) { return entry.amount < 0 && !is_own(entry.account_id); });
  return found == transfer.entries.end() ? nullptr : &*found;
}

WideAmount credits_of(const Transfer& transfer) {
  WideAmount sum = 0;
  for (const auto& entry : transfer.entries) sum += std::max<Amount>(entry.amount, 0);
  return sum;
}

bool is_undecided(const ItemResult& result) { return result.state == ItemResult::State::undecided; }
bool is_refused(const ItemResult& result) { return result.state == ItemResult::State::refused; }

void refuse(ItemResult& result, std::shared_ptr<const Error> error) {
  result.state = ItemResult::State::refused;
  result.error = std::move(error);
}

// Its key is not looked up: an earlier attempt may have had its effect.
Outcome outcome_of(const Transfer& transfer) {
  return transfer.idempotency_key.empty() ? Outcome::none : Outcome::unknown;
}

Error debit_error(const Entry& debit, Outcome outcome) {
  std::string id(debit.account_id);
  auto message = "account " + id + " is not one of the caller's: it may be credited only";
  return {Reason::permission_denied, std::move(message), {{"account_id", std::move(id)}}, outcome};
}

Error reversal_error(Outcome outcome) {
  return {Reason::permission_denied,
          "a participant may not take transactions back: an operator may",
          {},
          outcome};
}

Error policy_error(Outcome outcome) {
  return {Reason::permission_denied,
          "a participant may not change what limits an account: a teller may",
          {},
          outcome};
}

Error credits_error(Outcome outcome) {
  const auto most = to_text(kMaxCredits);
  return {Reason::permission_denied,
          "a participant may credit at most " + most + " in one transfer or atomic batch",
          {{"max_credits", most}},
          outcome};
}

// Goes through the undecided transfers in their order. `forbid` is called with each one that is
// forbidden, and with its error; it returns false to go no further.
template <class Forbid>
void find_forbidden(const Submission& submission, const IsOwn& is_own, const Forbid& forbid) {
  const auto transfers = submission.transfers();
  WideAmount credits = 0;
  for (std::size_t i = 0; i < transfers.size(); ++i) {
    if (!is_undecided(submission.results[i])) continue;
    if (!submission.is_atomic()) credits = 0;
    credits += credits_of(transfers[i]);
    std::optional<Error> error;
    if (transfers[i].kind == TransferKind::reversal) {
      error = reversal_error(outcome_of(transfers[i]));
    } else if (is_policy(transfers[i])) {
      error = policy_error(outcome_of(transfers[i]));
    } else if (const auto* debit = other_debit(transfers[i], is_own)) {
      error = debit_error(*debit, outcome_of(transfers[i]));
    } else if (credits > kMaxCredits) {
      error = credits_error(outcome_of(transfers[i]));
    }
    if (error && !forbid(i, std::move(*error))) return;
  }
}

}  // namespace

bool is_permitted(const Submission& submission, const IsOwn& is_own) {
  bool permitted = true;
  find_forbidden(submission, is_own, [&](std::size_t, const Error&) { return permitted = false; });
  return permitted;
}

void refuse_forbidden(Submission& submission, const IsOwn& is_own) {
  bool refused_one = false;
  find_forbidden(submission, is_own, [&](std::size_t item, Error error) {
    refuse(submission.results[item], std::make_shared<const Error>(std::move(error)));
    return refused_one = true;
  });
  if (refused_one && submission.is_atomic()) abort_rest(submission);
}

std::shared_ptr<const Error> hide_other_balance(std::shared_ptr<const Error> error,
                                                const IsOwn& is_own) {
  const auto& facts = error->metadata;
  const auto fact = [&facts](std::string_view name) {
    return std::find_if(facts.begin(), facts.end(),
                        [name](const auto& one) { return one.first == name; });
  };
  const auto account = fact("account_id");
  if (fact("balance") == facts.end() || account == facts.end() || is_own(account->second)) {
    return error;
  }
  return std::make_shared<const Error>(
      Error{error->reason,
            "account " + account->second + " cannot take the amount",
            {{"account_id", account->second}},
            error->outcome});
}

void abort_rest(Submission& submission) {
  auto& results = submission.results;
  const auto first = std::find_if(results.begin(), results.end(), is_refused);
  if (first == results.end()) return;
  const auto aborted =
      std::make_shared<const Error>(Error{Reason::batch_aborted,
                                          "another transfer of the atomic batch was refused",
                                          {},
                                          Outcome::none});
  for (auto result = results.begin(); result != results.end(); ++result) {
    if (result != first) refuse(*result, aborted);
  }
}

bool has_undecided(const Submission& submission) {
  return std::any_of(submission.results.begin(), submission.results.end(), is_undecided);
}

}  // namespace sg::ledger
