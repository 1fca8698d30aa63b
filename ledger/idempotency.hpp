// Idempotency keys: what a key is bound to, and where bindings are looked up.
#pragma once

#include <span>
#include <vector>

#include "ledger/error.hpp"
#include "ledger/ids.hpp"
#include "ledger/transfer.hpp"

namespace sg::ledger {

// The committed transfer that a key stands for.
struct KeyBinding {
  Sequence sequence = 0;
  TimeMs time = 0;
  bool same_content = false;  // as the transfer has that was asked for
};

struct BoundTransfer {
  const Transfer* transfer = nullptr;  // the one that was asked for
  Result<KeyBinding> binding;          // an error: whether its key is bound cannot be told
};

// The bindings of the durable chain.
class KeySource {
 public:
  virtual ~KeySource() = default;
  // find() looks at all of the chain up to here, or further.
  virtual Sequence durable() const = 0;
  // Those of the transfers whose keys are bound. Many are asked for at once: most keys are new, and
  // to find that out costs little but the wait for memory.
  virtual Result<std::vector<BoundTransfer>> find(std::span<const Transfer* const> transfers) = 0;
};

}  // namespace sg::ledger
