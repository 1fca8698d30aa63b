// The high-water mark: how far records may have been acknowledged. It is written after the sync of
// each group and before any reply. A chain that ends before it counts as having lost acknowledged
// records.
// The mark is kept outside of the database, so that it does not get lost together with the log.
//
//   mark := magic:u64 sequence:u64 hash:32 bytes checksum:u32 (CRC-32C of what is before it)
//
// The sequence is that of the last record of a block, and the hash is that block's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "persistence/chain/record.hpp"

namespace sg::persistence {

struct HighWaterMark {
  Sequence sequence = 0;  // 0: no record yet
  BlockHash hash{};       // zero: no block yet
};

// Always 52 bytes, so that a new mark overwrites all of the old one.
std::string encode(const HighWaterMark& mark);
// Nullopt if the bytes are not a mark or fail their checksum.
std::optional<HighWaterMark> decode_mark(std::string_view bytes);

}  // namespace sg::persistence
