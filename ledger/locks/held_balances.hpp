// What a shard's accounts hold at one moment, copied in slices while they go on changing.
#pragma once

#include <utility>
#include <vector>

#include "ledger/books/balance_copy.hpp"
#include "ledger/ids.hpp"
#include "ledger/locks/lock_table.hpp"
#include "ledger/money.hpp"

namespace sg::ledger {

// Two columns of the same length. kNoAccount: a name that is not an account yet.
struct HeldBalances {
  std::vector<AccountNumber> numbers;
  std::vector<Amount> balances;
};

// The copy goes by slot. A slot whose account is created during the copy is listed with its number,
// which is higher than that of every account of the moment. Not thread-safe.
class HeldBalancesCopy {
  static auto balances_in(const LockTable& table) {
    return [&table](Slot slot) { return table.at(slot).balance; };
  }

 public:
  explicit HeldBalancesCopy(const LockTable& table) : copy_(table.slots()) {
    numbers_.reserve(table.slots());
  }

  // Called before the balance in `slot` changes.
  void keep(Slot slot, const LockTable& table) { copy_.keep(slot, balances_in(table)); }
  // Copies up to `pages` pages of BalanceCopy::kPage slots. True when all are copied.
  bool advance(std::size_t pages, const LockTable& table) {
    const bool is_whole = copy_.advance(pages, balances_in(table));
    while (numbers_.size() < copy_.copied()) {
      const auto& account = table.at(static_cast<Slot>(numbers_.size()));
      numbers_.push_back(account.exists ? account.number : kNoAccount);
    }
    return is_whole;
  }
  // Needs: advance() returned true.
  HeldBalances take() && { return {std::move(numbers_), std::move(copy_).take()}; }

 private:
  BalanceCopy copy_;
  std::vector<AccountNumber> numbers_;
};

}  // namespace sg::ledger
