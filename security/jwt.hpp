// JSON Web Tokens (RFC 7519), as the best current practice of RFC 8725 wants them checked.
//
//   auto keys = parse_jwt_keys(bytes_of_file);
//   auto name = verify_jwt(token, *keys, {"https://issuer", "scalegraph"}, now);
//
// A key belongs to one algorithm: HS256 (HMAC), RS256 (RSA of 2048 bits or more) or ES256 (P-256).
// A token that names another algorithm than its key's is refused, so neither "none" nor a public
// key that is taken for a secret gets anybody in.
//
// Concurrency: keys are constant once made, and may be shared between threads.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace sg::security {

class JwtKey;
using JwtKeys = std::vector<std::shared_ptr<const JwtKey>>;

// Reads keys of one of three forms. The error is a sentence.
// - a JSON Web Key Set (RFC 7517), which begins with "{". Keys for another use than signatures, and
//   of other kinds, are passed over; at least one has to be left;
// - public keys or certificates in PEM;
// - the secret of HS256: one line of at least 32 letters, digits and any of - _ + / = . ~
tl::expected<JwtKeys, std::string> parse_jwt_keys(std::string_view bytes);

struct JwtRules {
  std::string issuer;
  std::string audience;
  std::chrono::seconds clock_skew{60};  // tolerated between the issuer's clock and ours
};

// A token that was found right: whose it is, and until when.
struct VerifiedJwt {
  std::string subject;
  std::chrono::system_clock::time_point expires;  // with the tolerated skew
};

// Checks form, signature, "iss", "aud", "exp", "nbf", "iat" and "sub". `now` is the time to compare
// with. The error is a sentence for the caller, which tells nothing of the keys.
tl::expected<VerifiedJwt, std::string> verify_jwt(std::string_view token, const JwtKeys& keys,
                                                  const JwtRules& rules,
                                                  std::chrono::system_clock::time_point now);

// The part of it that comes after the signature: checks the claims, as JSON. For verify_jwt(), and
// for tests that hand any bytes to it.
tl::expected<VerifiedJwt, std::string> check_claims(std::string_view json, const JwtRules& rules,
                                                    std::chrono::system_clock::time_point now);

}  // namespace sg::security
