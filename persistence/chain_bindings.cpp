// What the chain has bound: idempotency keys, by transfers and by seals, and references.
#include <algorithm>
#include <utility>

#include "persistence/chain/block_cursor.hpp"
#include "persistence/chain_store.hpp"
#include "persistence/index/reference_lookup.hpp"
#include "persistence/index/reversal_lookup.hpp"
#include "persistence/index/seal_lookup.hpp"
#include "persistence/transaction_reader.hpp"

namespace sg::persistence {
namespace {

// What was found, with an error for each of the `asked` that was not.
template <class Found>
std::vector<Found> with_undecided(std::vector<Found> found, std::size_t asked,
                                  const StoreError& undecided) {
  std::vector<Found> all;
  all.reserve(asked);
  auto next = found.begin();
  for (std::size_t i = 0; i < asked; ++i) {
    if (next != found.end() && next->transfer == i) {
      all.push_back(std::move(*next++));
    } else {
      all.push_back({i, tl::unexpected(undecided)});
    }
  }
  return all;
}

}  // namespace

StoreResult<std::vector<FoundKey>> ChainStore::find_keys(
    std::span<const ledger::Transfer* const> transfers, Sequence after) const {
  return with_rows([&](KeyValue& rows) -> StoreResult<std::vector<FoundKey>> {
    auto found = keys_.find(rows, *index_, account_ids_, transfers, {after, durable()});
    if (!found || takes_writes(rows)) return found;
    return with_undecided(std::move(*found), transfers.size(), undecided(rows));
  });
}

StoreResult<std::vector<FoundReference>> ChainStore::find_references(
    std::span<const ledger::Transfer* const> transfers, Sequence after) const {
  return with_rows([&](KeyValue& rows) -> StoreResult<std::vector<FoundReference>> {
    auto found = persistence::find_references(rows, *index_, transfers, {after + 1, durable() + 1});
    if (!found || takes_writes(rows)) return found;
    return with_undecided(std::move(*found), transfers.size(), undecided(rows));
  });
}

StoreResult<std::vector<FoundReference>> ChainStore::find_reversed(
    std::span<const ledger::Transfer* const> transfers, Sequence after) const {
  return with_rows([&](KeyValue& rows) -> StoreResult<std::vector<FoundReference>> {
    auto found = persistence::find_reversed(rows, *index_, transfers, {after + 1, durable() + 1});
    if (!found || takes_writes(rows)) return found;
    return with_undecided(std::move(*found), transfers.size(), undecided(rows));
  });
}

StoreResult<std::vector<StoreResult<std::optional<ledger::Original>>>> ChainStore::originals(
    std::span<const ledger::TransactionPlace> places, std::size_t most) const {
  using Read = std::vector<StoreResult<std::optional<ledger::Original>>>;
  return with_rows([&](KeyValue& rows) -> StoreResult<Read> {
    OriginalReader reader(rows, *index_, account_ids_, durable(), most);
    Read read;
    for (const auto& place : places) read.push_back(reader.read(place));
    if (!takes_writes(rows)) return tl::unexpected(undecided(rows));
    return read;
  });
}

StoreResult<std::uint64_t> ChainStore::seals() const {
  return with_rows([&](KeyValue& rows) { return count_seals(rows, *index_, durable()); });
}

StoreResult<TimeMs> ChainStore::keys_kept_since() const {
  return with_rows([&](KeyValue& rows) -> StoreResult<TimeMs> {
    const auto oldest = keys_.oldest();
    const auto first = first_block(
        rows, durable(), [oldest](const BlockStamp& stamp) { return stamp.run_ms >= oldest; });
    if (!first) return tl::unexpected(first.error());
    // Under a shorter retention, before this start, keys may have been given up that would count.
    const auto known = std::max(*first, index_->keys_given_up() + 1);
    if (known <= 1) return 0;
    if (known > durable()) return head().time + 1;
    BlockCursor blocks(rows);
    if (auto found = blocks.require(known); !found) return tl::unexpected(found.error());
    return blocks.block().stamp().time;
  });
}

StoreError ChainStore::undecided(const KeyValue& rows) const {
  const bool has_room = has_room_for(rows.unflushed_bytes());
  return {has_room ? StoreFault::io : StoreFault::no_space,
          "a write failed: what it has bound is known once the store has been opened anew"};
}

}  // namespace sg::persistence
