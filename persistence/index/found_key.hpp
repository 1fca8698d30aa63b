// The result of looking up an idempotency key, or a reference, in the store.
#pragma once

#include <cstddef>

#include "ledger/flow/idempotency.hpp"
#include "persistence/medium/store_error.hpp"

namespace sg::persistence {

using ledger::KeyBinding;

struct FoundKey {
  std::size_t transfer = 0;         // place of the transfer in the caller's list
  StoreResult<KeyBinding> binding;  // an error: it is unknown whether the key is bound
};

struct FoundReference {
  std::size_t transfer = 0;                // as above
  StoreResult<ledger::RecordPlace> place;  // of the oldest record that has it
};

}  // namespace sg::persistence
