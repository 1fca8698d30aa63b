// One key that tokens are signed with.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace sg::security {

using PublicKey = std::shared_ptr<evp_pkey_st>;  // OpenSSL's EVP_PKEY

class JwtKey {
 public:
  // Of HS256.
  JwtKey(std::string id, std::string secret)
      : id_(std::move(id)), algorithm_("HS256"), secret_(std::move(secret)) {}
  // Of RS256 or ES256: `algorithm` is that of the key's kind.
  JwtKey(std::string id, std::string_view algorithm, PublicKey key)
      : id_(std::move(id)), algorithm_(algorithm), key_(std::move(key)) {}

  const std::string& id() const { return id_; }  // "kid"; empty: it has none
  std::string_view algorithm() const { return algorithm_; }
  // True if the signature, as a token has it, is one of `text` by this key.
  bool has_signed(std::string_view text, std::string_view signature) const;

 private:
  std::string id_;
  std::string_view algorithm_;
  std::string secret_;
  PublicKey key_;
};

}  // namespace sg::security
