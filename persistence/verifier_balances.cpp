// The part of the verification that follows balances, and holds them against policies.
#include <algorithm>

#include "persistence/chain/extension.hpp"
#include "persistence/rows/catalog.hpp"
#include "persistence/verifier.hpp"

namespace sg::persistence {

void Verifier::apply_account(const DecodedRecord& record) {
  if (!knows_balances_) return;
  const ledger::Account& account = record.account;
  if (account.number != accounts_.size()) {
    problem("record " + std::to_string(record.sequence) + " creates account number " +
            std::to_string(account.number) + " when " + std::to_string(accounts_.size()) +
            " is the next");
    // Numbers count up without a gap, so from here on they fit to no account that is known.
    knows_balances_ = false;
    return;
  }
  AccountState state;
  state.balance = account.initial_balance;
  policies_.create(account);
  if (policies_.requires_balance() && account.initial_balance != 0) {
    problem("record " + std::to_string(record.sequence) +
            " creates an account with money, and the ledger has to balance");
  }
  if (account.number < checkpointed_.size() && checkpointed_[account.number].stands) {
    state.checkpoint = checkpointed_[account.number];
    state.has_checkpoint = true;
    if (state.checkpoint.sequence < record.sequence) {
      problem("account number " + std::to_string(account.number) +
              " has a checkpointed balance from before its creation");
      state.has_checkpoint = false;
    }
  }
  if (!state.checkpoint.stands && record.sequence <= marker_) {
    // A start would take the account for younger than the checkpoint.
    problem("the checkpoint at sequence " + std::to_string(marker_) +
            " has no balance of account number " + std::to_string(account.number) +
            ", which is older");
  }
  accounts_.push_back(state);
  touched_.emplace_back(account.number, state.balance);
}

void Verifier::check_policies(const KeyValue& rows, const DecodedRecord& record) {
  std::vector<std::string> found;
  if (record.kind == RecordKind::policy) {
    if (const auto result = read_policy(record.extension)) {
      catalog_.check(rows, PolicyRow{record.sequence, *result}, found);
    }
  }
  if (knows_balances_) {
    const auto balance_of = [this](AccountNumber number) { return accounts_[number].balance; };
    const auto number_of = [&rows](std::string_view id) {
      const auto account = Catalog(rows, ~Sequence{0} - 1).account(id);
      return account && *account ? (*account)->number : ledger::kNoAccount;
    };
    policies_.check(record, balance_of, number_of, found);
  }
  for (auto& text : found) problem(std::move(text));
}

void Verifier::apply_transaction(const DecodedRecord& record) {
  if (!knows_balances_) return;
  for (const Posting& posting : record.postings) {
    if (posting.account < accounts_.size()) continue;
    problem("record " + std::to_string(record.sequence) + " names account number " +
            std::to_string(posting.account) + ", which does not exist");
    knows_balances_ = false;
    return;
  }
  // All entries are compared before any is applied: an account may stand in several entries, and
  // the checkpoint's balance is the one before the whole record.
  for (const Posting& posting : record.postings) {
    AccountState& account = accounts_[posting.account];
    // The first record behind the page: until now the balance is that of the page's sequence.
    if (account.has_checkpoint && account.checkpoint.sequence < record.sequence) {
      compare_checkpoint(posting.account, account);
    }
    check_freshness(posting.account, account, record.sequence);
    touched_.emplace_back(posting.account, account.balance);
  }
  for (const Posting& posting : record.postings) {
    accounts_[posting.account].balance += posting.amount;
  }
}

void Verifier::end_unit(Sequence sequence) {
  // Of an account that was touched several times, the balance before the unit comes first.
  std::stable_sort(touched_.begin(), touched_.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  const auto end = std::unique(touched_.begin(), touched_.end(),
                               [](const auto& a, const auto& b) { return a.first == b.first; });
  for (auto touched = touched_.begin(); touched != end; ++touched) {
    const auto& [number, before] = *touched;
    const auto after = accounts_[number].balance;
    if (policies_.is_within(number, before, after)) continue;
    const auto policy = policies_.of(number);
    problem("after record " + std::to_string(sequence) + " account number " +
            std::to_string(number) + " has balance " + ledger::to_text(after) + ", its floor is " +
            std::to_string(policy.floor) + " and its ceiling " + std::to_string(policy.ceiling));
  }
  touched_.clear();
  if (sequence == at_.balances && knows_balances_) balances_at_ = balances();
}

}  // namespace sg::persistence
