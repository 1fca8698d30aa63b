#include "ledger/money.hpp"

#include <absl/numeric/int128.h>

#include <sstream>

namespace sg::ledger {

// std::to_string() knows no integer of 128 bits. absl's stream operator does.
std::string to_text(WideAmount amount) {
  std::ostringstream text;
  text << absl::int128(amount);
  return text.str();
}

}  // namespace sg::ledger
