// What says who calls: a file of tokens, keys of JSON Web Tokens, such a token, the roles of the
// settings, a certificate.
#include "security/bytes.hpp"
#include "security/certificate.hpp"
#include "security/jwt.hpp"
#include "security/tokens.hpp"
#include "tests/fuzz/property.hpp"

using namespace sg;
using namespace sg::security;
using fuzz::must;

namespace {

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";

void tokens(std::string_view text) {
  const auto rows = parse_tokens(text);
  if (!rows) return must(rows.error().starts_with("line "), "an error names its line");
  for (const auto& row : *rows) {
    const auto again = parse_tokens(to_line(row));
    must(again && again->size() == 1 && again->front().name == row.name &&
             again->front().grant == row.grant && again->front().hash == row.hash,
         "a row is read back");
  }
}

void keys(std::string_view bytes) {
  const auto read = parse_jwt_keys(bytes);
  must(read ? !read->empty() : !read.error().empty(), "there is a key, or a sentence");
}

// And what follows the signature, as if it were right.
void token(std::string_view bytes) {
  static const auto known = parse_jwt_keys(kSecret).value();
  const auto now = std::chrono::system_clock::time_point(std::chrono::seconds(1'800'000'000));
  const JwtRules rules{"i", "a"};
  must(!verify_jwt(bytes, known, rules, now), "nobody signed it");
  const auto verified = check_claims(bytes, rules, now);
  must(!verified || (!verified->subject.empty() && verified->expires > now), "it names somebody");
}

void roles(std::string_view text) {
  const auto grants = parse_grants(text);
  if (!grants) return;
  must(parse_grants(to_string(*grants)) == grants, "grants are read back");
  for (const auto& row : *grants) {
    const auto caller = caller_of(row.name, *grants);
    must(caller && (caller->role == Role::participant) == !caller->participant.empty(),
         "a participant, and nobody else, has an id");
  }
}

void bytes(std::string_view text) {
  const auto read = from_base64url(text);
  if (read) must(to_base64url(*read) == text, "one text for the same bytes");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [number, rest] = fuzz::choice_of(fuzz::text_of(data, size));
  switch (number % 6) {
    case 0:
      tokens(rest);
      break;
    case 1:
      keys(rest);
      break;
    case 2:
      token(rest);
      break;
    case 3:
      roles(rest);
      break;
    case 4:
      bytes(rest);
      break;
    default:
      (void)validity_of(rest);
      (void)check_pair(rest, rest);
  }
  return 0;
}
