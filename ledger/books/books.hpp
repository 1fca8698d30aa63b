// The balances and floors of all accounts, by account number: the last line of defence. The shards
// have granted what is booked here, and it is checked once more before it becomes a record.
//
// Books also know which pages of balances changed since the last checkpoint began, and copy all
// balances in slices while bookings go on. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "containers/huge_pages.hpp"
#include "containers/prefetch.hpp"
#include "ledger/books/balance_copy.hpp"
#include "ledger/ids.hpp"
#include "ledger/money.hpp"

namespace sg::ledger {

class Books {
 public:
  // Accounts whose balances a checkpoint writes together.
  static constexpr std::size_t kAccountsOfPage = 64;

  struct BelowFloor {
    AccountNumber account = kNoAccount;
    Amount balance = 0;
    Amount floor = 0;
  };

  Books() = default;
  // By account number. Every page counts as changed: what the last checkpoint lacks is not known.
  Books(std::span<const Amount> balances, std::span<const Amount> floors);

  std::size_t accounts() const { return accounts_.size(); }
  Amount balance(AccountNumber account) const { return accounts_[account].balance; }
  // Of the accounts with the numbers first to end - 1.
  std::vector<Amount> balances(std::size_t first, std::size_t end) const;
  // Asks for the memory of the account, if there is one.
  void prefetch(AccountNumber account) const {
    if (account < accounts_.size()) ledger::prefetch(&accounts_[account]);
  }

  // Adds the account with the next number.
  void open(Amount balance, Amount floor);
  // Books one unit, all of it or nothing. `for_each(visit)` calls visit(account, amount) for each
  // entry, the same ones each time. Returns an account that would end below its floor, or nothing
  // if the unit is booked. Needs: no account ends outside the range of int64.
  template <class ForEachEntry>
  [[nodiscard]] std::optional<BelowFloor> book(const ForEachEntry& for_each);

  // --- checkpoints ---
  // Every page counts as changed.
  void mark_all_changed();
  // The pages that changed since the last call become those that take_changed() hands out; changes
  // from here on belong to the next checkpoint.
  void begin_checkpoint();
  // Up to `limit` of those pages; empty when all were handed out.
  std::vector<std::uint32_t> take_changed(std::size_t limit);
  bool has_changed() const { return !taking_.empty(); }
  std::size_t pages() const { return pages_of(accounts_.size()); }

  // --- copies ---
  // Begins a copy of all balances as they are now. Copies are made one after another.
  void begin_copy() { copies_.emplace_back(accounts_.size()); }
  // Goes on with the oldest copy, by up to `pages` pages of BalanceCopy::kPage accounts. Returns it
  // once it is whole, by account number. Needs: a copy was begun.
  std::optional<std::vector<Amount>> advance_copy(std::size_t pages);
  // Ends the oldest copy.
  void drop_copy() { copies_.pop_front(); }

 private:
  struct Account {
    Amount balance = 0;
    Amount floor = 0;
  };

  static std::size_t pages_of(std::size_t accounts) {
    return (accounts + kAccountsOfPage - 1) / kAccountsOfPage;
  }
  void add(AccountNumber account, std::uint64_t amount);
  void mark_changed(AccountNumber account);

  std::vector<Account, HugePageAllocator<Account>> accounts_;
  std::vector<bool> is_changed_;  // by page: stands in changed_
  std::vector<std::uint32_t> changed_;
  std::vector<std::uint32_t> taking_;  // of the checkpoint under way
  std::deque<BalanceCopy> copies_;
};

// Two's complement: only the balance after the last entry counts, and the shards granted that.
inline void Books::add(AccountNumber account, std::uint64_t amount) {
  for (auto& copy : copies_) copy.keep(account, [this](auto number) { return balance(number); });
  auto& balance = accounts_[account].balance;
  balance = static_cast<Amount>(static_cast<std::uint64_t>(balance) + amount);
  mark_changed(account);
}

inline void Books::mark_changed(AccountNumber account) {
  const auto page = static_cast<std::uint32_t>(account / kAccountsOfPage);
  if (is_changed_[page]) return;
  is_changed_[page] = true;
  changed_.push_back(page);
}

template <class ForEachEntry>
std::optional<Books::BelowFloor> Books::book(const ForEachEntry& for_each) {
  for_each([this](AccountNumber account, Amount amount) {
    add(account, static_cast<std::uint64_t>(amount));
  });
  std::optional<BelowFloor> wrong;
  for_each([&](AccountNumber account, Amount) {
    const auto& [balance, floor] = accounts_[account];
    if (balance < floor && !wrong) wrong = BelowFloor{account, balance, floor};
  });
  if (!wrong) return std::nullopt;
  for_each([this](AccountNumber account, Amount amount) {
    add(account, std::uint64_t{0} - static_cast<std::uint64_t>(amount));
  });
  return wrong;
}

}  // namespace sg::ledger
