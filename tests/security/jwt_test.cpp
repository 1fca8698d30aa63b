// JSON Web Tokens: the three algorithms, and everything by which a token can be wrong.
#include "security/jwt.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <catch2/catch.hpp>
#include <functional>
#include <nlohmann/json.hpp>

#include "security/bytes.hpp"
#include "security/jwt_keys.hpp"

namespace sg::security {
namespace {

using nlohmann::json;
using Clock = std::chrono::system_clock;

const JwtRules kRules{"https://issuer", "scalegraph", std::chrono::seconds(60)};
const Clock::time_point kNow{std::chrono::seconds(1'800'000'000)};
constexpr std::int64_t kNowSeconds = 1'800'000'000;
const std::string kSecret(32, 's');

using Sign = std::function<std::string(const std::string&)>;

std::string sign_hmac(const std::string& secret, const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string sign_with(EVP_PKEY* key, const std::string& text) {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  std::string out(1024, '\0');
  std::size_t size = out.size();
  REQUIRE(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key) == 1);
  REQUIRE(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(out.data()), &size,
                         reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1);
  EVP_MD_CTX_free(context);
  out.resize(size);
  return out;
}

// r and s, 32 bytes each.
std::string raw_of(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* both = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  std::string raw(64, '\0');
  BN_bn2binpad(ECDSA_SIG_get0_r(both), reinterpret_cast<unsigned char*>(raw.data()), 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(both), reinterpret_cast<unsigned char*>(raw.data()) + 32, 32);
  ECDSA_SIG_free(both);
  return raw;
}

std::string public_pem(EVP_PKEY* key) {
  BIO* out = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(out, key);
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(out, &bytes);
  std::string pem(bytes, static_cast<std::size_t>(size));
  BIO_free(out);
  return pem;
}

json claims() {
  return {
      {"iss", "https://issuer"}, {"aud", "scalegraph"}, {"sub", "seb"}, {"exp", kNowSeconds + 100}};
}

std::string token(const json& header, const json& payload, const Sign& sign) {
  const auto text = to_base64url(header.dump()) + "." + to_base64url(payload.dump());
  return text + "." + to_base64url(sign(text));
}

std::string hmac_token(const json& payload, const json& header = {{"alg", "HS256"}}) {
  return token(header, payload, [](const std::string& text) { return sign_hmac(kSecret, text); });
}

// The complaint about the token; "" if it is taken.
std::string complaint(const std::string& given, const JwtKeys& keys) {
  const auto verified = verify_jwt(given, keys, kRules, kNow);
  return verified ? std::string() : verified.error();
}

TEST_CASE("A token of each algorithm is taken with its own key only", "[security][jwt]") {
  const PublicKey rsa(EVP_RSA_gen(2048), EVP_PKEY_free);
  const PublicKey ec(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const auto hmac_keys = parse_jwt_keys(kSecret + "\n").value();
  const auto rsa_keys = parse_jwt_keys(public_pem(rsa.get())).value();
  const auto ec_keys = parse_jwt_keys(public_pem(ec.get())).value();
  const auto by_rsa = [&](const std::string& text) { return sign_with(rsa.get(), text); };
  const auto by_ec = [&](const std::string& text) { return raw_of(sign_with(ec.get(), text)); };
  const auto hs = hmac_token(claims());
  const auto rs = token({{"alg", "RS256"}}, claims(), by_rsa);
  const auto es = token({{"alg", "ES256"}}, claims(), by_ec);

  CHECK(complaint(hs, hmac_keys).empty());
  CHECK(complaint(rs, rsa_keys).empty());
  CHECK(complaint(es, ec_keys).empty());
  const auto verified = verify_jwt(rs, rsa_keys, kRules, kNow).value();
  CHECK(verified.subject == "seb");
  CHECK(verified.expires == kNow + std::chrono::seconds(160));

  const auto is_unsigned = Catch::Contains("is not signed by a known key");
  CHECK_THAT(complaint(hs, rsa_keys), is_unsigned);
  CHECK_THAT(complaint(rs, ec_keys), is_unsigned);
  CHECK_THAT(complaint(es, rsa_keys), is_unsigned);
  // Signed with the right key, under the name of another algorithm.
  CHECK_THAT(complaint(token({{"alg", "ES256"}}, claims(), by_rsa), rsa_keys), is_unsigned);
  CHECK_THAT(complaint(token({{"alg", "RS512"}}, claims(), by_rsa), rsa_keys), is_unsigned);
  // The public key, which everybody may know, as the secret of HS256.
  for (const auto& secret : {public_pem(rsa.get()), public_pem(ec.get())}) {
    const auto forged = token({{"alg", "HS256"}}, claims(),
                              [&](const std::string& text) { return sign_hmac(secret, text); });
    CHECK_THAT(complaint(forged, rsa_keys), is_unsigned);
    CHECK_THAT(complaint(forged, ec_keys), is_unsigned);
  }
  // A signature in DER is none of a token.
  const auto in_der = token({{"alg", "ES256"}}, claims(),
                            [&](const std::string& text) { return sign_with(ec.get(), text); });
  CHECK_THAT(complaint(in_der, ec_keys), is_unsigned);
  for (const char* none : {"none", "None", "NONE", "", "nOnE"}) {
    const auto bare = token({{"alg", none}}, claims(), [](const auto&) { return std::string(); });
    for (const auto& keys : {hmac_keys, rsa_keys, ec_keys}) {
      CHECK_THAT(complaint(bare, keys), is_unsigned);
    }
  }
}

TEST_CASE("A claim that is wrong or absent refuses the token", "[security][jwt]") {
  const auto keys = parse_jwt_keys(kSecret).value();
  const auto with = [&](const char* name, const json& value) {
    auto changed = claims();
    changed[name] = value;
    return complaint(hmac_token(changed), keys);
  };
  const auto without = [&](const char* name) {
    auto changed = claims();
    changed.erase(name);
    return complaint(hmac_token(changed), keys);
  };
  CHECK_THAT(with("iss", "https://other"), Catch::Contains("another issuer"));
  CHECK_THAT(with("iss", 7), Catch::Contains("another issuer"));
  CHECK_THAT(without("iss"), Catch::Contains("another issuer"));
  CHECK_THAT(with("aud", "other"), Catch::Contains("another audience"));
  CHECK_THAT(with("aud", json::array({"other"})), Catch::Contains("another audience"));
  CHECK_THAT(without("aud"), Catch::Contains("another audience"));
  CHECK(with("aud", json::array({"other", "scalegraph"})).empty());
  // The skew of 60 s counts on both sides.
  CHECK(with("exp", kNowSeconds - 59).empty());
  CHECK_THAT(with("exp", kNowSeconds - 60), Catch::Contains("has expired"));
  for (const json& wrong : {json("soon"), json(-1), json(1e300), json(kNowSeconds * 1'000),
                            json(nullptr), json::object()}) {
    CHECK_THAT(with("exp", wrong), Catch::Contains("no valid time of expiry"));
  }
  // Beyond what a clock of nanoseconds can count.
  for (const json& late : {json(9'999'999'999), json(99'999'999'999), json(253'402'300'799)}) {
    CHECK(with("exp", late).empty());
    CHECK_THAT(with("nbf", late), Catch::Contains("is not valid yet"));
  }
  CHECK_THAT(without("exp"), Catch::Contains("no valid time of expiry"));
  for (const char* name : {"nbf", "iat"}) {
    CHECK(with(name, kNowSeconds + 60).empty());
    CHECK_THAT(with(name, kNowSeconds + 61), Catch::Contains("is not valid yet"));
    CHECK_THAT(with(name, "x"), Catch::Contains("is not valid yet"));
  }
  CHECK_THAT(without("sub"), Catch::Contains("names nobody"));
  for (const json& wrong : {json(""), json(7), json("a\nb"), json(std::string(257, 'a'))}) {
    CHECK_THAT(with("sub", wrong), Catch::Contains("names nobody"));
  }
}

TEST_CASE("A token that is not well formed is refused", "[security][jwt]") {
  const auto keys = parse_jwt_keys(kSecret).value();
  const auto good = hmac_token(claims());
  for (const std::string& wrong :
       {std::string(), std::string("."), std::string(".."), std::string("a.b"), good + ".",
        "." + good, good.substr(0, good.rfind('.') + 1), good.substr(0, good.size() - 1),
        good + "=", std::string(8'193, 'a'), good.substr(good.find('.'))}) {
    CHECK_FALSE(complaint(wrong, keys).empty());
  }
  CHECK_THAT(complaint(hmac_token(claims(), {{"alg", "HS256"}, {"crit", {"exp"}}}), keys),
             Catch::Contains("needs an extension"));
  CHECK_FALSE(complaint(hmac_token(json::array({1})), keys).empty());
}

TEST_CASE("A key set is read key by key, and each names its own tokens", "[security][jwt]") {
  const json set{{"keys",
                  {{{"kty", "oct"}, {"kid", "a"}, {"k", to_base64url(kSecret)}},
                   {{"kty", "oct"}, {"kid", "b"}, {"k", to_base64url(std::string(40, 'b'))}},
                   {{"kty", "oct"}, {"kid", "c"}, {"use", "enc"}, {"k", "AA"}},
                   {{"kty", "EC"}, {"crv", "P-521"}, {"x", "AA"}, {"y", "AA"}},
                   {{"kty", "OKP"}}}}};
  const auto keys = parse_jwt_keys(set.dump());
  REQUIRE(keys);
  REQUIRE(keys->size() == 2);
  CHECK(complaint(hmac_token(claims(), {{"alg", "HS256"}, {"kid", "a"}}), *keys).empty());
  CHECK(complaint(hmac_token(claims()), *keys).empty());
  CHECK_FALSE(complaint(hmac_token(claims(), {{"alg", "HS256"}, {"kid", "b"}}), *keys).empty());
  CHECK_FALSE(complaint(hmac_token(claims(), {{"alg", "HS256"}, {"kid", "x"}}), *keys).empty());
  const auto wrong = [](const std::string& bytes) {
    const auto read = parse_jwt_keys(bytes);
    return read ? std::string() : read.error();
  };
  for (const std::string& other :
       {std::string("short"), std::string(40, ' '), "<html>" + std::string(40, 'a') + "</html>",
        "[" + set.dump() + "]", "\xEF\xBB\xBF" + set.dump(), std::string(40, '\x30') + '\x01',
        std::string(40, 'a') + "\n" + std::string(40, 'a')}) {
    CHECK_THAT(wrong(other), Catch::Contains("no secret of HS256"));
  }
  CHECK_THAT(wrong("{}"), Catch::Contains("no list \"keys\""));
  CHECK_THAT(wrong("{\"keys\": []}"), Catch::Contains("no key for"));
  CHECK_THAT(wrong("{"), Catch::Contains("no JSON Web Key Set"));
  CHECK_THAT(wrong(R"({"keys": [{"kty": "oct", "k": "AA"}]})"),
             Catch::Contains("at least 32 bytes"));
  CHECK_THAT(wrong(R"({"keys": [{"kty": "RSA", "n": "AQ", "e": "AQAB"}]})"),
             Catch::Contains("at least 2048"));
  CHECK_THAT(wrong(R"({"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]})"),
             Catch::Contains("no valid key"));
  CHECK_THAT(wrong("-----BEGIN PUBLIC KEY-----\n?\n-----END PUBLIC KEY-----\n"),
             Catch::Contains("cannot be read"));
  CHECK_THAT(wrong("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
             Catch::Contains("no public key"));
  const PublicKey small(EVP_RSA_gen(1024), EVP_PKEY_free);
  CHECK_THAT(wrong(public_pem(small.get())), Catch::Contains("at least 2048"));
}

}  // namespace
}  // namespace sg::security
