#include "persistence/key_index.hpp"

#include "persistence/block_cursor.hpp"

namespace sg::persistence {

StoreResult<std::vector<FoundKey>> KeyIndex::find(const KeyValue& rows, const RecordIndex& index,
                                                  std::span<const KeyLookup> lookups,
                                                  const Searched& searched) const {
  std::vector<Term> terms(lookups.size());
  for (std::size_t i = 0; i < lookups.size(); ++i) terms[i] = lookups[i].hash;
  std::vector<FoundKey> found;
  for (const auto i : index.candidates(terms, searched.after)) {
    auto bound = find_one(rows, index, lookups[i], searched);
    if (!bound) {
      found.push_back({i, tl::unexpected(bound.error())});
    } else if (*bound) {
      found.push_back({i, **bound});
    }
  }
  return found;
}

StoreResult<std::optional<KeyBinding>> KeyIndex::find_one(const KeyValue& rows,
                                                          const RecordIndex& index,
                                                          const KeyLookup& lookup,
                                                          const Searched& searched) const {
  const auto places =
      index.find(rows, Index::keys, lookup.hash, {searched.after + 1, searched.durable + 1});
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
