// SHA-256 by OpenSSL. It links the blocks of the chain, and idempotency keys are indexed by a part
// of it. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace sg::persistence {

// The SHA-256 of a block's bytes, or of any other bytes.
using BlockHash = std::array<std::uint8_t, 32>;

// Any length, the empty one too.
BlockHash sha256(std::string_view bytes);
// 64 lower-case hexadecimal digits.
std::string to_hex(const BlockHash& hash);

}  // namespace sg::persistence
