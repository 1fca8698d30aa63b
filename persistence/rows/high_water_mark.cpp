#include "persistence/rows/high_water_mark.hpp"

#include "persistence/encoding/bytes.hpp"
#include "persistence/encoding/crc32c.hpp"

namespace sg::persistence {
namespace {

constexpr std::uint64_t kMagic = 0x314B52414D444748;  // "HGDMARK1"
constexpr std::size_t kCovered = 48;                  // bytes before the checksum
constexpr std::size_t kMarkBytes = kCovered + sizeof(std::uint32_t);

}  // namespace

std::string encode(const HighWaterMark& mark) {
  std::string bytes(kMarkBytes, '\0');
  char* to = put_fixed(bytes.data(), kMagic);
  to = put_fixed(put_fixed(to, mark.sequence), mark.hash);
  put_fixed(to, crc32c(std::string_view(bytes).substr(0, kCovered)));
  return bytes;
}

// The checksum tells a mark that was half written from a whole one.
std::optional<HighWaterMark> decode_mark(std::string_view bytes) {
  ByteReader in(bytes);
  const auto magic = in.fixed<std::uint64_t>();
  HighWaterMark mark;
  mark.sequence = in.fixed<Sequence>();
  mark.hash = in.fixed<BlockHash>();
  const auto checksum = in.fixed<std::uint32_t>();
  if (!in.at_end() || magic != kMagic) return std::nullopt;
  if (checksum != crc32c(bytes.substr(0, kCovered))) return std::nullopt;
  return mark;
}

}  // namespace sg::persistence
