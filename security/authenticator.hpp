// Decides who calls, from what the call brings along: a bearer token, or the names of a client
// certificate that TLS has verified.
//
//   Authenticator authenticator(rules, tokens, keys);
//   auto known = authenticator.authenticate(credentials, now);
//   if (!known) refuse(known.error());
//
// A call with a token is judged by the token alone; a wrong token is never made up for by a
// certificate. Concurrency: constant once made, and may be shared between threads.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "security/jwt.hpp"
#include "security/roles.hpp"
#include "security/tokens.hpp"

namespace sg::security {

struct AuthenticationRules {
  std::vector<NamedGrant> grants;  // for names of certificates and of JSON Web Tokens
  bool takes_certificates = false;
  JwtRules jwt;
};

// Views of the call.
struct Credentials {
  std::vector<std::string_view> authorization;      // values of that header
  std::vector<std::string_view> certificate_names;  // subject alternative names, then common names
};

// Why a call is not let in. The message is for the caller.
struct Rejection {
  std::string
      caller;  // it is known who calls, but nothing is granted to that name; empty: not known
  std::string message;
};

// Who calls, and until when that may be remembered.
struct Authenticated {
  std::shared_ptr<const Caller> caller;
  std::chrono::system_clock::time_point until = std::chrono::system_clock::time_point::max();
};

class Authenticator {
 public:
  Authenticator(AuthenticationRules rules, const std::vector<TokenRow>& tokens, JwtKeys keys);

  tl::expected<Authenticated, Rejection> authenticate(
      const Credentials& credentials, std::chrono::system_clock::time_point now) const;

 private:
  tl::expected<Authenticated, Rejection> by_token(std::string_view token,
                                                  std::chrono::system_clock::time_point now) const;
  tl::expected<Authenticated, Rejection> by_certificate(
      const std::vector<std::string_view>& names) const;

  AuthenticationRules rules_;
  std::map<std::string, std::shared_ptr<const Caller>, std::less<>> tokens_;  // by hash
  JwtKeys keys_;
};

}  // namespace sg::security
