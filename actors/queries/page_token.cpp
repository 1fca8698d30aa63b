// A token is base 64 (the alphabet that is safe in URLs) of: 8 bytes of check sum, then the
// position.
#include "actors/queries/page_token.hpp"

#include <absl/strings/escaping.h>

#include <cstring>

#include "ledger/ids.hpp"

namespace sg::actors {
namespace {

// A check sum of listing and position. It finds tokens that were edited or taken to another listing
// by mistake.
std::uint64_t seal(std::string_view listing, std::string_view position) {
  std::string bound(listing);
  // A separator that no listing has, so that no two pairs are bound alike.
  bound += '\0';
  bound += position;
  return ledger::shard_hash(bound);
}

}  // namespace

std::string make_page_token(std::string_view listing, std::string_view position) {
  const std::uint64_t check = seal(listing, position);
  std::string bytes(sizeof check, '\0');
  std::memcpy(bytes.data(), &check, sizeof check);
  bytes += position;
  return absl::WebSafeBase64Escape(bytes);
}

std::optional<std::string> read_page_token(std::string_view listing, std::string_view token) {
  std::string bytes;
  std::uint64_t check = 0;
  if (!absl::WebSafeBase64Unescape(absl::string_view(token.data(), token.size()), &bytes) ||
      bytes.size() < sizeof check) {
    return std::nullopt;
  }
  std::memcpy(&check, bytes.data(), sizeof check);
  std::string position = bytes.substr(sizeof check);
  if (check != seal(listing, position)) return std::nullopt;
  return position;
}

}  // namespace sg::actors
