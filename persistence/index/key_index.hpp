// What idempotency keys are bound to. The index of records says where a key may stand, the block
// there says whether it does, and to what it is bound.
#pragma once

#include <atomic>
#include <optional>

#include "persistence/index/found_key.hpp"
#include "persistence/index/record_index.hpp"
#include "persistence/rows/account_ids.hpp"

namespace sg::persistence {

// Thread-safe. Keys expire by the chain's run clock, how long servers ran, so that a jump of the
// wall clock expires none.
class KeyIndex {
 public:
  explicit KeyIndex(std::int64_t retention_ms) : retention_ms_(retention_ms) {}

  struct Searched {
    Sequence after = 0;  // exclusive
    Sequence durable = 0;
  };

  // Bindings that are not expired, in what is to be searched; in the order of the transfers.
  StoreResult<std::vector<FoundKey>> find(const KeyValue& rows, const RecordIndex& index,
                                          AccountIdCache& ids,
                                          std::span<const ledger::Transfer* const> transfers,
                                          const Searched& searched) const;
  // The run clock of the chain's head.
  void advance(std::int64_t run_ms) { clock_.store(run_ms, std::memory_order_relaxed); }

 private:
  std::int64_t retention_ms_;
  std::atomic<std::int64_t> clock_ = 0;
};

}  // namespace sg::persistence
