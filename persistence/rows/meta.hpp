// Numbers in the meta family.
#pragma once

#include <string_view>

#include "persistence/chain/record.hpp"
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

}  // namespace sg::persistence
