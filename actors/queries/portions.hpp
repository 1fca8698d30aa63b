// Portions of the chain, for exports.
#pragma once

#include "actors/queries/reads.hpp"

namespace sg::actors {

// What a portion holds at least, unless it is the last: one to two milliseconds of work. Other
// reads get their turn between two portions.
inline constexpr std::size_t kPortionBytes = 128 << 10;

// The portion that begins at `ask.first`. SEQUENCE_OUT_OF_RANGE if that is beyond the first
// sequence after the end of the export.
ReadResult read_portion(const persistence::Store& store, const RecordsOfChain& ask);

}  // namespace sg::actors
