// The balances and floors of all accounts, by account number: the journal's own books. The account
// shards have already granted what is booked here. The journal still checks every floor once more
// before a transfer becomes a record, so that a bug in the locks cannot overdraw an account.
//
//   auto visit_all = [&](auto visit) { for (auto& e : entries) visit(e.account, e.amount); };
//   if (auto wrong = books.book(visit_all)) refuse(*wrong);
//
// Books also track which pages of balances changed since the last checkpoint began. And they can
// copy all balances, slice by slice, while bookings go on.
//
// Concurrency: not thread-safe; the journal owns them.
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
#include "ledger/invariant.hpp"
#include "ledger/money.hpp"

namespace sg::ledger {

class Books {
 public:
  // Accounts whose balances a checkpoint writes together.
  static constexpr std::size_t kAccountsOfPage = 64;

  // An account that a refused unit would have left below its floor.
  struct BelowFloor {
    AccountNumber account = kNoAccount;
    Amount balance = 0;  // that the unit would have left
    Amount floor = 0;
  };

  Books() = default;
  // Loads the accounts, by account number. Every page counts as changed, because the books do not
  // know what the last checkpoint lacks. Needs: both have the same length.
  Books(std::span<const Amount> balances, std::span<const Amount> floors);

  std::size_t accounts() const { return accounts_.size(); }
  // Needs: the account is open. The same holds for the numbers that book() is given.
  Amount balance(AccountNumber account) const { return accounts_[account].balance; }
  // The balances of the accounts with numbers first to end - 1.
  std::vector<Amount> balances(std::size_t first, std::size_t end) const;
  // Asks the processor for the account's memory. Does nothing if the account is not open.
  void prefetch(AccountNumber account) const {
    if (account < accounts_.size()) ledger::prefetch(&accounts_[account]);
  }

  // Adds an account under the next number, accounts().
  void open(Amount balance, Amount floor);
  // Books one unit: all of it, or nothing. `for_each(visit)` calls visit(account, amount) for each
  // entry of the unit, the same ones each time. Returns an account that would end below its floor,
  // or nullopt if the unit is booked. Needs: no account ends outside the int64 range, which the
  // shards ensure.
  template <class ForEachEntry>
  [[nodiscard]] std::optional<BelowFloor> book(const ForEachEntry& for_each);

  // Books what the chain already has: a posting of a record that is committed. Needs: the account
  // is open.
  void post(AccountNumber account, Amount amount) {
    add(account, static_cast<std::uint64_t>(amount));
  }

  // --- checkpoints ---
  // Marks every page as changed, for example after a checkpoint failed.
  void mark_all_changed();
  // Starts a checkpoint. The pages that changed since the last call are now the ones that
  // take_changed() hands out. Later changes belong to the next checkpoint.
  void begin_checkpoint();
  // Hands out up to `limit` of those pages, each once. Returns an empty list when none is left.
  std::vector<std::uint32_t> take_changed(std::size_t limit);
  // True when take_changed() has more to hand out.
  bool has_changed() const { return !taking_.empty(); }
  // Pages of all accounts, changed or not.
  std::size_t pages() const { return pages_of(accounts_.size()); }

  // --- copies ---
  // Begins a copy of all balances as they are now. Several copies may be under way; advance_copy()
  // works on the oldest one.
  void begin_copy() { copies_.emplace_back(accounts_.size()); }
  // Advances the oldest copy by up to `pages` pages of BalanceCopy::kPage accounts. Returns the
  // balances by account number once all are copied, and ends that copy. Needs: a copy is under way.
  std::optional<std::vector<Amount>> advance_copy(std::size_t pages);
  // Ends the oldest copy without its result. Needs: a copy is under way.
  void drop_copy() { copies_.pop_front(); }

 private:
  struct Account {
    Amount balance = 0;
    Amount floor = 0;
  };

  static std::size_t pages_of(std::size_t accounts) {
    return (accounts + kAccountsOfPage - 1) / kAccountsOfPage;
  }
  // Adds `amount` to the balance, modulo 2^64.
  void add(AccountNumber account, std::uint64_t amount);
  void mark_changed(AccountNumber account);

  std::vector<Account, HugePageAllocator<Account>> accounts_;
  std::vector<bool> is_changed_;        // by page: true if changed_ lists it
  std::vector<std::uint32_t> changed_;  // pages changed since the checkpoint began
  std::vector<std::uint32_t> taking_;   // pages of the checkpoint under way that are not handed out
  std::deque<BalanceCopy> copies_;      // oldest first
};

// Two's complement arithmetic: a unit's running balance may pass the int64 range between its
// entries. Only the balance after the last entry counts, and the shards granted that one.
inline void Books::add(AccountNumber account, std::uint64_t amount) {
  // A shard that grants a unit writes the numbers of its accounts. Without one it is kNoAccount.
  invariant(account < accounts_.size(), "an entry is booked on an account that is not open");
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

// Books first and checks afterwards: several entries of a unit may be on one account, and only
// their sum counts. A unit that fails is booked back.
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
