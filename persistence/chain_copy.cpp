// Blocks on their way from one store to another, or to a backup. They are taken as they are, if
// they follow the chain: so whoever reaches the end of another chain has that chain, hash by hash.
#include <algorithm>
#include <utility>

#include "persistence/chain/block_contents.hpp"
#include "persistence/chain/block_cursor.hpp"
#include "persistence/chain_store.hpp"
#include "persistence/rows/catalog.hpp"
#include "persistence/rows/high_water_mark.hpp"
#include "persistence/rows/meta.hpp"

namespace sg::persistence {

StoreResult<std::optional<ChainCopy>> ChainStore::read_blocks(const ChainEnd& after, Sequence until,
                                                              std::uint64_t max_bytes) const {
  return with_rows([&](const KeyValue& rows) -> StoreResult<std::optional<ChainCopy>> {
    const auto end = std::min(until, durable());
    if (after.sequence > end) return std::nullopt;
    BlockCursor cursor(rows);
    if (after.sequence > 0) {
      const auto found = cursor.seek(after.sequence);
      if (!found) return tl::unexpected(found.error());
      if (!*found || cursor.block().last() != after.sequence ||
          cursor.block().hash() != after.hash) {
        return std::nullopt;
      }
    }
    ChainCopy copy;
    std::uint64_t bytes = 0;
    auto more = after.sequence > 0 ? cursor.next() : cursor.seek_at_or_after(1);
    for (; more && *more && cursor.block().last() <= end; more = cursor.next()) {
      bytes += cursor.block().bytes().size();
      if (!copy.blocks.empty() && bytes > max_bytes) break;
      copy.blocks.emplace_back(cursor.block().bytes());
    }
    if (!more) return tl::unexpected(more.error());
    return copy;
  });
}

StoreResult<void> ChainStore::put_blocks(const ChainCopy& chain, Batch& batch,
                                         GroupContents& contents, std::vector<Posting>& postings) {
  for (const auto& bytes : chain.blocks) {
    const auto block = BlockView::parse(bytes);
    if (!block) return store_error(StoreFault::corrupt, block.error());
    if (block->first() != contents.head.sequence + 1 ||
        block->stamp().previous != contents.head.hash) {
      return store_error(StoreFault::corrupt,
                         "a block begins at sequence " + std::to_string(block->first()) +
                             " and does not follow the chain here, which ends at " +
                             std::to_string(contents.head.sequence));
    }
    if (auto added = add_block(*block, contents, postings); !added) return added;
    batch.put(Family::blocks, be64(block->first()), bytes);
  }
  Catalog::add(batch, contents);
  return {};
}

StoreResult<void> ChainStore::append_blocks(const ChainCopy& chain, GroupContents& contents,
                                            std::vector<Posting>& postings) {
  return note_full(with_rows([&](KeyValue& rows) -> StoreResult<void> {
    contents.head = head();
    const auto batch = rows.new_batch();
    if (auto put = put_blocks(chain, *batch, contents, postings); !put) return put;
    auto format = format_.load(std::memory_order_relaxed);
    for (const auto& block : chain.blocks) {
      format = std::max(format, get_fixed<std::uint16_t>(block.data() + header_at::kVersion));
    }
    const bool raises = format > format_.load(std::memory_order_relaxed);
    if (raises) batch->put(Family::meta, kMetaVersion, encode_format(format));
    if (auto written = rows.write(*batch, false); !written) return written;
    if (raises) format_.store(format, std::memory_order_relaxed);
    index_->push(contents.mentions, contents.head.sequence, contents.head.run_ms);
    advance(contents.head);
    return {};
  }));
}

StoreResult<void> ChainStore::write_mark() {
  const auto at = head();
  return medium_->write_mark(encode(HighWaterMark{at.sequence, at.hash}), true);
}

}  // namespace sg::persistence
