// The balances and policies of all accounts, by account number: the journal's own books. The
// account shards have already granted what is booked here. The journal still checks every policy
// once more before a transfer becomes a record, so that a bug in the locks cannot overdraw an
// account.
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
#include "ledger/policy.hpp"

namespace sg::ledger {

class Books {
 public:
  // Accounts whose balances a checkpoint writes together.
  static constexpr std::size_t kAccountsOfPage = 64;

  // An account whose policy a refused unit would have broken.
  struct Violation {
    AccountNumber account = kNoAccount;
    Amount balance = 0;  // that the unit would have left
    Policy policy;
  };

  Books() = default;
  // Loads the accounts, by account number. Every page counts as changed, because the books do not
  // know what the last checkpoint lacks. Needs: both have the same length.
  // `policies`: of the accounts that have more than the floor in `floors`, or another one.
  Books(std::span<const Amount> balances, std::span<const Amount> floors, Policies policies = {});

  std::size_t accounts() const { return accounts_.size(); }
  // Needs: the account is open. The same holds for the numbers that book() is given.
  Amount balance(AccountNumber account) const { return accounts_[account].balance; }
  // As balance().
  Standing standing(AccountNumber account) const {
    const auto found = policies_.find(account);
    const auto& [balance, floor] = accounts_[account];
    return {balance, found == policies_.end() ? Policy{floor} : found->second};
  }
  const Policies& policies() const { return policies_; }
  // The balances of the accounts with numbers first to end - 1.
  std::vector<Amount> balances(std::size_t first, std::size_t end) const;
  // Asks the processor for the account's memory. Does nothing if the account is not open.
  void prefetch(AccountNumber account) const {
    if (account < accounts_.size()) ledger::prefetch(&accounts_[account]);
  }

  // Adds an account under the next number, accounts().
  void open(Amount balance, const Policy& policy);
  // Books one unit: all of it, or nothing. `for_each(visit)` calls visit(account, amount) for each
  // entry of the unit, the same ones each time. Returns an account whose policy that would break,
  // or nullopt if the unit is booked. Needs: no account ends outside the int64 range, which the
  // shards ensure.
  template <class ForEachEntry>
  [[nodiscard]] std::optional<Violation> book(const ForEachEntry& for_each);
  // Needs: the account is open. settle() sets its balance too.
  void set_policy(AccountNumber account, const Policy& policy);
  void settle(AccountNumber account, Amount balance, const Policy& policy);

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
  using Nets = absl::flat_hash_map<AccountNumber, WideAmount>;

  Policies policies_;
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
std::optional<Books::Violation> Books::book(const ForEachEntry& for_each) {
  for_each([this](AccountNumber account, Amount amount) {
    add(account, static_cast<std::uint64_t>(amount));
  });
  std::optional<Violation> wrong;
  std::optional<Nets> nets;  // by account, of the unit: made when they are needed
  const bool any_policy = !policies_.empty();
  for_each([&](AccountNumber account, Amount amount) {
    const auto& [balance, floor] = accounts_[account];
    if (balance >= floor && !any_policy) return;
    const auto policy = standing(account).policy;
    bool is_wrong = state_problem(policy, side_of(amount)).has_value();
    if (balance < floor || balance > policy.ceiling) {
      if (!nets) {
        nets.emplace();
        for_each([&](AccountNumber other, Amount one) { (*nets)[other] += one; });
      }
      // Only what lowers a balance has to leave it at its floor, and the mirror of that.
      const auto net = nets->find(account)->second;
      is_wrong = is_wrong || (balance < floor ? net < 0 : net > 0);
    }
    if (is_wrong && !wrong) wrong = Violation{account, balance, policy};
  });
  if (!wrong) return std::nullopt;
  for_each([this](AccountNumber account, Amount amount) {
    add(account, std::uint64_t{0} - static_cast<std::uint64_t>(amount));
  });
  return wrong;
}

}  // namespace sg::ledger
