#include "persistence/log/log_row.hpp"

#include "persistence/encoding/bytes.hpp"

namespace sg::persistence {
namespace {

constexpr std::string_view kPrefix = "log/";

}  // namespace

std::string encode(const BlockPlace& place) {
  std::string bytes(3 * kMaxVarintBytes + sizeof(BlockHash), '\0');
  char* to = put_varint(bytes.data(), place.first);
  to = put_varint(put_varint(to, place.records), place.bytes);
  to = put_fixed(to, place.hash);
  bytes.resize(static_cast<std::size_t>(to - bytes.data()));
  return bytes;
}

std::optional<BlockPlace> decode_place(std::string_view bytes) {
  ByteReader in(bytes);
  BlockPlace place;
  place.first = in.varint();
  place.records = in.varint32();
  place.bytes = in.varint();
  place.hash = in.fixed<BlockHash>();
  // A block is never empty, and its last sequence is a number.
  if (!in.at_end() || place.first == 0 || place.records == 0 || place.bytes == 0 ||
      place.last() < place.first) {
    return std::nullopt;
  }
  return place;
}

std::string encode_level(Level level) {
  std::string bytes(1 + kMaxVarintBytes, '\0');
  bytes.resize(static_cast<std::size_t>(put_varint(bytes.data() + 1, level) - bytes.data()));
  return bytes;
}

std::optional<Level> decode_level(std::string_view bytes) {
  ByteReader in(bytes);
  const auto marker = in.fixed<std::uint8_t>();
  const auto level = in.varint();
  if (!in.at_end() || marker != 0 || level < kOldestFormat || level > Level(~0)) {
    return std::nullopt;
  }
  return static_cast<Level>(level);
}

std::string encode_stores(const std::vector<OwnedStore>& stores) {
  std::string bytes(2 + stores.size() * (kMaxVarintBytes + sizeof(StoreId)), '\0');
  char* to = bytes.data() + 2;
  for (const auto& [member, store] : stores) to = put_fixed(put_varint(to, member), store);
  bytes.resize(static_cast<std::size_t>(to - bytes.data()));
  return bytes;
}

std::optional<std::vector<OwnedStore>> decode_stores(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.fixed<std::uint16_t>() != 0) return std::nullopt;
  std::vector<OwnedStore> stores;
  while (in.left() > 0) {
    OwnedStore& one = stores.emplace_back();
    one.member = in.varint();
    one.store = in.fixed<StoreId>();
    if (!in.ok() || one.member == 0 || one.store == StoreId{}) return std::nullopt;
  }
  if (stores.empty()) return std::nullopt;
  return stores;
}

std::string encode(const LogRow& row) {
  std::string bytes(kMaxVarintBytes + 1 + row.data.size(), '\0');
  char* to = put_fixed(put_varint(bytes.data(), row.term), row.kind);
  to = put_bytes(to, row.data);
  bytes.resize(static_cast<std::size_t>(to - bytes.data()));
  return bytes;
}

std::optional<LogRow> decode_log_row(std::string_view bytes) {
  ByteReader in(bytes);
  LogRow row;
  row.term = in.varint();
  row.kind = in.fixed<std::uint8_t>();
  row.data = in.take(in.left());
  if (!in.ok() || row.term == 0) return std::nullopt;
  if (row.has_block() && !decode_place(row.data)) return std::nullopt;
  if (row.has_level() && !decode_level(row.data)) return std::nullopt;
  if (row.has_stores() && !decode_stores(row.data)) return std::nullopt;
  return row;
}

std::string log_key(LogIndex index) { return std::string(kPrefix) + be64(index); }

std::optional<LogIndex> index_of_log_key(std::string_view key) {
  if (key.size() != kPrefix.size() + sizeof(LogIndex) || !key.starts_with(kPrefix)) {
    return std::nullopt;
  }
  return __builtin_bswap64(get_fixed<std::uint64_t>(key.data() + kPrefix.size()));
}

}  // namespace sg::persistence
