// 128-bit sums travel as decimal text.
#pragma once

#include <absl/numeric/int128.h>

#include <sstream>
#include <string>

#include "ledger/money.hpp"

namespace sg::actors {

inline std::string to_text(ledger::WideAmount amount) {
  std::ostringstream text;
  text << absl::int128(amount);
  return text.str();
}

}  // namespace sg::actors
