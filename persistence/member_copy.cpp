// Copying the chain that the log of a cluster begins on: what a node that joins an older ledger has
// to have first.
#include <utility>

#include "persistence/chain/format.hpp"
#include "persistence/encoding/bytes.hpp"
#include "persistence/member_store.hpp"

namespace sg::persistence {

StoreResult<std::optional<ChainCopy>> MemberStore::read_chain(const ChainEnd& after,
                                                              std::uint64_t max_bytes) const {
  return read_blocks(after, base().sequence, max_bytes);
}

StoreResult<CommittedChanges> MemberStore::copy(const ChainCopy& chain) {
  if (identity().cluster != ClusterId{} || log_.last_index() != 0) {
    return store_error(StoreFault::unknown_version, "the store belongs to a cluster already");
  }
  auto copied = with_rows([&](KeyValue& rows) -> StoreResult<CommittedChanges> {
    CommittedChanges changes{head(), head(), {}, {}, {}, {}, false};
    GroupContents contents;
    contents.head = head();
    const auto batch = rows.new_batch();
    if (auto put = put_blocks(chain, *batch, contents, changes.postings); !put) {
      return tl::unexpected(put.error());
    }
    if (chain.blocks.empty()) return changes;
    const LogBase grown{log_.base().member, contents.head.sequence, contents.head.hash};
    LogApplied applied = log_.applied();
    applied.sequence = grown.sequence;
    LogStore::put_base(*batch, grown);
    LogStore::put_applied(*batch, applied);
    for (const auto& block : chain.blocks) {
      // Whole, or put_blocks() would have refused it.
      log_.raise_format(*batch, get_fixed<std::uint16_t>(block.data() + header_at::kVersion));
    }
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
