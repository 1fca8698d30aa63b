// Numbers in the meta family, and the format of the store.
#pragma once

#include <string>
#include <string_view>

#include "persistence/chain/format.hpp"
#include "persistence/encoding/bytes.hpp"
#include "persistence/medium/key_value.hpp"

namespace sg::persistence {

// 0 when it was never written.
inline StoreResult<std::uint64_t> read_meta(const KeyValue& rows, std::string_view name) {
  const auto bytes = rows.get(Family::meta, name);
  if (!bytes) return tl::unexpected(bytes.error());
  if (!*bytes) return std::uint64_t{0};
  if ((*bytes)->size() != sizeof(std::uint64_t)) {
    return store_error(StoreFault::corrupt,
                       "meta row '" + std::string(name) + "' has a wrong size");
  }
  return get_fixed<std::uint64_t>((*bytes)->data());
}

// The store's format, as encode_format wrote it; corrupt when there is none.
inline StoreResult<std::uint16_t> read_format(const KeyValue& rows) {
  const auto bytes = rows.get(Family::meta, kMetaVersion);
  if (!bytes) return tl::unexpected(bytes.error());
  if (!*bytes || (*bytes)->size() != sizeof(std::uint16_t)) {
    return store_error(StoreFault::corrupt, "its format version is missing");
  }
  return get_fixed<std::uint16_t>((*bytes)->data());
}

inline std::string encode_format(std::uint16_t format) {
  std::string bytes(sizeof format, '\0');
  put_fixed(bytes.data(), format);
  return bytes;
}

}  // namespace sg::persistence
