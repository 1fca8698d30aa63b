// Verifies policies: each follows from what its record asked for and from what the account had, and
// every other record obeys those that are in force.
//
//   policies.create(account);                        // of each creation
//   policies.check(record, balance_of, number_of, problems);   // of each transaction, first
//   policies.is_within(number, before, after);       // at the end of the unit
//
// Not thread-safe. Limits: memory for each account whose policy is more than its first floor.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ledger/policy.hpp"
#include "persistence/chain/block_reader.hpp"

namespace sg::persistence {

class PolicyVerifier {
 public:
  // The account's balance before the record, and the number that an id has; kNoAccount: none.
  using BalanceOf = std::function<WideAmount(AccountNumber)>;
  using NumberOf = std::function<AccountNumber(std::string_view)>;

  void create(const ledger::Account& account);
  // Needs: the record is a transaction, and none of its postings is applied yet. Appends to
  // `problems`.
  void check(const DecodedRecord& record, const BalanceOf& balance_of, const NumberOf& number_of,
             std::vector<std::string>& problems);
  // Whether a unit may take the balance there.
  bool is_within(AccountNumber account, WideAmount before, WideAmount after) const;
  ledger::Policy of(AccountNumber account) const;
  // Whether a creation may bring money with it.
  bool requires_balance() const { return require_balanced_; }

 private:
  void check_policy(const DecodedRecord& record, const BalanceOf& balance_of,
                    const NumberOf& number_of, std::vector<std::string>& problems);
  void check_postings(const DecodedRecord& record, std::vector<std::string>& problems) const;

  std::vector<Amount> floors_;  // by account number
  ledger::Policies policies_;   // of the accounts that have more, or had it
  bool require_balanced_ = false;
};

}  // namespace sg::persistence
