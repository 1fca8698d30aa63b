// Idempotency keys: what a key is bound to, and where bindings are looked up.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ledger/error.hpp"
#include "ledger/ids.hpp"
#include "ledger/transfer.hpp"

namespace sg::ledger {

// Of method, entries in order and reference: two requests with one key must agree in it.
using Digest = std::array<std::uint8_t, 16>;

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
  virtual Result<std::optional<KeyBinding>> find(std::string_view key) = 0;
  virtual Digest digest(const Transfer& transfer) = 0;
};

}  // namespace sg::ledger
