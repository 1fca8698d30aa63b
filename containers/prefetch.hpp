// Asks the processor to fetch memory that the program will need soon. A loop that first prefetches
// the places of many look-ups, and then makes them, waits for all the memory at once.
#pragma once

namespace sg::ledger {

// Fetches the cache line of `place`, for reading. Any address is allowed: a bad one has no effect.
// GCC 12 believes that a function with only a prefetch has no effect, and drops calls of it. It
// does not drop the empty asm statement, and so keeps the call.
inline void prefetch(const void* place) {
  __builtin_prefetch(place);
  asm volatile("");
}

}  // namespace sg::ledger
