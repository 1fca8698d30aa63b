// Text forms of endpoints and log levels, and the distance between names.
#include "config/settings.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"
#include "config/together.hpp"
#include "config/unknown.hpp"

namespace sg::config {
namespace {

TEST_CASE("An endpoint is a host and a port", "[config][settings]") {
  struct Row {
    std::string text;
    Endpoint endpoint;
  };
  const std::vector<Row> rows{
      {"127.0.0.1:50051", {"127.0.0.1", 50'051}},
      {"0.0.0.0:0", {"0.0.0.0", 0}},
      {"localhost:65535", {"localhost", 65'535}},
      {"ledger-1.example.com:1", {"ledger-1.example.com", 1}},
      {"[::1]:0", {"::1", 0}},
      {"[::]:50051", {"::", 50'051}},
      {"[fe80::1%eth0]:7", {"fe80::1%eth0", 7}},
      {"unix:/run/scalegraph.sock", {{}, 0, "/run/scalegraph.sock"}},
      {"unix:./a:b", {{}, 0, "./a:b"}},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    CHECK(parse_endpoint(row.text) == row.endpoint);
    CHECK(to_string(row.endpoint) == row.text);
  }
}

TEST_CASE("What is no endpoint is refused", "[config][settings]") {
  using namespace std::string_view_literals;
  const std::vector<std::string_view> rows{
      "",
      ":",
      ":50051",
      "localhost",
      "localhost:",
      "localhost:-1",
      "localhost:+1",
      "localhost:65536",
      "localhost:000001",
      "localhost:1x",
      "localhost: 1",
      "local host:1",
      " localhost:1",
      "127.0.0.256:1",
      "127.0.0:1",
      "1:1",
      "::1:50051",
      "[]:1",
      "[::1]",
      "[::1]50051",
      "[::1:50051",
      "[localhost]:1",
      "[127.0.0.1]:1",
      "[::1%]:1",
      "http://localhost:1",
      "unix:",
      "unix:a\nb",
      "unix:a\0b"sv,
      "[::1\0x]:1"sv,
      "127.0.0.1\0:1"sv,
  };
  for (const auto& row : rows) {
    INFO(row);
    CHECK(!parse_endpoint(row));
  }
  const std::string longest_path(107, 'a');
  CHECK(parse_endpoint("unix:" + longest_path));
  CHECK(!parse_endpoint("unix:a" + longest_path));
  const std::string longest_host(253, 'a');
  CHECK(parse_endpoint(longest_host + ":1"));
  CHECK(!parse_endpoint("a" + longest_host + ":1"));
}

TEST_CASE("A log level has one name", "[config][settings]") {
  REQUIRE(log_level_names().size() == 7);
  for (const auto name : log_level_names()) CHECK(to_string(parse_log_level(name).value()) == name);
  CHECK(parse_log_level("trace") == LogLevel::trace);
  CHECK(parse_log_level("off") == LogLevel::off);
  CHECK(!parse_log_level("INFO"));
  CHECK(!parse_log_level(""));
}

TEST_CASE("The distance between names counts single edits", "[config][settings]") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("listen", "listen") == 0);
  CHECK(edit_distance("lisen", "listen") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(rc::check([](const std::string& a, const std::string& b) {
    RC_ASSERT(edit_distance(a, b) == edit_distance(b, a));
    RC_ASSERT((edit_distance(a, b) == 0) == (a == b));
    RC_ASSERT(edit_distance(a, b) <= std::max(a.size(), b.size()));
  }));
}

TEST_CASE("Seeds are read as they are written, and nothing else is one", "[config][settings]") {
  const std::string text = "1@127.0.0.1:50061, 2@[::1]:7, 30@node.example:65535";
  const auto seeds = parse_seeds(text);
  REQUIRE(seeds);
  REQUIRE(seeds->size() == 3);
  CHECK((*seeds)[2] == Seed{30, {"node.example", 65535, {}}});
  CHECK(to_string(*seeds) == text);
  CHECK(parse_seeds("1@a:1,2@b:1")->size() == 2);
  CHECK(parse_seeds("")->empty());
  CHECK(parse_seeds("  ")->empty());
  for (const auto* wrong : {"1", "a:1", "0@a:1", "-1@a:1", "x@a:1", "1@a", "1@a:0", "1@a:1,", ",",
                            "1@a:1, 1@b:1", "1@a:1, 2@a:1", "1@unix:/tmp/x", "1@a:1 2@b:1"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_seeds(wrong));
  }
}

// The complaint about the settings as a whole; empty: there is none.
std::string wrong(const Settings& settings) { return wrong_together(settings).value_or(""); }

TEST_CASE("A node has to be among its seeds, and to listen on loopback", "[config][settings]") {
  Settings settings;
  auto& cluster = settings.cluster;
  CHECK(wrong(settings).empty());  // it stands alone
  cluster.node_id = 2;
  cluster.seeds = {{1, {"10.0.0.1", 1, {}}}};
  CHECK_THAT(wrong(settings), Catch::Contains("has no node 2"));
  cluster.seeds.push_back({2, {"10.0.0.2", 1, {}}});
  CHECK(wrong(settings).empty());
  for (const auto* host : {"127.0.0.1", "127.1.2.3", "::1", "localhost"}) {
    cluster.listen.host = host;
    CHECK(wrong(settings).empty());
  }
  for (const auto* host : {"0.0.0.0", "10.0.0.2", "::", "128.0.0.1", "node.example"}) {
    cluster.listen.host = host;
    CHECK_THAT(wrong(settings), Catch::Contains("cluster.insecure"));
    auto open = settings;
    open.cluster.insecure = true;
    CHECK(wrong(open).empty());
  }
}

TEST_CASE("A gateway that others may reach needs TLS and authentication", "[config][settings]") {
  Settings settings;
  for (const auto* host : {"0.0.0.0", "10.0.0.2", "::", "ledger.example"}) {
    CAPTURE(host);
    settings.server.listen.host = host;
    CHECK_THAT(wrong(settings), Catch::Contains("neither [tls] nor [auth] is set"));
    auto half = settings;
    half.tls.certificate = half.tls.key = "pem";
    CHECK_THAT(wrong(half), Catch::Contains("[auth] is not set"));
    auto other = settings;
    other.auth.tokens = "tokens";
    CHECK_THAT(wrong(other), Catch::Contains("[tls] is not set"));
    half.auth.tokens = "tokens";
    CHECK(wrong(half).empty());
    auto open = settings;
    open.server.insecure = true;
    CHECK(wrong(open).empty());
  }
  settings.server.listen = {{}, 0, "/run/scalegraph.sock"};
  CHECK(wrong(settings).empty());
}

TEST_CASE("Backups lie outside of the store", "[config][settings]") {
  Settings settings;
  settings.storage.path = "/srv/ledger/data/";
  for (const auto* inside : {"/srv/ledger/data", "/srv/ledger/data/backups",
                             "/srv/ledger/x/../data/backups", "/srv/ledger/data/.restore"}) {
    CAPTURE(inside);
    settings.backup.folder = inside;
    CHECK_THAT(wrong(settings), Catch::Contains("take a folder outside of it"));
  }
  for (const auto* outside : {"/srv/ledger", "/srv/ledger/data2", "/srv/ledger/backups", "/mnt"}) {
    CAPTURE(outside);
    settings.backup.folder = outside;
    CHECK(wrong(settings).empty());
  }
}

TEST_CASE("Keys of [tls] and [auth] that belong together", "[config][settings]") {
  const auto complaint = [](std::string_view text) { return wrong(parse(text, "f").value()); };
  CHECK_THAT(complaint("tls.key = 'k'"), Catch::Contains("belong together"));
  CHECK_THAT(complaint("tls.client_ca = 'c'"), Catch::Contains("need TLS"));
  const std::string pair = "tls.certificate = 'c'\ntls.key = 'k'\n";
  CHECK_THAT(complaint(pair + "tls.client_certificates = 'required'"),
             Catch::Contains("set tls.client_ca"));
  CHECK_THAT(complaint("auth.certificates = true"), Catch::Contains("tls.client_certificates"));
  const std::string jwt = "auth.jwt_keys = 'k'\nauth.roles = '*=teller'\n";
  CHECK_THAT(complaint(jwt), Catch::Contains("auth.jwt_issuer and auth.jwt_audience"));
  const std::string whole = jwt + "auth.jwt_issuer = 'i'\nauth.jwt_audience = 'a'\n";
  CHECK(complaint(whole).empty());
  CHECK_THAT(complaint("auth.jwt_keys='k'\nauth.jwt_issuer='i'\nauth.jwt_audience='a'"),
             Catch::Contains("auth.roles is empty"));
  CHECK(complaint(pair).empty());
}

TEST_CASE("A flag is true or false, in a file and for one start", "[config][settings]") {
  CHECK(parse("cluster.insecure = true", "f").value().cluster.insecure);
  CHECK_FALSE(parse("cluster.insecure = 1", "f"));
  auto settings = defaults();
  CHECK(apply_override(settings, "cluster.insecure=true"));
  CHECK(settings.cluster.insecure);
  CHECK_FALSE(apply_override(settings, "cluster.insecure=yes"));
}

}  // namespace
}  // namespace sg::config
