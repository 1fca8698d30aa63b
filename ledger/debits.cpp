#include "ledger/debits.hpp"

#include <algorithm>
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

bool is_undecided(const ItemResult& result) { return result.state == ItemResult::State::undecided; }
bool is_refused(const ItemResult& result) { return result.state == ItemResult::State::refused; }

void refuse(ItemResult& result, std::shared_ptr<const Error> error) {
  result.state = ItemResult::State::refused;
  result.error = std::move(error);
}

}  // namespace

bool debits_only(const Submission& submission, const IsOwn& is_own) {
  const auto transfers = submission.transfers();
  for (std::size_t i = 0; i < transfers.size(); ++i) {
    if (is_undecided(submission.results[i]) && other_debit(transfers[i], is_own) != nullptr) {
      return false;
    }
  }
  return true;
}

void refuse_other_debits(Submission& submission, const IsOwn& is_own) {
  const auto transfers = submission.transfers();
  bool refused_one = false;
  for (std::size_t i = 0; i < transfers.size(); ++i) {
    auto& result = submission.results[i];
    const auto* debit = is_undecided(result) ? other_debit(transfers[i], is_own) : nullptr;
    if (debit == nullptr) continue;
    refused_one = true;
    const std::string id(debit->account_id);
    refuse(result, std::make_shared<const Error>(Error{
                       Reason::permission_denied,
                       "account " + id + " is not one of the caller's: it may be credited only",
                       {{"account_id", id}},
                       Outcome::none}));
  }
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
