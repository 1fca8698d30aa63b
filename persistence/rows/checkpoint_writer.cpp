// The order is what makes a checkpoint safe: pages, sync, marker with the list of pages, sync. If
// the power fails in between, the old marker stands, and the blocks behind it are replayed.
#include "persistence/rows/checkpoint_writer.hpp"

#include "faults/fault_injection.hpp"
#include "persistence/chain/format.hpp"
#include "persistence/encoding/bytes.hpp"
#include "persistence/rows/rows.hpp"

namespace sg::persistence {
namespace {

// The stamps of the pages that the store holds.
StoreResult<PageStamps> read_stamps(const KeyValue& rows) {
  PageStamps stamps;
  const auto cursor = rows.cursor(Family::balances);
  for (cursor->seek({}); cursor->valid(); cursor->next()) {
    const auto page = decode_balances(cursor->key(), cursor->value());
    if (!page) return store_error(StoreFault::corrupt, "checkpointed balances do not decode");
    note_page(stamps, *page, cursor->value());
  }
  if (auto status = cursor->status(); !status) return tl::unexpected(status.error());
  return stamps;
}

}  // namespace

StoreResult<void> CheckpointWriter::write_pages(KeyValue& rows,
                                                std::span<const BalancePage> pages) {
  if (pages.empty()) return {};
  const std::lock_guard lock(mutex_);
  const auto batch = rows.new_batch();
  for (const BalancePage& page : pages) {
    const auto row = encode(page);
    batch->put(Family::balances, be32(page.page), row);
    if (stamps_) note_page(*stamps_, page, row);
  }
  // If this fails, the stamps are ahead of the store. No marker can be written then before a
  // reopening, which forgets them.
  return rows.write(*batch, false);
}

StoreResult<void> CheckpointWriter::write_marker(KeyValue& rows, Sequence marker) {
  const std::lock_guard lock(mutex_);
  // Without this sync a power loss could keep the marker and lose pages. The log may lie in two
  // files: the younger file with the marker can survive without the end of the older one.
  if (!faults::has(faults::Defect::marker_before_pages)) {
    if (auto synced = rows.sync(); !synced) return synced;
  }
  if (!stamps_) {
    // The first marker since the opening: from now on write_pages() keeps the stamps up to date.
    auto stamps = read_stamps(rows);
    if (!stamps) return tl::unexpected(stamps.error());
    stamps_ = std::move(*stamps);
  }
  char bytes[sizeof marker];
  put_fixed(bytes, marker);
  const auto batch = rows.new_batch();
  batch->put(Family::meta, kMetaCheckpoint, {bytes, sizeof bytes});
  batch->put(Family::meta, kMetaCheckpointPages, encode(PageList{marker, *stamps_}));
  if (auto written = rows.write(*batch, false); !written) return written;
  faults::reach(faults::Point::marker_before_sync);
  return rows.sync();
}

void CheckpointWriter::forget() {
  const std::lock_guard lock(mutex_);
  stamps_.reset();
}

StoreResult<void> complete_checkpoint(KeyValue& rows, Sequence marker) {
  if (marker == 0) return {};
  const auto list = read_page_list(rows, marker);
  if (!list) return tl::unexpected(list.error());
  if (*list) return {};
  return CheckpointWriter().write_marker(rows, marker);
}

}  // namespace sg::persistence
