// Copying the chain that the log of a cluster begins on: what a node that joins an older ledger has
// to have first. Blocks are taken as they are, if they follow the chain here: so whoever reaches
// the base of another node has its chain, hash by hash.
#include <utility>

#include "persistence/chain/block_contents.hpp"
#include "persistence/chain/block_cursor.hpp"
#include "persistence/member_store.hpp"
#include "persistence/rows/catalog.hpp"

namespace sg::persistence {
namespace {

tl::unexpected<StoreError> does_not_follow(const BlockView& block, const ChainHead& head) {
  return store_error(
      StoreFault::corrupt,
      "a block that another node sent begins at sequence " + std::to_string(block.first()) +
          " and does not follow the chain here, which ends at " + std::to_string(head.sequence));
}

}  // namespace

StoreResult<std::optional<ChainCopy>> MemberStore::read_chain(const ChainEnd& after,
                                                              std::uint64_t max_bytes) const {
  return with_rows([&](const KeyValue& rows) -> StoreResult<std::optional<ChainCopy>> {
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
    const auto end = base().sequence;
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

StoreResult<CommittedChanges> MemberStore::copy(const ChainCopy& chain) {
  if (identity().cluster != ClusterId{} || log_.last_index() != 0) {
    return store_error(StoreFault::unknown_version, "the store belongs to a cluster already");
  }
  auto copied = with_rows([&](KeyValue& rows) -> StoreResult<CommittedChanges> {
    CommittedChanges changes{head(), head(), {}, {}, {}, false};
    GroupContents contents;
    contents.head = head();
    const auto batch = rows.new_batch();
    for (const auto& bytes : chain.blocks) {
      const auto block = BlockView::parse(bytes);
      if (!block) return store_error(StoreFault::corrupt, block.error());
      if (block->first() != contents.head.sequence + 1 ||
          block->stamp().previous != contents.head.hash) {
        return does_not_follow(*block, contents.head);
      }
      if (auto added = add_block(*block, contents, changes.postings); !added) {
        return tl::unexpected(added.error());
      }
      batch->put(Family::blocks, be64(block->first()), bytes);
    }
    if (chain.blocks.empty()) return changes;
    Catalog::add(*batch, contents);
    const LogBase grown{log_.base().member, contents.head.sequence, contents.head.hash};
    LogApplied applied = log_.applied();
    applied.sequence = grown.sequence;
    LogStore::put_base(*batch, grown);
    LogStore::put_applied(*batch, applied);
    if (auto written = rows.write(*batch, true); !written) return tl::unexpected(written.error());
    log_.begin_on(grown, std::move(applied));
    if (auto marked = log_.write_mark(*medium_, 0, false); !marked) {
      return tl::unexpected(marked.error());
    }
    show(contents, changes);
    return changes;
  });
  if (!copied) return note_full(std::move(copied));
  note_identity();
  return copied;
}

}  // namespace sg::persistence
