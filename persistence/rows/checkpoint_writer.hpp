// Writes checkpoints: pages of balances in any number of calls, the marker last.
//
// Concurrency: any thread; one call at a time does its work. Verification reads pages and marker
// with lock(), so that both are of one moment.
#pragma once

#include <mutex>
#include <optional>
#include <span>

#include "persistence/chain/record.hpp"
#include "persistence/rows/page_stamps.hpp"

namespace sg::persistence {

class CheckpointWriter {
 public:
  // Unsynced: write_marker() syncs them.
  StoreResult<void> write_pages(KeyValue& rows, std::span<const BalancePage> pages);
  // The pages are durable before the marker is written, which names them.
  StoreResult<void> write_marker(KeyValue& rows, Sequence marker);
  // The rows of the next call are those of another opening.
  void forget();
  // Nothing is written while it is held.
  std::unique_lock<std::mutex> lock() const { return std::unique_lock(mutex_); }

 private:
  mutable std::mutex mutex_;
  std::optional<PageStamps> stamps_;  // of all pages in the store; read when first needed
};

// A store of a program that wrote no list of pages gets one: once, when it is opened for writing.
StoreResult<void> complete_checkpoint(KeyValue& rows, Sequence marker);

}  // namespace sg::persistence
