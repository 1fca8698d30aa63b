#include "security/authenticator.hpp"

#include <algorithm>
#include <cctype>

namespace sg::security {
namespace {

constexpr std::string_view kScheme = "bearer ";

tl::unexpected<Rejection> unknown(std::string message) {
  return tl::unexpected(Rejection{{}, std::move(message)});
}

tl::unexpected<Rejection> without_role(std::string_view name) {
  return tl::unexpected(Rejection{std::string(name), "no role is granted to " + std::string(name) +
                                                         ": auth.roles of the server names none"});
}

// The token behind the scheme, whose name has no case (RFC 7235); empty: another scheme.
std::string_view token_of(std::string_view authorization) {
  if (authorization.size() <= kScheme.size()) return {};
  const auto scheme = authorization.substr(0, kScheme.size());
  const bool is_bearer =
      std::equal(scheme.begin(), scheme.end(), kScheme.begin(), [](char given, char wanted) {
        return std::tolower(static_cast<unsigned char>(given)) == wanted;
      });
  return is_bearer ? authorization.substr(kScheme.size()) : std::string_view();
}

}  // namespace

Authenticator::Authenticator(AuthenticationRules rules, const std::vector<TokenRow>& tokens,
                             JwtKeys keys)
    : rules_(std::move(rules)), keys_(std::move(keys)) {
  for (const auto& row : tokens) {
    tokens_.emplace(row.hash, std::make_shared<const Caller>(make_caller(row.name, row.grant)));
  }
}

tl::expected<Authenticated, Rejection> Authenticator::authenticate(
    const Credentials& credentials, std::chrono::system_clock::time_point now) const {
  if (credentials.authorization.size() > 1) {
    return unknown("there are several authorization headers: send one");
  }
  if (!credentials.authorization.empty()) {
    const auto token = token_of(credentials.authorization.front());
    if (token.empty()) return unknown("the authorization header must be: Bearer TOKEN");
    return by_token(token, now);
  }
  if (rules_.takes_certificates) {
    auto names = credentials.certificate_names;
    std::erase_if(names, [](std::string_view name) { return !is_name(name); });
    if (!names.empty()) return by_certificate(names);
  }
  std::string message = "the call does not say who sends it: ";
  const bool takes_tokens = !tokens_.empty() || !keys_.empty();
  if (takes_tokens) message += "send the header \"authorization: Bearer TOKEN\"";
  if (takes_tokens && rules_.takes_certificates) message += ", or ";
  if (rules_.takes_certificates) message += "connect with a client certificate";
  if (!takes_tokens && !rules_.takes_certificates) message += "no token is valid at the moment";
  return unknown(std::move(message));
}

tl::expected<Authenticated, Rejection> Authenticator::by_token(
    std::string_view token, std::chrono::system_clock::time_point now) const {
  // Looked up by its hash: the time that this takes tells nothing of any valid token.
  if (token.starts_with(kTokenPrefix)) {
    const auto found = tokens_.find(hash_of(token));
    if (found == tokens_.end()) return unknown("the token is unknown, or was revoked");
    return Authenticated{found->second};
  }
  if (keys_.empty()) return unknown("the token is none that this server has given");
  auto verified = verify_jwt(token, keys_, rules_.jwt, now);
  if (!verified) return unknown(verified.error());
  auto caller = caller_of(verified->subject, rules_.grants);
  if (!caller) return without_role(verified->subject);
  return Authenticated{std::make_shared<const Caller>(std::move(*caller)), verified->expires};
}

// The first name that has a row of its own, or else the first name under "*".
tl::expected<Authenticated, Rejection> Authenticator::by_certificate(
    const std::vector<std::string_view>& names) const {
  const auto is_granted = [this](std::string_view name) {
    return name != "*" && std::any_of(rules_.grants.begin(), rules_.grants.end(),
                                      [name](const auto& row) { return row.name == name; });
  };
  const auto found = std::find_if(names.begin(), names.end(), is_granted);
  const auto name = found == names.end() ? names.front() : *found;
  auto caller = caller_of(name, rules_.grants);
  if (!caller) return without_role(name);
  return Authenticated{std::make_shared<const Caller>(std::move(*caller))};
}

}  // namespace sg::security
