// What the accounts of one shard hold at one moment, copied in slices while they go on changing. A
// verification compares these copies with the journal's balances and with the chain.
//
//   HeldBalancesCopy copy(table);                    // the moment
//   copy.keep(slot, table);                          // before the balance in `slot` changes
//   while (!copy.advance(kSlice, table)) { /* other work */ }
//   use(std::move(copy).take());
#pragma once

#include <utility>
#include <vector>

#include "ledger/books/balance_copy.hpp"
#include "ledger/ids.hpp"
#include "ledger/locks/lock_table.hpp"
#include "ledger/money.hpp"

namespace sg::ledger {

// Two columns of the same length: accounts and their balances, in order of slots. The number is
// kNoAccount for a slot that has no account: a participant, or a name that is not created yet.
struct HeldBalances {
  std::vector<AccountNumber> numbers;
  std::vector<Amount> balances;
};

// A BalanceCopy (see there) by slot instead of account number. If an account is created during the
// copy, its slot may be listed with its number. That number is higher than those of all accounts
// that existed at the moment, so the reader can ignore it.
//
// Concurrency: not thread-safe; the shard's ledger owns it.
class HeldBalancesCopy {
  static auto balances_in(const LockTable& table) {
    return [&table](Slot slot) { return table.at(slot).balance; };
  }

 public:
  explicit HeldBalancesCopy(const LockTable& table) : copy_(table.slots()) {
    numbers_.reserve(table.slots());
  }

  // Must be called before the balance in `slot` changes.
  void keep(Slot slot, const LockTable& table) { copy_.keep(slot, balances_in(table)); }
  // Copies up to `pages` pages of BalanceCopy::kPage slots. Returns true when all are copied.
  bool advance(std::size_t pages, const LockTable& table) {
    const bool is_whole = copy_.advance(pages, balances_in(table));
    while (numbers_.size() < copy_.copied()) {
      const auto& account = table.at(static_cast<Slot>(numbers_.size()));
      numbers_.push_back(account.exists() ? account.number : kNoAccount);
    }
    return is_whole;
  }
  // The copy. Needs: advance() returned true.
  HeldBalances take() && { return {std::move(numbers_), std::move(copy_).take()}; }

 private:
  BalanceCopy copy_;
  std::vector<AccountNumber> numbers_;  // by slot, as many as copy_ has copied
};

}  // namespace sg::ledger
