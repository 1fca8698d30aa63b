// Checked money: int64 minor units, netted in 128 bits so that no intermediate sum can overflow.
#pragma once

#include <cstdint>
#include <limits>

namespace sg::ledger {

using Amount = std::int64_t;
__extension__ using WideAmount = __int128;

inline constexpr WideAmount kMaxAmount = std::numeric_limits<Amount>::max();
inline constexpr WideAmount kMinAmount = std::numeric_limits<Amount>::min();

constexpr bool fits(WideAmount amount) { return amount >= kMinAmount && amount <= kMaxAmount; }

}  // namespace sg::ledger
