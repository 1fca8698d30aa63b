// Checked money: int64 minor units (cents, for example). Sums are formed in 128 bits, so that no
// intermediate sum can overflow, and are checked against the int64 range at the end.
//
//   WideAmount sum = WideAmount{a} + b;
//   if (!fits(sum)) return refuse(Reason::balance_overflow);
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace sg::ledger {

// In minor units; negative for a debit.
using Amount = std::int64_t;
// A sum of amounts: 2^64 amounts fit without an overflow.
__extension__ using WideAmount = __int128;

// The bounds of Amount, as wide values that sums can be compared with.
inline constexpr WideAmount kMaxAmount = std::numeric_limits<Amount>::max();
inline constexpr WideAmount kMinAmount = std::numeric_limits<Amount>::min();

// True when the sum can be stored as an Amount.
constexpr bool fits(WideAmount amount) { return amount >= kMinAmount && amount <= kMaxAmount; }

// Decimal digits, with a minus in front if need be: 40 characters at the longest. The wire has no
// integer of 128 bits, so sums travel in this form.
std::string to_text(WideAmount amount);

}  // namespace sg::ledger
