// How the books know what a checkpoint has to write. A page is in one of three states:
//
// - clean: the last checkpoint has it;
// - changed: it stands in changed_, and its bit in is_changed_ is set;
// - taken: begin_checkpoint() moved it to taking_ and cleared its bit, so that a later change puts
//   it into changed_ again, for the next checkpoint.
//
// If a checkpoint fails after it took pages, mark_all_changed() makes every page changed again.
#include "ledger/books/books.hpp"

#include <numeric>
#include <utility>

#include "faults/fault_injection.hpp"

namespace sg::ledger {

Books::Books(std::span<const Amount> balances, std::span<const Amount> floors, Policies policies)
    : policies_(std::move(policies)), accounts_(balances.size()) {
  for (std::size_t i = 0; i < accounts_.size(); ++i) accounts_[i] = {balances[i], floors[i]};
  for (const auto& [account, policy] : policies_) accounts_[account].floor = policy.floor;
  mark_all_changed();
}

std::vector<Amount> Books::balances(std::size_t first, std::size_t end) const {
  std::vector<Amount> balances(end - first);
  for (auto i = first; i < end; ++i) balances[i - first] = accounts_[i].balance;
  return balances;
}

void Books::open(Amount balance, const Policy& policy) {
  const auto account = static_cast<AccountNumber>(accounts_.size());
  accounts_.push_back({balance, policy.floor});
  is_changed_.resize(pages());
  mark_changed(account);
  if (!policy.is_plain()) policies_.emplace(account, policy);
}

void Books::set_policy(AccountNumber account, const Policy& policy) {
  accounts_[account].floor = policy.floor;
  policies_.insert_or_assign(account, policy);
}

void Books::settle(AccountNumber account, Amount balance, const Policy& policy) {
  add(account,
      static_cast<std::uint64_t>(balance) - static_cast<std::uint64_t>(accounts_[account].balance));
  set_policy(account, policy);
}

void Books::mark_all_changed() {
  is_changed_.assign(pages(), true);
  changed_.resize(is_changed_.size());
  std::iota(changed_.begin(), changed_.end(), std::uint32_t{0});
  taking_.clear();
}

void Books::begin_checkpoint() {
  // What an earlier checkpoint began and did not take is not in it.
  for (const auto page : taking_) {
    if (is_changed_[page]) continue;
    is_changed_[page] = true;
    changed_.push_back(page);
  }
  taking_ = std::exchange(changed_, {});
  if (faults::has(faults::Defect::forget_dirty_page)) return;
  // From here on a change to one of these pages is one that this checkpoint may miss.
  for (const auto page : taking_) is_changed_[page] = false;
}

std::vector<std::uint32_t> Books::take_changed(std::size_t limit) {
  const auto count = std::min(limit, taking_.size());
  // From the end, so that what is left need not move. The order of the pages does not matter.
  const auto first = taking_.end() - static_cast<std::ptrdiff_t>(count);
  std::vector<std::uint32_t> taken(first, taking_.end());
  taking_.erase(first, taking_.end());
  return taken;
}

// The oldest copy first: its asker has waited longest.
std::optional<std::vector<Amount>> Books::advance_copy(std::size_t pages) {
  auto& copy = copies_.front();
  if (!copy.advance(pages, [this](auto number) { return balance(number); })) return std::nullopt;
  auto balances = std::move(copy).take();
  copies_.pop_front();
  return balances;
}

}  // namespace sg::ledger
