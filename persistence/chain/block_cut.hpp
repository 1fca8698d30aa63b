// Cutting the end of a chain: its last block with fewer records, sealed anew.
#pragma once

#include <cstdint>
#include <string>

#include "persistence/chain/block_reader.hpp"
#include "persistence/medium/store_error.hpp"

namespace sg::persistence {

// The most of the block's first records, but at most `most`, that are whole units. 0: its first
// unit is longer than that.
std::uint32_t whole_units(const BlockView& block, std::uint32_t most);

// The block with its first `count` records alone. Their bytes stay as they are; the totals are
// those after them. Its hash is another one than the block's, unless `count` is all of it. Needs:
// 0 < count, and whole_units() gave it. `corrupt` if a record does not decode.
StoreResult<std::string> cut_block(const BlockView& block, std::uint32_t count);

}  // namespace sg::persistence
