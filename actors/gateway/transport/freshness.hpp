// How fresh a read has to be, as its client says it in the metadata of the call:
//
//   x-scalegraph-read: linearizable | at-least=SEQUENCE | stale=MILLISECONDS
//
// SEQUENCE is what an earlier answer had as x-scalegraph-sequence.
#pragma once

#include <string_view>

#include "actors/query.hpp"

namespace sg::actors {

inline constexpr std::string_view kReadMetadata = "x-scalegraph-read";

// Without a text: linearizable. The error is INVALID_ARGUMENT, and says what would be right.
ledger::Result<Freshness> parse_freshness(std::string_view text);

}  // namespace sg::actors
