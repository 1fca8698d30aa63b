#include "persistence/sha256.hpp"

#include <openssl/evp.h>

#include <new>

namespace sg::persistence {

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (!context_) throw std::bad_alloc();
  EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
}

// A null type keeps the algorithm and skips the look-up by name that OpenSSL 3 does otherwise.
void Sha256::start() { EVP_DigestInit_ex(context_.get(), nullptr, nullptr); }

void Sha256::add(std::string_view bytes) {
  EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

BlockHash Sha256::finish() {
  BlockHash hash;
  unsigned length = 0;
  EVP_DigestFinal_ex(context_.get(), hash.data(), &length);
  return hash;
}

BlockHash sha256(std::string_view bytes) {
  thread_local Sha256 hasher;
  hasher.start();
  hasher.add(bytes);
  return hasher.finish();
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
