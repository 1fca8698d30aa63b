// Writes checkpoints: the pages of balances in any number of calls, then the marker.
//
//   writer.write_pages(rows, pages);        // as often as needed; not synced
//   writer.write_marker(rows, marker);      // makes the pages durable, then the marker
//
// The marker promises that every page holds all records of its accounts up to it. A page that did
// not change since an earlier checkpoint is not written again. Pages that are younger than the
// marker are harmless.
//
// Concurrency: any thread; calls wait for one another. A verification holds lock() while it reads
// pages and marker, so that both belong to the same moment.
#pragma once

#include <mutex>
#include <optional>
#include <span>

#include "persistence/chain/record.hpp"
#include "persistence/rows/page_stamps.hpp"

namespace sg::persistence {

class CheckpointWriter {
 public:
  // Writes pages without a sync; write_marker() syncs them. The caller makes sure that their
  // sequences are durable.
  StoreResult<void> write_pages(KeyValue& rows, std::span<const BalancePage> pages);
  // Makes all pages durable, then writes the marker with a list of the pages, then syncs again.
  // `marker` must not exceed the sequence of any page that was written for this checkpoint.
  StoreResult<void> write_marker(KeyValue& rows, Sequence marker);
  // Drops what is known of the pages in the store. Call it when the store is opened anew.
  void forget();
  // Nothing is written while the caller holds this lock.
  std::unique_lock<std::mutex> lock() const { return std::unique_lock(mutex_); }

 private:
  mutable std::mutex mutex_;
  // Stamps of all pages in the store; nullopt until write_marker() reads them.
  std::optional<PageStamps> stamps_;
};

// Adds the list of pages to a checkpoint that an earlier program wrote without one. Called when a
// store is opened for writing; does nothing if there is a list or no checkpoint.
StoreResult<void> complete_checkpoint(KeyValue& rows, Sequence marker);

}  // namespace sg::persistence
