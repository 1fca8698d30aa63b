#include "persistence/key_index.hpp"

#include "persistence/block_cursor.hpp"

namespace sg::persistence {

StoreResult<std::optional<KeyBinding>> KeyIndex::find(const KeyValue& rows,
                                                      const RecordIndex& index,
                                                      const KeyLookup& lookup,
                                                      Sequence durable) const {
  const auto places = index.find(rows, Index::keys, lookup.hash, {lookup.after + 1, durable + 1});
  if (!places) return tl::unexpected(places.error());
  if (places->empty()) return std::nullopt;
  BlockCursor cursor(rows);
  DecodedRecord record;
  for (const Sequence sequence : *places) {
    const auto found = cursor.seek(sequence);
    if (!found) return tl::unexpected(found.error());
    if (!*found) {
      return store_error(StoreFault::corrupt,
                         "the block with sequence " + std::to_string(sequence) + " is missing");
    }
    const BlockView& block = cursor.block();
    if (!block.read_record(static_cast<std::uint32_t>(sequence - block.first()), record)) {
      return damaged(block, "record " + std::to_string(sequence) + " does not decode");
    }
    // Another key may have the same hash.
    if (record.key != lookup.key) continue;
    const auto now = clock_.load(std::memory_order_relaxed);
    if (now - block.stamp().run_ms > retention_ms_) return std::nullopt;
    return KeyBinding{sequence, block.stamp().time, record.digest};
  }
  return std::nullopt;
}

}  // namespace sg::persistence
