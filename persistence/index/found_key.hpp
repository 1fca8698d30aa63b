// What became of an idempotency key that was looked up.
#pragma once

#include <cstddef>

#include "ledger/flow/idempotency.hpp"
#include "persistence/medium/store_error.hpp"

namespace sg::persistence {

using ledger::KeyBinding;

struct FoundKey {
  std::size_t transfer = 0;         // which of those that were asked for
  StoreResult<KeyBinding> binding;  // an error: whether the key is bound cannot be told
};

}  // namespace sg::persistence
