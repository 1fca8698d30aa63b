// Whether the journal of a member keeps up with what is committed.
#pragma once

#include "actors/runtime.hpp"

namespace sg::actors {

// The journal has so much to follow that the node takes nothing new from others. Any thread.
inline bool is_far_behind(const Runtime& runtime) {
  constexpr ledger::Sequence kMostUnfollowed = 1U << 20;  // records
  const auto settled = runtime.settled->load(std::memory_order_acquire);
  return runtime.member->durable() > settled + kMostUnfollowed;
}

}  // namespace sg::actors
