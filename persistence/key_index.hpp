// Idempotency keys and what they are bound to: written with the blocks, dropped when they expire.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "persistence/group_contents.hpp"
#include "persistence/key_value.hpp"

namespace sg::persistence {

// Thread-safe. Keys expire by the chain's run clock, how long servers ran, so that a jump of the
// wall clock expires none.
class KeyIndex {
 public:
  explicit KeyIndex(std::int64_t retention_ms);

  static void add(Batch& batch, const GroupContents& group);
  // A binding that is not expired and not past `durable`.
  StoreResult<std::optional<KeyBinding>> find(const KeyValue& rows, std::string_view key,
                                              Sequence durable) const;
  // The run clock of the chain's head; what expired by it may be dropped from then on.
  void advance(std::int64_t run_ms) { clock_->store(run_ms, std::memory_order_relaxed); }
  // Says of a key's row whether it has expired; stays good when the index is gone.
  std::function<bool(std::string_view)> expiry() const;

 private:
  std::int64_t retention_ms_;
  std::shared_ptr<std::atomic<std::int64_t>> clock_;
};

}  // namespace sg::persistence
