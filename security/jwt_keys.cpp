// Keys are read with OpenSSL's decoders, so that only it judges numbers and points on curves. A
// JSON Web Key of RSA or P-256 becomes an OpenSSL key by its parameters.
#include "security/jwt_keys.hpp"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "security/bytes.hpp"
#include "security/jwt.hpp"

namespace sg::security {
namespace {

using nlohmann::json;

constexpr std::string_view kHmac = "HS256";
constexpr std::string_view kRsa = "RS256";
constexpr std::string_view kEcdsa = "ES256";
constexpr std::size_t kLeastSecretBytes = 32;  // RFC 7518, section 3.2: as long as the hash
constexpr int kLeastRsaBits = 2048;            // RFC 7518, section 3.3
constexpr std::size_t kCoordinateBytes = 32;   // of P-256
constexpr std::size_t kMostKeys = 100;

// Frees what OpenSSL has made.
template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* made) const {
    Free(made);
  }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Freed<Free>>;

PublicKey owned(EVP_PKEY* key) { return key ? PublicKey(key, EVP_PKEY_free) : nullptr; }

const unsigned char* data_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// The algorithm of a key's kind, or why it cannot be used.
tl::expected<std::string_view, std::string> algorithm_of(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    if (EVP_PKEY_get_bits(key) >= kLeastRsaBits) return kRsa;
    return tl::unexpected("an RSA key has " + std::to_string(EVP_PKEY_get_bits(key)) +
                          " bits: at least 2048 are needed");
  }
  std::array<char, 64> group{};
  if (EVP_PKEY_is_a(key, "EC") == 1 &&
      EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1 &&
      std::string_view(group.data()) == SN_X9_62_prime256v1) {
    return kEcdsa;
  }
  return tl::unexpected(std::string("a key is neither of RSA nor of the curve P-256"));
}

tl::expected<std::shared_ptr<const JwtKey>, std::string> make_key(std::string id, PublicKey key) {
  const auto algorithm = algorithm_of(key.get());
  if (!algorithm) return tl::unexpected(algorithm.error());
  return std::make_shared<const JwtKey>(std::move(id), *algorithm, std::move(key));
}

// The keys and certificates of a PEM file, one after another.
tl::expected<JwtKeys, std::string> parse_pem(std::string_view bytes) {
  const Owned<BIO, BIO_free> file(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  JwtKeys keys;
  for (;;) {
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* content = nullptr;
    long size = 0;
    if (PEM_read_bio(file.get(), &name, &header, &content, &size) != 1) {
      // The end of the file, or a part that is broken.
      if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) break;
      ERR_clear_error();
      return tl::unexpected(std::string("a part in PEM cannot be read"));
    }
    const std::string kind(name);
    const auto* at = content;
    PublicKey key;
    if (kind == PEM_STRING_X509) {
      const Owned<X509, X509_free> certificate(d2i_X509(nullptr, &at, size));
      if (certificate) key = owned(X509_get_pubkey(certificate.get()));
    } else if (kind == PEM_STRING_PUBLIC) {
      key = owned(d2i_PUBKEY(nullptr, &at, size));
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(content);
    ERR_clear_error();
    if (!key) {
      return tl::unexpected("a part " + kind + " is no public key and no certificate");
    }
    auto made = make_key({}, std::move(key));
    if (!made) return tl::unexpected(made.error());
    keys.push_back(std::move(*made));
    if (keys.size() > kMostKeys) return tl::unexpected(std::string("there are more than 100 keys"));
  }
  ERR_clear_error();
  if (keys.empty()) return tl::unexpected(std::string("there is no key in PEM that can be read"));
  return keys;
}

// The bytes of a member in base64url; nullopt if there is none of that form.
std::optional<std::string> bytes_of(const json& key, const char* name) {
  const auto found = key.find(name);
  if (found == key.end() || !found->is_string()) return std::nullopt;
  return from_base64url(found->get_ref<const std::string&>());
}

std::string text_of(const json& key, const char* name) {
  const auto found = key.find(name);
  return found != key.end() && found->is_string() ? found->get<std::string>() : std::string();
}

PublicKey key_of(const char* kind, OSSL_PARAM_BLD* parts) {
  const Owned<OSSL_PARAM, OSSL_PARAM_free> parameters(OSSL_PARAM_BLD_to_param(parts));
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  if (parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    key = nullptr;
  }
  ERR_clear_error();
  return owned(key);
}

PublicKey rsa_key(const json& key) {
  const auto modulus = bytes_of(key, "n");
  const auto exponent = bytes_of(key, "e");
  if (!modulus || !exponent) return nullptr;
  const Owned<BIGNUM, BN_free> n(
      BN_bin2bn(data_of(*modulus), static_cast<int>(modulus->size()), nullptr));
  const Owned<BIGNUM, BN_free> e(
      BN_bin2bn(data_of(*exponent), static_cast<int>(exponent->size()), nullptr));
  const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> parts(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return key_of("RSA", parts.get());
}

PublicKey p256_key(const json& key) {
  const auto x = bytes_of(key, "x");
  const auto y = bytes_of(key, "y");
  if (text_of(key, "crv") != "P-256" || !x || !y) return nullptr;
  if (x->size() != kCoordinateBytes || y->size() != kCoordinateBytes) return nullptr;
  const std::string point = "\x04" + *x + *y;  // not compressed: SEC 1, section 2.3.3
  const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> parts(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(parts.get(), OSSL_PKEY_PARAM_GROUP_NAME, SN_X9_62_prime256v1, 0);
  OSSL_PARAM_BLD_push_octet_string(parts.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  return key_of("EC", parts.get());
}

// Null: a key that is not for us. The error: it is, and it is wrong.
tl::expected<std::shared_ptr<const JwtKey>, std::string> parse_jwk(const json& key) {
  const auto kind = text_of(key, "kty");
  const auto use = text_of(key, "use");
  const auto wanted = text_of(key, "alg");
  auto id = text_of(key, "kid");
  if (!use.empty() && use != "sig") return nullptr;
  const auto is_for = [&](std::string_view algorithm) {
    return wanted.empty() || wanted == algorithm;
  };
  const auto wrong = [&](const char* why) {
    return tl::unexpected("the key \"" + id + "\" " + why);
  };
  if (kind == "oct" && is_for(kHmac)) {
    auto secret = bytes_of(key, "k");
    if (!secret || secret->size() < kLeastSecretBytes) {
      return wrong("has no secret \"k\" of at least 32 bytes in base64url");
    }
    return std::make_shared<const JwtKey>(std::move(id), std::move(*secret));
  }
  PublicKey made;
  if (kind == "RSA" && is_for(kRsa)) {
    made = rsa_key(key);
  } else if (kind == "EC" && is_for(kEcdsa) && text_of(key, "crv") == "P-256") {
    made = p256_key(key);
  } else {
    return nullptr;
  }
  if (!made) return wrong("is no valid key of its kind");
  return make_key(std::move(id), std::move(made));
}

tl::expected<JwtKeys, std::string> parse_jwks(std::string_view bytes) {
  const auto document = json::parse(bytes, nullptr, /*allow_exceptions=*/false);
  const auto set = document.is_object() ? document.find("keys") : document.end();
  if (!document.is_object() || set == document.end() || !set->is_array()) {
    return tl::unexpected(std::string("the JSON is no JSON Web Key Set: it has no list \"keys\""));
  }
  JwtKeys keys;
  for (const auto& entry : *set) {
    if (!entry.is_object()) continue;
    auto key = parse_jwk(entry);
    if (!key) return tl::unexpected(key.error());
    if (*key) keys.push_back(std::move(*key));
    if (keys.size() > kMostKeys) return tl::unexpected(std::string("there are more than 100 keys"));
  }
  if (keys.empty()) {
    return tl::unexpected(std::string("the JSON Web Key Set has no key for HS256, RS256 or ES256"));
  }
  return keys;
}

// ECDSA signatures are two numbers. A token has them one behind the other (RFC 7518, section 3.4);
// OpenSSL wants them as DER.
std::string to_der(std::string_view signature) {
  if (signature.size() != 2 * kCoordinateBytes) return {};
  const Owned<ECDSA_SIG, ECDSA_SIG_free> both(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(data_of(signature), kCoordinateBytes, nullptr);
  BIGNUM* s = BN_bin2bn(data_of(signature) + kCoordinateBytes, kCoordinateBytes, nullptr);
  ECDSA_SIG_set0(both.get(), r, s);
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(both.get(), &der);
  if (size <= 0) return {};
  const std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

}  // namespace

bool JwtKey::has_signed(std::string_view text, std::string_view signature) const {
  if (!key_) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> expected{};
    unsigned size = 0;
    HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()), data_of(text), text.size(),
         expected.data(), &size);
    return signature.size() == size && CRYPTO_memcmp(expected.data(), signature.data(), size) == 0;
  }
  const auto der = algorithm_ == kEcdsa ? to_der(signature) : std::string(signature);
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  const bool is_right =
      context &&
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
      EVP_DigestVerify(context.get(), data_of(der), der.size(), data_of(text), text.size()) == 1;
  ERR_clear_error();
  return is_right;
}

tl::expected<JwtKeys, std::string> parse_jwt_keys(std::string_view bytes) {
  const auto first = bytes.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && bytes[first] == '{') return parse_jwks(bytes);
  if (bytes.find("-----BEGIN ") != std::string_view::npos) return parse_pem(bytes);
  if (bytes.ends_with('\n')) bytes.remove_suffix(1);
  if (bytes.ends_with('\r')) bytes.remove_suffix(1);
  // Strict, because a file that holds something else must never become a secret: a page of HTML, a
  // key in DER, a set behind a byte order mark are all known to others.
  const bool is_word = std::all_of(bytes.begin(), bytes.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_+/=.~").find(c) != std::string_view::npos;
  });
  if (bytes.size() < kLeastSecretBytes || !is_word) {
    return tl::unexpected(
        std::string("it is no JSON Web Key Set (which begins with {), no public key in PEM "
                    "(-----BEGIN), and no "
                    "secret of HS256: one line of at least 32 letters, digits and -_+/=.~"));
  }
  return JwtKeys{std::make_shared<const JwtKey>(std::string(), std::string(bytes))};
}

}  // namespace sg::security
