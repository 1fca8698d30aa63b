// CRC-32C (Castagnoli, polynomial 0x1EDC6F41, reflected 0x82F63B78), as in iSCSI (RFC 3720, B.4).
// It finds damage by accident, not tampering. Thread-safe.
//
//   crc32c("123456789") == 0xE3069283
#pragma once

#include <cstdint>
#include <string_view>

namespace sg::persistence {

// Uses the SSE4.2 instruction where the processor has it.
std::uint32_t crc32c(std::string_view bytes);
// Of bytes that follow others, whose checksum is `before`: the checksum of both together.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before);

// The same result without the instruction. Other processors run it, and tests compare with it.
std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t before = 0);

}  // namespace sg::persistence
