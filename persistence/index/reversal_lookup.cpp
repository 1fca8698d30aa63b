#include "persistence/index/reversal_lookup.hpp"

#include <utility>

#include "persistence/chain/block_contents.hpp"
#include "persistence/chain/block_cursor.hpp"
#include "persistence/chain/extension.hpp"
#include "persistence/chain/remaining.hpp"

namespace sg::persistence {
namespace {

Term term_of(const RecordIndex& index, Sequence original) {
  return index.link_term(link_text(LinkKind::reversal, sequence_text(original)));
}

// Reads the record, which has to be a transaction.
StoreResult<void> read_at(BlockCursor& blocks, Sequence sequence, DecodedRecord& record) {
  if (auto found = blocks.require(sequence); !found) return tl::unexpected(found.error());
  return read_record(blocks.block(), sequence, record);
}

}  // namespace

StoreResult<std::vector<ledger::TransactionPlace>> find_reversals(const KeyValue& rows,
                                                                  const RecordIndex& index,
                                                                  BlockCursor& blocks,
                                                                  Sequence original,
                                                                  const MentionRange& range) {
  std::vector<ledger::TransactionPlace> reversals;
  const auto term = term_of(index, original);
  if (index.candidates(Index::links, {&term, 1}, range.first - 1).empty()) return reversals;
  DecodedRecord record;
  MentionRange rest = range;
  // Records of another text with the same hash are passed over: then there is another round.
  while (reversals.size() < range.limit) {
    const auto places = index.find(rows, Index::links, term, rest);
    if (!places) return tl::unexpected(places.error());
    for (const auto place : *places) {
      if (auto read = read_at(blocks, place, record); !read) return tl::unexpected(read.error());
      if (original_of(record) != original) continue;
      reversals.push_back({blocks.block().stamp().time, place});
      if (reversals.size() == range.limit) break;
    }
    if (places->size() < rest.limit) break;
    rest.before = places->back();
  }
  return reversals;
}

StoreResult<std::vector<FoundReference>> find_reversed(
    const KeyValue& rows, const RecordIndex& index,
    std::span<const ledger::Transfer* const> transfers, const MentionRange& range) {
  MentionRange newest = range;
  newest.limit = 1;
  std::vector<FoundReference> found;
  BlockCursor blocks(rows);
  for (std::size_t i = 0; i < transfers.size(); ++i) {
    auto reversals =
        find_reversals(rows, index, blocks, transfers[i]->details->reverses.sequence, newest);
    if (!reversals) {
      found.push_back({i, tl::unexpected(reversals.error())});
    } else if (!reversals->empty()) {
      const auto& place = reversals->front();
      found.push_back({i, ledger::RecordPlace{place.sequence, place.time}});
    }
  }
  return found;
}

StoreResult<std::optional<ledger::Original>> OriginalReader::read(
    const ledger::TransactionPlace& place) {
  if (place.sequence == 0 || place.sequence > durable_) return std::nullopt;
  if (left_ == 0) {
    ledger::Original unread;
    unread.place = place;
    unread.newest = place.sequence;
    unread.is_unread = true;
    return unread;
  }
  if (auto found = blocks_.require(place.sequence); !found) return tl::unexpected(found.error());
  const auto& block = blocks_.block();
  if (block.stamp().time != place.time) return std::nullopt;
  ledger::Original original;
  original.place = place;
  original.newest = place.sequence;
  const auto index = static_cast<std::uint32_t>(place.sequence - block.first());
  original.is_reversible = block.is_transaction_at(index);
  if (!original.is_reversible) return original;
  const auto newest =
      find_reversals(rows_, index_, of_reversals_, place.sequence, {1, durable_ + 1, 1});
  if (!newest) return tl::unexpected(newest.error());
  std::optional<ledger::Remainder> remainder;
  if (newest->empty()) {
    if (auto read = read_record(block, place.sequence, record_); !read) {
      return tl::unexpected(read.error());
    }
    original.is_reversible = !record_.postings.empty();
    if (!original.is_reversible) return original;
    remainder = whole_of(record_);
  } else {
    original.newest = newest->front().sequence;
    if (auto read = read_at(of_reversals_, original.newest, record_); !read) {
      return tl::unexpected(read.error());
    }
    remainder = read_remainder(record_.extension);
  }
  if (!remainder) {
    return store_error(StoreFault::unknown_version,
                       "record " + std::to_string(original.newest) +
                           " has fields that this program does not know");
  }
  original.balanced = remainder->balanced;
  original.is_unread = remainder->parts.size() > left_;
  if (original.is_unread) {
    // Nor is there for others: who is refused tries again.
    left_ = 0;
    return original;
  }
  original.remaining = by_account(remainder->parts);
  left_ -= original.remaining.size();
  for (auto& one : original.remaining) {
    auto id = ids_.id_of(one.account, catalog_);
    if (!id) return tl::unexpected(id.error());
    one.account_id = std::move(*id);
  }
  return original;
}

}  // namespace sg::persistence
