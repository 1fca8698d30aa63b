// CRC-32C (Castagnoli, polynomial 0x1EDC6F41, reflected 0x82F63B78), as in iSCSI (RFC 3720, B.4).
#pragma once

#include <cstdint>
#include <string_view>

namespace sg::persistence {

// Uses the SSE4.2 instruction where the processor has it.
std::uint32_t crc32c(std::string_view bytes);

// Without the instruction: what other processors run, and what the tests compare with.
std::uint32_t crc32c_by_table(std::string_view bytes);

}  // namespace sg::persistence
