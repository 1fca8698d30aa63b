// Hashes and the text forms of bytes that credentials need. Pure and thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sg::security {

// SHA-256 (FIPS 180-4): 32 bytes.
std::string sha256(std::string_view bytes);
std::string to_hex(std::string_view bytes);
// Base64 with the alphabet for URLs and without padding (RFC 4648, section 5). Strict: nullopt for
// other characters, for padding, and for bits that are left over and not 0.
std::string to_base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace sg::security
