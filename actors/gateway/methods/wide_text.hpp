// 128-bit sums on the wire: protobuf has no such integer, so they travel as decimal text.
#pragma once

#include <absl/numeric/int128.h>

#include <sstream>
#include <string>

#include "ledger/money.hpp"

namespace sg::actors {

// "-170141183460469231731687303715884105728" at the longest.
inline std::string to_text(ledger::WideAmount amount) {
  std::ostringstream text;
  text << absl::int128(amount);
  return text.str();
}

}  // namespace sg::actors
