// OpenSSL's own functions for SHA-256: the generic ones (EVP) cost as much as the hash itself where
// it covers a key or a transfer. They are called deprecated and are as fast as the others.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "persistence/encoding/sha256.hpp"

#include <openssl/sha.h>

namespace sg::persistence {

BlockHash sha256(std::string_view bytes) {
  SHA256_CTX context;
  BlockHash hash;
  SHA256_Init(&context);
  SHA256_Update(&context, bytes.data(), bytes.size());
  SHA256_Final(hash.data(), &context);
  return hash;
}

std::string to_hex(const BlockHash& hash) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const std::uint8_t byte : hash) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

}  // namespace sg::persistence
