// Bearer tokens, their file, and the text forms of bytes.
#include "security/tokens.hpp"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "security/authenticator.hpp"
#include "security/bytes.hpp"

namespace sg::security {
namespace {

using Clock = std::chrono::system_clock;

TEST_CASE("A token is new each time, and its hash is that of its text", "[security][tokens]") {
  const auto token = make_token();
  CHECK(token.starts_with(kTokenPrefix));
  CHECK(token.size() == kTokenPrefix.size() + 43);  // 256 bits, 6 to a character
  CHECK(make_token() != token);
  // The example of FIPS 180-4.
  CHECK(hash_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("The file of tokens says which line is wrong", "[security][tokens]") {
  const std::string hash = hash_of("a");
  const auto rows = parse_tokens("# tokens\n\n ci  teller\tsha256:" + hash +
                                 " \r\nseb participant:a b sha256:" + hash_of("b"));
  REQUIRE(rows);
  REQUIRE(rows->size() == 2);
  CHECK((*rows)[0].name == "ci");
  CHECK((*rows)[0].grant.role == Role::teller);
  CHECK((*rows)[0].hash == hash);
  CHECK((*rows)[1].grant == Grant{Role::participant, "a b"});
  for (const auto& row : *rows) {
    const auto again = parse_tokens(to_line(row));
    REQUIRE(again);
    CHECK(again->front().grant == row.grant);
  }
  const auto complaint = [](const std::string& text) {
    const auto read = parse_tokens(text);
    return read ? std::string() : read.error();
  };
  CHECK_THAT(complaint("\nci teller"), Catch::StartsWith("line 2: must be NAME ROLE"));
  CHECK_THAT(complaint("ci"), Catch::StartsWith("line 1: must be NAME ROLE"));
  CHECK_THAT(complaint("ci root sha256:" + hash), Catch::Contains("\"root\" is no role"));
  CHECK_THAT(complaint("ci teller " + hash), Catch::Contains("64 hexadecimal digits"));
  CHECK_THAT(complaint("ci teller sha256:" + hash.substr(1)), Catch::Contains("64 hexadecimal"));
  const auto line = "ci teller sha256:" + hash + "\n";
  CHECK_THAT(complaint(line + line), Catch::StartsWith("line 2: the hash stands in"));
}

TEST_CASE("Base64 for URLs is strict", "[security][bytes]") {
  for (const auto* wrong : {"A", "AB=", "AB==", "A+B/", "AB C", "Zh", "Zg0\n"}) {
    CAPTURE(wrong);
    CHECK_FALSE(from_base64url(wrong));
  }
  CHECK(from_base64url("Zg") == "f");
  CHECK(from_base64url("") == "");
  rc::prop("what is written is read back", [](const std::string& bytes) {
    RC_ASSERT(from_base64url(to_base64url(bytes)) == bytes);
  });
}

TEST_CASE("Who calls: a token before a certificate, and nobody without either",
          "[security][authenticator]") {
  AuthenticationRules rules;
  rules.grants = parse_grants("shop.example=teller, *=participant").value();
  rules.takes_certificates = true;
  const Authenticator authenticator(rules, {{"ci", Grant{Role::auditor, {}}, hash_of("sgt_a")}},
                                    {});
  const auto ask = [&](const Credentials& credentials) {
    return authenticator.authenticate(credentials, Clock::now());
  };
  CHECK(ask({{"Bearer sgt_a"}, {}}).value().caller->role == Role::auditor);
  CHECK(ask({{"bearer sgt_a"}, {"shop.example"}}).value().caller->name == "ci");
  CHECK(ask({{}, {"a.example", "shop.example"}}).value().caller->role == Role::teller);
  CHECK(ask({{}, {"a.example", "b.example"}}).value().caller->participant == "a.example");
  // A name that a client chose must not be taken for the row of everybody.
  CHECK(ask({{}, {"*"}}).value().caller->participant == "*");
  const auto hash = "Bearer " + hash_of("sgt_a");
  for (const Credentials& wrong :
       {Credentials{}, Credentials{{"Bearer sgt_b"}, {"shop.example"}},
        Credentials{{"Basic sgt_a"}, {}}, Credentials{{"Bearer "}, {}},
        Credentials{{""}, {"shop.example"}}, Credentials{{"sgt_a"}, {}},
        Credentials{{"Bearer sgt_a", "Bearer sgt_a"}, {}}, Credentials{{hash}, {}}}) {
    const auto refused = ask(wrong);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().caller.empty());
  }
  const Authenticator strict({parse_grants("ops=admin").value(), true, {}}, {}, {});
  const auto refused = strict.authenticate({{}, {"kim"}}, Clock::now());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().caller == "kim");
}

}  // namespace
}  // namespace sg::security
