#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace sg::persistence {

// SHA-256 of a block's bytes.
using BlockHash = std::array<std::uint8_t, 32>;

BlockHash sha256(std::string_view bytes);
std::string to_hex(const BlockHash& hash);

}  // namespace sg::persistence
