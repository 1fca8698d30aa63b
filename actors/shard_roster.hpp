// The accounts and participants of one shard: what the shard loads when it attaches.
//
// The journal reads the names of all shards in one pass of its own start. Otherwise every shard
// would read all names to find its own, so that a start would cost shards x accounts.
//
// Not thread-safe while it is filled.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ids.hpp"
#include "ledger/money.hpp"

namespace sg::actors {

class ShardRoster {
 public:
  struct Account {
    ledger::AccountNumber number = ledger::kNoAccount;
    std::uint32_t id_bytes = 0;
    ledger::Amount floor = 0;
    ledger::Amount balance = 0;
  };

  void add_account(std::string_view id, ledger::AccountNumber number, ledger::Amount floor) {
    account_ids_ += id;
    accounts_.push_back({number, static_cast<std::uint32_t>(id.size()), floor, 0});
  }
  void add_participant(std::string_view id) { participants_.emplace_back(id); }
  // Calls `balance_of` with the number of each account.
  template <class BalanceOf>
  void set_balances(const BalanceOf& balance_of) {
    for (auto& account : accounts_) account.balance = balance_of(account.number);
  }

  // Calls with (id, account) of each account.
  template <class Visit>
  void for_each_account(const Visit& visit) const {
    std::size_t at = 0;
    for (const auto& account : accounts_) {
      visit(std::string_view(account_ids_).substr(at, account.id_bytes), account);
      at += account.id_bytes;
    }
  }
  const std::vector<std::string>& participants() const { return participants_; }

 private:
  std::string account_ids_;  // one behind the other
  std::vector<Account> accounts_;
  std::vector<std::string> participants_;
};

}  // namespace sg::actors
