// Finds the transfers that idempotency keys are bound to. The record index tells in which records a
// key may be, by its hash. The block of such a record tells whether it has the key, and which
// transfer it holds.
//
//   KeyIndex keys(retention_ms);
//   keys.advance(head.run_ms);                       // after each group
//   auto found = keys.find(rows, index, ids, transfers, {0, durable});
#pragma once

#include <atomic>
#include <optional>

#include "persistence/index/found_key.hpp"
#include "persistence/index/record_index.hpp"
#include "persistence/rows/account_ids.hpp"

namespace sg::persistence {

// Thread-safe. Keys expire by the run clock, which counts the time that servers ran on the store.
// So neither a pause nor a jump of the wall clock expires a key.
class KeyIndex {
 public:
  // A key is valid for `retention_ms` after its transfer, in ms of the run clock.
  explicit KeyIndex(std::int64_t retention_ms) : retention_ms_(retention_ms) {}

  // The sequences that are searched: those after `after`, up to `durable` (inclusive).
  struct Searched {
    Sequence after = 0;
    Sequence durable = 0;
  };

  // Returns the bindings that have not expired, in the order of the transfers. Keys that are not
  // bound are left out. A key whose record cannot be read is listed with that error. Each transfer
  // must carry the hash of its key (stamp() in chain/record.hpp).
  StoreResult<std::vector<FoundKey>> find(const KeyValue& rows, const RecordIndex& index,
                                          AccountIdCache& ids,
                                          std::span<const ledger::Transfer* const> transfers,
                                          const Searched& searched) const;
  // Keys of older blocks have expired, by their place on the run clock, in ms.
  std::int64_t oldest() const { return clock_.load(std::memory_order_relaxed) - retention_ms_; }
  // Sets the run clock, in ms: that of the chain's head.
  void advance(std::int64_t run_ms) { clock_.store(run_ms, std::memory_order_relaxed); }

 private:
  // find() without seals.
  StoreResult<std::vector<FoundKey>> find_transfers(
      const KeyValue& rows, const RecordIndex& index, AccountIdCache& ids,
      std::span<const ledger::Transfer* const> transfers, const Searched& searched) const;

  std::int64_t retention_ms_;
  std::atomic<std::int64_t> clock_ = 0;  // the run clock, in ms
};

}  // namespace sg::persistence
