#include "cli/import/import_rules.hpp"

#include <google/protobuf/stubs/common.h>

namespace sg::cli {
namespace {

// The bounds of the ledger, in bytes. The server checks them again.
constexpr std::size_t kMaxIdBytes = 256;
constexpr std::size_t kMaxNameBytes = 1024;
constexpr std::size_t kMaxMetadataBytes = 16 * 1024;

constexpr const char* kNotUtf8 = "is not valid UTF-8";

bool is_utf8(std::string_view text) {
  // The same check that protobuf makes for a text of a message.
  return google::protobuf::internal::IsStructurallyValidUTF8(text.data(),
                                                             static_cast<int>(text.size()));
}

// Finds C0, DEL and C1. In UTF-8 the characters of C1 are the bytes C2 80 to C2 9F.
bool holds_control(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    if (c < 0x20 || c == 0x7F || (c == 0xC2 && next >= 0x80 && next <= 0x9F)) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> wrong_id(std::string_view id) {
  if (id.size() > kMaxIdBytes) return "is over 256 bytes";
  if (holds_control(id)) return "holds a control character";
  if (!is_utf8(id)) return kNotUtf8;
  return std::nullopt;
}

std::optional<std::string> wrong_name(std::string_view name) {
  if (name.size() > kMaxNameBytes) return "is over 1024 bytes";
  if (!is_utf8(name)) return kNotUtf8;
  return std::nullopt;
}

std::optional<std::string> wrong_metadata(
    const google::protobuf::Map<std::string, std::string>& metadata) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : metadata) {
    if (!is_utf8(key) || !is_utf8(value)) return kNotUtf8;
    bytes += key.size() + value.size();
  }
  if (bytes > kMaxMetadataBytes) return "is over 16 KiB";
  return std::nullopt;
}

}  // namespace sg::cli
