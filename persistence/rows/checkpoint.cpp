// How balances are loaded at a start. For each account the replay knows the balance and the
// sequence up to which that balance holds all records.
//
// 1. Read all pages. An account on a page starts with the page's balance and sequence. An account
//    between or behind the pages starts as it was created.
// 2. Walk the blocks behind the marker. Add a posting only if its record is younger than what the
//    account's balance holds already.
// 3. Compare the sum of the balances with the sum of postings that the chain's last block states.
#include "persistence/rows/checkpoint.hpp"

#include <numeric>

#include "faults/fault_injection.hpp"
#include "persistence/chain/block_cursor.hpp"
#include "persistence/rows/catalog.hpp"
#include "persistence/rows/page_stamps.hpp"
#include "persistence/rows/rows.hpp"

namespace sg::persistence {
namespace {

// The state of one load. Made for one call.
class Replay {
 public:
  Replay(const KeyValue& rows, const ChainHead& head)
      : rows_(rows), head_(head), balances_(head.accounts), known_up_to_(head.accounts) {}

  // Step 1: balances from the checkpoint's pages, checked against the list of pages.
  StoreResult<void> read_pages(Sequence marker);
  // Step 2: the records after the checkpoint.
  StoreResult<void> apply_blocks_after(Sequence marker, const OpeningListener& listener);
  // Step 3: the sum of the balances is that of the chain.
  StoreResult<void> check_sum() const;
  std::vector<Amount> take() { return std::move(balances_); }

 private:
  // Fails if the pages that were found cannot be those of the checkpoint.
  StoreResult<void> check_pages(Sequence marker, const PageStamps& found) const;
  // For an account on no page: it must be younger than the marker.
  StoreResult<void> start_without_page(AccountNumber number, Sequence marker);
  // Applies one record of the block.
  StoreResult<void> apply(const BlockView& block, std::uint32_t index);
  // False if there is no such account.
  bool add(AccountNumber account, Amount amount, Sequence sequence);

  const KeyValue& rows_;
  const ChainHead& head_;
  std::vector<Amount> balances_;       // by account number
  std::vector<Sequence> known_up_to_;  // by account number: its balance has all records up to here
  DecodedRecord record_;
};

StoreResult<void> Replay::start_without_page(AccountNumber number, Sequence marker) {
  const auto account = Catalog(rows_, head_.sequence).account(number);
  if (!account) return tl::unexpected(account.error());
  if (account->sequence <= marker) {
    return store_error(StoreFault::corrupt, "the checkpoint at sequence " + std::to_string(marker) +
                                                " has no balance of account number " +
                                                std::to_string(number) + ", which is older");
  }
  balances_[number] = account->initial_balance;
  known_up_to_[number] = account->sequence;
  return {};
}

// Without a list nothing is known: an earlier program wrote the marker.
StoreResult<void> Replay::check_pages(Sequence marker, const PageStamps& found) const {
  const auto list = read_page_list(rows_, marker);
  if (!list) return tl::unexpected(list.error());
  if (!*list) return {};
  if (const auto missing = missing_pages(**list, found)) {
    return store_error(StoreFault::corrupt, *missing);
  }
  return {};
}

StoreResult<void> Replay::read_pages(Sequence marker) {
  const auto cursor = rows_.cursor(Family::balances);
  PageStamps found;
  AccountNumber next = 0;
  for (cursor->seek({}); cursor->valid(); cursor->next()) {
    const auto page = decode_balances(cursor->key(), cursor->value());
    if (!page) return store_error(StoreFault::corrupt, "checkpointed balances do not decode");
    const std::uint64_t first = std::uint64_t{page->page} * kBalancesOfPage;
    if (first + page->balances.size() > head_.accounts || page->sequence > head_.sequence) {
      return store_error(StoreFault::corrupt,
                         "the checkpointed balances from account number " + std::to_string(first) +
                             " on are at sequence " + std::to_string(page->sequence) +
                             ", past the chain's end " + std::to_string(head_.sequence) +
                             ": acknowledged blocks are missing");
    }
    for (; next < first; ++next) {
      if (auto started = start_without_page(next, marker); !started) return started;
    }
    for (const Amount balance : page->balances) {
      balances_[next] = balance;
      known_up_to_[next] = page->sequence;
      ++next;
    }
    note_page(found, *page, cursor->value());
  }
  if (auto status = cursor->status(); !status) return status;
  if (auto checked = check_pages(marker, found); !checked) return checked;
  // Without a checkpoint the replay begins with the first record and meets every creation itself.
  for (; marker > 0 && next < head_.accounts; ++next) {
    if (auto started = start_without_page(next, marker); !started) return started;
  }
  return {};
}

// The sum may leave the range of int64 within an atomic batch, since only its net effect has to
// fit. Unsigned arithmetic wraps, and comes back into range at the end of the batch.
bool Replay::add(AccountNumber account, Amount amount, Sequence sequence) {
  if (account >= balances_.size()) return false;
  if (sequence <= known_up_to_[account] && !faults::has(faults::Defect::replay_twice)) return true;
  balances_[account] = static_cast<Amount>(static_cast<std::uint64_t>(balances_[account]) +
                                           static_cast<std::uint64_t>(amount));
  return true;
}

StoreResult<void> Replay::apply(const BlockView& block, std::uint32_t index) {
  if (auto read = read_record(block, block.first() + index, record_); !read) return read;
  bool known = true;
  if (record_.kind == RecordKind::account) {
    known = add(record_.account.number, record_.account.initial_balance, record_.sequence);
  } else if (is_transaction(record_.kind)) {
    for (const Posting& posting : record_.postings) {
      known = add(posting.account, posting.amount, record_.sequence) && known;
    }
  }
  if (known) return {};
  return damaged(block, "record " + std::to_string(record_.sequence) + " names no account");
}

StoreResult<void> Replay::apply_blocks_after(Sequence marker, const OpeningListener& listener) {
  if (marker >= head_.sequence) return {};
  OpeningStepReport report(listener, OpeningStep::balances, head_.sequence - marker);
  BlockCursor cursor(rows_);
  Sequence next = marker + 1;
  auto found = cursor.seek(next);
  for (; found && *found && next <= head_.sequence; found = cursor.next()) {
    const BlockView& block = cursor.block();
    if (!block.holds(next)) break;
    for (; next <= block.last(); ++next) {
      const auto index = static_cast<std::uint32_t>(next - block.first());
      if (auto applied = apply(block, index); !applied) return applied;
    }
    report.reach(next - 1 - marker);
  }
  if (!found) return tl::unexpected(found.error());
  if (next <= head_.sequence) {
    return store_error(StoreFault::corrupt,
                       "the block with sequence " + std::to_string(next) + " is missing");
  }
  report.finish();
  return {};
}

StoreResult<void> Replay::check_sum() const {
  const auto sum = std::accumulate(balances_.begin(), balances_.end(), WideAmount{0});
  if (sum == head_.totals.postings) return {};
  const WideAmount surplus = sum - head_.totals.postings;
  return store_error(
      StoreFault::corrupt,
      "the balances that the checkpoint and the blocks after it make do not add up to the chain's "
      "postings" +
          (ledger::fits(surplus)
               ? ": they are " + std::to_string(static_cast<Amount>(surplus)) + " too much"
               : std::string()));
}

}  // namespace

StoreResult<std::vector<Amount>> load_balances(const KeyValue& rows, const ChainHead& head,
                                               Sequence marker, const OpeningListener& listener) {
  Replay replay(rows, head);
  if (auto read = replay.read_pages(marker); !read) return tl::unexpected(read.error());
  if (auto applied = replay.apply_blocks_after(marker, listener); !applied) {
    return tl::unexpected(applied.error());
  }
  if (auto checked = replay.check_sum(); !checked) return tl::unexpected(checked.error());
  return replay.take();
}

}  // namespace sg::persistence
