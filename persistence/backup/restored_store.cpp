#include "persistence/backup/restored_store.hpp"

#include <algorithm>

namespace sg::persistence {
namespace {

// Pages of a checkpoint that are written together.
constexpr std::size_t kPagesAtOnce = 1024;

tl::unexpected<StoreError> unknown_account(AccountNumber number) {
  return store_error(StoreFault::corrupt, "a record names account number " +
                                              std::to_string(number) + ", which was not created");
}

}  // namespace

StoreResult<void> RestoredStore::take(const ChainCopy& chain) {
  GroupContents contents;
  std::vector<Posting> postings;
  if (auto taken = append_blocks(chain, contents, postings); !taken) return taken;
  balances_.resize(contents.head.accounts);
  for (const auto& account : contents.accounts) {
    if (account.number >= balances_.size()) return unknown_account(account.number);
    balances_[account.number] = account.initial_balance;
  }
  // A wrong sum may wrap around here: the verification finds it.
  for (const Posting& posting : postings) {
    if (posting.account >= balances_.size()) return unknown_account(posting.account);
    auto& balance = balances_[posting.account];
    balance = static_cast<Amount>(static_cast<std::uint64_t>(balance) +
                                  static_cast<std::uint64_t>(posting.amount));
  }
  return {};
}

StoreResult<void> RestoredStore::finish() {
  while (true) {
    const auto worked = index_some(true);
    if (!worked) return tl::unexpected(worked.error());
    if (!*worked) break;
  }
  const auto sequence = durable();
  std::vector<BalancePage> pages;
  for (std::size_t page = 0; page < balance_pages(balances_.size()); ++page) {
    const auto first = page * kBalancesOfPage;
    const auto end = std::min(first + kBalancesOfPage, balances_.size());
    pages.push_back({static_cast<std::uint32_t>(page),
                     sequence,
                     {balances_.data() + first, balances_.data() + end}});
    if (pages.size() < kPagesAtOnce) continue;
    if (auto written = write_balances(pages); !written) return written;
    pages.clear();
  }
  if (auto written = write_balances(pages); !written) return written;
  // Syncs all that was written before.
  if (auto written = write_checkpoint(sequence); !written) return written;
  return write_mark();
}

}  // namespace sg::persistence
