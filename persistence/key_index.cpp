#include "persistence/key_index.hpp"

#include "persistence/rows.hpp"

namespace sg::persistence {
namespace {

bool is_expired(std::int64_t bound_at, std::int64_t now, std::int64_t retention) {
  return now - bound_at > retention;
}

}  // namespace

KeyIndex::KeyIndex(std::int64_t retention_ms)
    : retention_ms_(retention_ms), clock_(std::make_shared<std::atomic<std::int64_t>>(0)) {}

void KeyIndex::add(Batch& batch, const GroupContents& group) {
  const ByteBuffer& buffer = group.writer.buffer();
  for (const auto& place : group.keys) {
    KeyRowValue row;
    row.binding.sequence = place.sequence;
    row.binding.time = group.time;
    row.binding.digest = get_fixed<Digest>(buffer.data() + place.at + place.bytes);
    row.run_ms = group.run_ms;
    const auto bytes = encode(row);
    batch.put(Family::keys, buffer.slice(place.at, place.bytes), {bytes.data(), bytes.size()});
  }
}

StoreResult<std::optional<KeyBinding>> KeyIndex::find(const KeyValue& rows, std::string_view key,
                                                      Sequence durable) const {
  auto bytes = rows.get(Family::keys, key);
  if (!bytes) return tl::unexpected(bytes.error());
  if (!*bytes) return std::nullopt;
  const auto row = decode_key(**bytes);
  if (!row) {
    return store_error(StoreFault::corrupt,
                       "the row of idempotency key '" + std::string(key) + "' does not decode");
  }
  if (row->binding.sequence > durable) return std::nullopt;
  const auto now = clock_->load(std::memory_order_relaxed);
  if (is_expired(row->run_ms, now, retention_ms_)) return std::nullopt;
  return row->binding;
}

std::function<bool(std::string_view)> KeyIndex::expiry() const {
  return [clock = clock_, retention = retention_ms_](std::string_view bytes) {
    const auto row = decode_key(bytes);
    return row && is_expired(row->run_ms, clock->load(std::memory_order_relaxed), retention);
  };
}

}  // namespace sg::persistence
