// Tags of fields on the wire, for the readers that build no message.
#pragma once

#include <google/protobuf/wire_format_lite.h>

#include <cstdint>

namespace sg::proto {

using google::protobuf::internal::WireFormatLite;

constexpr std::uint32_t tag_of(int field, WireFormatLite::WireType type) {
  return static_cast<std::uint32_t>(field) << 3 | static_cast<std::uint32_t>(type);
}

inline constexpr auto kText = WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
inline constexpr auto kNumber = WireFormatLite::WIRETYPE_VARINT;

}  // namespace sg::proto
