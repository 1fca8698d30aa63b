// Idempotency keys: what a key is bound to, and where bindings are looked up.
#pragma once

#include <optional>

#include "ledger/error.hpp"
#include "ledger/ids.hpp"
#include "ledger/transfer.hpp"

namespace sg::ledger {

// The committed transfer that a key stands for.
struct KeyBinding {
  Sequence sequence = 0;
  TimeMs time = 0;
  Digest digest{};
};

// The bindings of the durable chain.
class KeySource {
 public:
  virtual ~KeySource() = default;
  // find() looks at all of the chain up to here, or further.
  virtual Sequence durable() const = 0;
  virtual Result<std::optional<KeyBinding>> find(const Transfer& transfer) = 0;
};

}  // namespace sg::ledger
