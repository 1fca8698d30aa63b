// A token is HEADER.PAYLOAD.SIGNATURE, each in base64url. The signature is checked before the
// payload is read as JSON, so that only a holder of a key can hand anything to that parser.
#include "security/jwt.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "security/bytes.hpp"
#include "security/jwt_keys.hpp"
#include "security/roles.hpp"

namespace sg::security {
namespace {

using nlohmann::json;
using Clock = std::chrono::system_clock;

constexpr std::size_t kMaxTokenBytes = 8'192;
// Later times mean this one: system_clock counts nanoseconds and ends in the year 2262.
constexpr double kLatestSeconds = 9'000'000'000.0;  // in the year 2255
// Beyond the year 9999 nobody means seconds: milliseconds, most likely.
constexpr double kMostSeconds = 253'402'300'799.0;
// Keys that a token without a key's id is tried with: each costs a check of a signature.
constexpr int kMostTries = 4;

tl::unexpected<std::string> refuse(const char* why) {
  return tl::unexpected(std::string("the JSON Web Token ") + why);
}

// The JSON object, or nullopt. Nesting is bounded by the length of a token.
std::optional<json> object_in(std::string_view bytes) {
  auto object = json::parse(bytes, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return std::nullopt;
  return object;
}

// A text member; nullopt if it is absent or no text.
std::optional<std::string> text_in(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

// A time in seconds since 1970 (RFC 7519, "NumericDate").
std::optional<Clock::time_point> time_in(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  const auto seconds = found->get<double>();
  if (!std::isfinite(seconds) || seconds < 0 || seconds > kMostSeconds) return std::nullopt;
  return Clock::time_point(
      std::chrono::seconds(static_cast<std::int64_t>(std::min(seconds, kLatestSeconds))));
}

// "aud" is one text, or a list of them.
bool is_meant_for(const json& claims, const std::string& audience) {
  const auto found = claims.find("aud");
  if (found == claims.end()) return false;
  if (found->is_string()) return found->get_ref<const std::string&>() == audience;
  return found->is_array() && std::any_of(found->begin(), found->end(), [&](const json& one) {
           return one.is_string() && one.get_ref<const std::string&>() == audience;
         });
}

// A key that the header fits: its algorithm, and its id if both have one.
bool is_signed(const JwtKeys& keys, const json& header, std::string_view text,
               std::string_view signature) {
  const auto algorithm = text_in(header, "alg");
  const auto id = text_in(header, "kid");
  int tries = 0;
  return algorithm && std::any_of(keys.begin(), keys.end(), [&](const auto& key) {
           const bool is_meant = !id || key->id().empty() || key->id() == *id;
           if (!is_meant || key->algorithm() != *algorithm) return false;
           return ++tries <= kMostTries && key->has_signed(text, signature);
         });
}

}  // namespace

tl::expected<VerifiedJwt, std::string> verify_jwt(std::string_view token, const JwtKeys& keys,
                                                  const JwtRules& rules, Clock::time_point now) {
  if (token.size() > kMaxTokenBytes) return refuse("has more than 8192 bytes");
  const auto first = token.find('.');
  const auto last = token.rfind('.');
  if (first == std::string_view::npos || first == last || token.find('.', first + 1) != last) {
    return refuse("does not have three parts with dots between them");
  }
  const auto header_bytes = from_base64url(token.substr(0, first));
  const auto signature = from_base64url(token.substr(last + 1));
  const auto header = header_bytes ? object_in(*header_bytes) : std::nullopt;
  if (!header || !signature) return refuse("is not well formed");
  // Extensions that have to be understood (RFC 7515, section 4.1.11): none is.
  if (header->contains("crit")) return refuse("needs an extension that is not known here");
  if (!is_signed(keys, *header, token.substr(0, last), *signature)) {
    return refuse("is not signed by a known key with that key's algorithm");
  }
  const auto payload = from_base64url(token.substr(first + 1, last - first - 1));
  if (!payload) return refuse("is not well formed");
  return check_claims(*payload, rules, now);
}

tl::expected<VerifiedJwt, std::string> check_claims(std::string_view bytes, const JwtRules& rules,
                                                    Clock::time_point now) {
  const auto claims = object_in(bytes);
  if (!claims) return refuse("is not well formed");
  if (text_in(*claims, "iss") != rules.issuer) return refuse("is of another issuer");
  if (!is_meant_for(*claims, rules.audience)) return refuse("is for another audience");
  const auto expires = time_in(*claims, "exp");
  if (!expires) return refuse("has no valid time of expiry (exp)");
  if (now >= *expires + rules.clock_skew) return refuse("has expired");
  for (const char* name : {"nbf", "iat"}) {
    if (!claims->contains(name)) continue;
    const auto from = time_in(*claims, name);
    if (!from || now < *from - rules.clock_skew) return refuse("is not valid yet");
  }
  auto subject = text_in(*claims, "sub");
  if (!subject || !is_name(*subject)) return refuse("names nobody (sub)");
  return VerifiedJwt{std::move(*subject), *expires + rules.clock_skew};
}

}  // namespace sg::security
