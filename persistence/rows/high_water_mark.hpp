// The high-water mark: how far records were acknowledged. Written after each sync and before any
// reply; a chain that ends before it has lost acknowledged records.
//
//   mark := magic:u64 sequence:u64 hash:32 bytes checksum:u32 (CRC-32C of what is before it)
//
// The sequence is the last of a block, the hash that block's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "persistence/chain/record.hpp"

namespace sg::persistence {

struct HighWaterMark {
  Sequence sequence = 0;
  BlockHash hash{};
};

std::string encode(const HighWaterMark& mark);
// Nothing when the bytes are no mark or fail their checksum.
std::optional<HighWaterMark> decode_mark(std::string_view bytes);

}  // namespace sg::persistence
