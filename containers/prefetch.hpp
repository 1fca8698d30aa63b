// Asks the processor for memory that will be needed soon, so that many waits for it overlap.
#pragma once

namespace sg::ledger {

// GCC 12 takes a function that does nothing else for one without effect, and drops its calls: the
// empty statement is an effect.
inline void prefetch(const void* place) {
  __builtin_prefetch(place);
  asm volatile("");
}

}  // namespace sg::ledger
