// A copy of all balances as they stood at one moment, made in slices while they go on changing.
//
//   BalanceCopy copy(accounts.size());      // the moment
//   copy.keep(number, balance_of);          // before the balance of `number` changes
//   while (!copy.advance(kSlice, balance_of)) { /* other work */ }
//   use(std::move(copy).take());
//
// The copy advances by account number. Before a balance changes that the copy has not reached,
// keep() saves the page with its old values. Each page is saved at most once. This is
// copy-on-write, so the time of a call does not grow with the number of accounts.
//
// Limits: while the copy is made, the kept pages take memory beside it: all of them at worst. Not
// thread-safe.
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
  // Accounts that are kept together, and the unit in which advance() counts.
  static constexpr std::size_t kPage = 64;

  // Copies the accounts with numbers below `accounts`; accounts opened later do not belong to it.
  // The room is reserved now, but its memory is first touched slice by slice.
  explicit BalanceCopy(std::size_t accounts) : accounts_(accounts) { balances_.reserve(accounts); }

  // Must be called before the balance of `account` changes. `balance_of(number)` reads a balance.
  template <class BalanceOf>
  void keep(AccountNumber account, const BalanceOf& balance_of) {
    // No work for an account that is copied already, or that was opened later.
    if (account >= accounts_ || account < balances_.size()) return;
    const auto page = static_cast<std::uint32_t>(account / kPage);
    if (!kept_.try_emplace(page, kept_pages_.size()).second) return;
    auto& to = kept_pages_.emplace_back();
    const auto first = page * kPage;
    const auto end = std::min(first + kPage, accounts_);
    for (auto i = first; i < end; ++i) to[i - first] = balance_of(static_cast<AccountNumber>(i));
  }

  // Copies up to `pages` more pages. Returns true when all balances are copied.
  template <class BalanceOf>
  bool advance(std::size_t pages, const BalanceOf& balance_of) {
    for (; pages > 0 && balances_.size() < accounts_; --pages) {
      const auto first = balances_.size();
      const auto end = std::min(first + kPage, accounts_);
      // If the page has changed since the copy began, take the kept balances.
      const auto kept = kept_.find(static_cast<std::uint32_t>(first / kPage));
      for (auto i = first; i < end; ++i) {
        balances_.push_back(kept == kept_.end() ? balance_of(static_cast<AccountNumber>(i))
                                                : kept_pages_[kept->second][i - first]);
      }
    }
    return balances_.size() == accounts_;
  }

  // The number of accounts that are copied so far; they are those with the lowest numbers.
  std::size_t copied() const { return balances_.size(); }
  // The balances by account number. Needs: advance() returned true.
  std::vector<Amount> take() && { return std::move(balances_); }

 private:
  std::size_t accounts_;          // of the moment
  std::vector<Amount> balances_;  // copied so far: whole pages, except perhaps the last
  absl::flat_hash_map<std::uint32_t, std::size_t> kept_;  // page -> its place in kept_pages_
  std::deque<std::array<Amount, kPage>> kept_pages_;
};

}  // namespace sg::ledger
