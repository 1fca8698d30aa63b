// Text forms of endpoints and log levels, and the distance between names.
#include "config/settings.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

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

}  // namespace
}  // namespace sg::config
