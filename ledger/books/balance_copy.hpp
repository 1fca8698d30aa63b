// A copy of all balances as they stood at one moment, made in slices while they go on changing.
//
//   BalanceCopy copy(accounts.size());
//   copy.keep(number, balance_of);          // before the balance of `number` changes
//   while (!copy.advance(kSlice, balance_of)) { /* other work */ }
//   use(std::move(copy).take());
//
// Copying goes by account number. A page whose balances are about to change before the copying
// gets there is kept as it stands, once. So neither call takes longer with more accounts.
// Not thread-safe.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "ledger/ids.hpp"
#include "ledger/money.hpp"

namespace sg::ledger {

class BalanceCopy {
 public:
  // Accounts that are kept together.
  static constexpr std::size_t kPage = 64;

  // Of the accounts with the numbers below `accounts`; later ones are none of it. The room is
  // reserved, but its memory is first touched slice by slice.
  explicit BalanceCopy(std::size_t accounts) : accounts_(accounts) { balances_.reserve(accounts); }

  // Called before the balance of `account` changes. `balance_of(number)` reads a balance.
  template <class BalanceOf>
  void keep(AccountNumber account, const BalanceOf& balance_of) {
    if (account >= accounts_ || account < balances_.size()) return;
    const auto page = static_cast<std::uint32_t>(account / kPage);
    if (!kept_.try_emplace(page, kept_pages_.size()).second) return;
    auto& to = kept_pages_.emplace_back();
    const auto first = page * kPage;
    const auto end = std::min(first + kPage, accounts_);
    for (auto i = first; i < end; ++i) to[i - first] = balance_of(static_cast<AccountNumber>(i));
  }

  // Copies up to `pages` more. True when all balances stand in the copy.
  template <class BalanceOf>
  bool advance(std::size_t pages, const BalanceOf& balance_of) {
    for (; pages > 0 && balances_.size() < accounts_; --pages) {
      const auto first = balances_.size();
      const auto end = std::min(first + kPage, accounts_);
      const auto kept = kept_.find(static_cast<std::uint32_t>(first / kPage));
      for (auto i = first; i < end; ++i) {
        balances_.push_back(kept == kept_.end() ? balance_of(static_cast<AccountNumber>(i))
                                                : kept_pages_[kept->second][i - first]);
      }
    }
    return balances_.size() == accounts_;
  }

  std::size_t copied() const { return balances_.size(); }
  // The balances by account number. Needs: advance() returned true.
  std::vector<Amount> take() && { return std::move(balances_); }

 private:
  std::size_t accounts_;
  std::vector<Amount> balances_;                          // always whole pages, up to the last
  absl::flat_hash_map<std::uint32_t, std::size_t> kept_;  // page -> its place in kept_pages_
  std::deque<std::array<Amount, kPage>> kept_pages_;
};

}  // namespace sg::ledger
