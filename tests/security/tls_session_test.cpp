// TLS in memory between two nodes, and what a server has to know of its own certificate.
#include "security/tls_session.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "security/certificate.hpp"
#include "tests/security/made_certificates.hpp"
#include "tests/support/temp_directory.hpp"

namespace sg::security {
namespace {

using Side = TlsSession::Side;

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// The files of one node in a folder of its own.
class Node {
 public:
  Node(const MadeCertificate& own, const MadeCertificate& authority) {
    write_file(folder_.path() / "certificate", own.pem());
    write_file(folder_.path() / "key", own.key_pem());
    write_file(folder_.path() / "ca", authority.pem());
  }
  auto context() const {
    return make_tls_context(folder_.path() / "certificate", folder_.path() / "key",
                            folder_.path() / "ca");
  }

 private:
  test::TempDirectory folder_;
};

// Carries what one has to send to the other, in portions of `portion` bytes. Returns what it read,
// or why it could not.
tl::expected<std::string, std::string> carry(TlsSession& from, TlsSession& to,
                                             std::size_t portion) {
  std::vector<char> bytes;
  from.take(bytes);
  std::string plain;
  for (std::size_t i = 0; i < bytes.size(); i += portion) {
    const auto size = std::min(portion, bytes.size() - i);
    if (auto read = to.read({bytes.data() + i, size}, plain); !read) {
      return tl::unexpected(read.error());
    }
  }
  return plain;
}

// The first complaint of either side, or "" if both are ready.
std::string shake_hands(TlsSession& client, TlsSession& server) {
  std::string complaint;
  for (int i = 0; i < 8 && complaint.empty(); ++i) {
    const auto there = carry(client, server, 1'000);
    const auto back = carry(server, client, 1'000);
    if (!there) complaint += there.error();
    if (!back) complaint += back.error();
  }
  return complaint;
}

TEST_CASE("Two nodes of one authority understand each other", "[security][tls]") {
  const auto authority = make_certificate("authority", "");
  const Node one(make_certificate("one", "IP:127.0.0.1", &authority), authority);
  const Node two(make_certificate("two", "DNS:two.example", &authority), authority);
  TlsSession client(one.context().value(), Side::client);
  TlsSession server(two.context().value(), Side::server);
  REQUIRE(client.write("said before the handshake"));
  const auto portion = GENERATE(as<std::size_t>{}, 1, 7, 100'000);
  std::string heard;
  for (int i = 0; i < 8; ++i) {
    heard += carry(client, server, portion).value();
    CHECK(carry(server, client, portion).value().empty());
  }
  CHECK(client.is_ready());
  CHECK(server.is_ready());
  CHECK(heard == "said before the handshake");
  CHECK(client.peer_is("two.example"));
  CHECK_FALSE(client.peer_is("127.0.0.1"));
  CHECK_FALSE(client.peer_is("one.example"));
  CHECK(server.peer_is("127.0.0.1"));
  CHECK_FALSE(server.peer_is("127.0.0.2"));
  const std::string large(1'000'000, 'x');
  REQUIRE(server.write(large));
  CHECK(carry(server, client, 100'000).value() == large);
}

TEST_CASE("A name with a wildcard, or in the subject only, is no node's", "[security][tls]") {
  const auto authority = make_certificate("authority", "");
  const Node one(make_certificate("one", "IP:127.0.0.1", &authority), authority);
  const auto names = GENERATE(as<std::string>{}, "DNS:*.example", "");
  const Node two(make_certificate("two.example", names, &authority), authority);
  TlsSession client(one.context().value(), Side::client);
  TlsSession server(two.context().value(), Side::server);
  CHECK(shake_hands(client, server).empty());
  CHECK(client.is_ready());
  CHECK_FALSE(client.peer_is("two.example"));
}

TEST_CASE("A node without the right certificate is refused", "[security][tls]") {
  const auto authority = make_certificate("authority", "");
  const auto other = make_certificate("other", "");
  const Node one(make_certificate("one", "IP:127.0.0.1", &authority), authority);
  const Node foreign(make_certificate("two", "IP:127.0.0.1", &other), authority);
  const Node expired(make_certificate("two", "IP:127.0.0.1", &authority, -100, -50), authority);
  const Node early(make_certificate("two", "IP:127.0.0.1", &authority, 500, 1'000), authority);
  for (const auto* wrong : {&foreign, &expired, &early}) {
    TlsSession as_client(wrong->context().value(), Side::client);
    TlsSession server(one.context().value(), Side::server);
    CHECK_THAT(shake_hands(as_client, server), Catch::StartsWith("TLS: "));
    CHECK_FALSE(server.is_ready());
    TlsSession client(one.context().value(), Side::client);
    TlsSession as_server(wrong->context().value(), Side::server);
    CHECK_THAT(shake_hands(client, as_server), Catch::StartsWith("TLS: "));
    CHECK_FALSE(client.is_ready());
  }
  TlsSession server(one.context().value(), Side::server);
  std::string plain;
  CHECK_FALSE(server.read("GET / HTTP/1.1\r\n\r\n", plain));
  CHECK(plain.empty());
}

TEST_CASE("Files of TLS that do not fit are named", "[security][tls]") {
  const auto authority = make_certificate("authority", "");
  const auto own = make_certificate("one", "IP:127.0.0.1", &authority);
  test::TempDirectory folder;
  const auto at = [&](const char* name) { return folder.path() / name; };
  write_file(at("certificate"), own.pem());
  write_file(at("key"), own.key_pem());
  write_file(at("other"), authority.key_pem());
  write_file(at("ca"), authority.pem());
  const auto complaint = [&](const char* certificate, const char* key, const char* ca) {
    const auto made = make_tls_context(at(certificate), at(key), at(ca));
    return made ? std::string() : made.error();
  };
  CHECK(complaint("certificate", "key", "ca").empty());
  CHECK_THAT(complaint("none", "key", "ca"), Catch::StartsWith("cluster.certificate: cannot use"));
  CHECK_THAT(complaint("certificate", "other", "ca"), Catch::StartsWith("cluster.key: cannot use"));
  CHECK_THAT(complaint("certificate", "key", "key"), Catch::StartsWith("cluster.ca: cannot use"));
}

TEST_CASE("A certificate, its validity and its key", "[security][certificate]") {
  const auto authority = make_certificate("authority", "");
  const auto own = make_certificate("one", "DNS:one", &authority, -100, 200);
  const auto validity = validity_of(own.pem());
  REQUIRE(validity);
  CHECK(validity->until - validity->from == std::chrono::seconds(300));
  CHECK(check_pair(own.pem(), own.key_pem()));
  CHECK_THAT(check_pair(own.pem(), authority.key_pem()).error(), Catch::Contains("not that of"));
  CHECK_THAT(check_pair(own.pem(), own.pem()).error(), Catch::Contains("no private key"));
  CHECK_THAT(check_pair("", own.key_pem()).error(), Catch::Contains("certificate is none"));
  CHECK(check_certificates(own.pem() + authority.pem()));
  CHECK_THAT(check_certificates("").error(), Catch::Contains("is no certificate"));
  CHECK_THAT(check_certificates(own.pem() + "-----BEGIN CERTIFICATE-----\nAAAA\n"
                                            "-----END CERTIFICATE-----\n")
                 .error(),
             Catch::Contains("has a part"));
  CHECK_FALSE(validity_of("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
}

}  // namespace
}  // namespace sg::security
