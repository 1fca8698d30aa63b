// CRC-32C by two routes that give the same result. The processor's instruction takes 8 bytes a
// step. The tables take 8 bytes a step as well ("slicing by eight"): table k gives what a byte
// contributes if k more bytes follow it in the step, and the eight contributions are combined by
// XOR.
//
// Both keep the bits reflected, that is with the lowest power of the polynomial in the highest bit.
// Both start with all ones and invert the result, as RFC 3720 asks.
#include "persistence/encoding/crc32c.hpp"

#include <array>

#include "persistence/encoding/bytes.hpp"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace sg::persistence {
namespace {

constexpr std::uint32_t kReflectedPolynomial = 0x82F63B78;

// tables[k][b]: the CRC of byte b followed by k zero bytes ("slicing by eight", Intel 2006).
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

// Table 0 divides each byte by the polynomial, bit by bit. Table k shifts the entry of table k - 1
// by one more zero byte.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kReflectedPolynomial : 0);
    }
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < tables.size(); ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

#if defined(__x86_64__)
// The attribute lets this one function use the instruction, while the program runs on processors
// that lack it.
__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_instruction(std::string_view bytes,
                                                                      std::uint32_t before) {
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t crc = ~before;
  for (; left >= 8; left -= 8, at += 8) crc = _mm_crc32_u64(crc, get_fixed<std::uint64_t>(at));
  auto low = static_cast<std::uint32_t>(crc);
  for (; left > 0; --left, ++at) low = _mm_crc32_u8(low, static_cast<unsigned char>(*at));
  return ~low;
}
#endif

}  // namespace

std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t before) {
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint32_t crc = ~before;
  for (; left >= 8; left -= 8, at += 8) {
    // Only the first four bytes of the step meet the CRC so far, since it has 32 bits.
    const std::uint64_t word = get_fixed<std::uint64_t>(at) ^ crc;
    crc = 0;
    // Byte i is followed by 7 - i more bytes of the step.
    for (unsigned i = 0; i < 8; ++i) crc ^= kTables[7 - i][(word >> (8 * i)) & 0xFF];
  }
  for (; left > 0; --left, ++at) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<unsigned char>(*at)) & 0xFF];
  }
  return ~crc;
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return crc32c_by_instruction(bytes, before);
#endif
  return crc32c_by_table(bytes, before);
}

std::uint32_t crc32c(std::string_view bytes) { return crc32c(bytes, 0); }

}  // namespace sg::persistence
