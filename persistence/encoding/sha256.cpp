// Calls OpenSSL's direct functions for SHA-256. The generic interface (EVP) would cost as much
// again as the hash of a key or a transfer. OpenSSL 3 calls the direct functions deprecated; they
// are as fast as before.
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

// Two lower-case digits a byte, the first byte first.
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
