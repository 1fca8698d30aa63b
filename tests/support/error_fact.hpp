// A fact of an error, e.g. its "account_id".
#pragma once

#include <string>
#include <string_view>

#include "ledger/error.hpp"

namespace sg::test {

// Empty when the error has none of that name.
inline std::string fact(const ledger::Error& error, std::string_view name) {
  for (const auto& [key, value] : error.metadata) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace sg::test
