// Files: what is accepted, and the exact line and words for what is not.
#include "config/load.hpp"

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace sg::config {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string errors_of(const std::string& text) {
  const auto settings = parse(text, "my.toml");
  return settings ? "accepted" : to_string(settings.error());
}

// A folder of its own per test, removed with everything in it.
class Folder {
 public:
  Folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "config_tests_XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::filesystem::path write(const std::string& name,
                                            const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return path_ / name;
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST_CASE("An empty file gives the defaults", "[config][load]") {
  CHECK(parse("", "my.toml").value() == defaults());
  CHECK(parse("# nothing\n[server]\n[log]\n", "my.toml").value() == defaults());
}

TEST_CASE("Every key of a file reaches its member, in its unit", "[config][load]") {
  const auto settings = parse(R"(
[server]
listen = "[::1]:0"
max_in_flight = 1
max_message_bytes = 1_048_576
drain_timeout = 250
max_stream_window = 3
busy_poll = 0
[storage]
path = "/var/lib/scalegraph"
max_wal_bytes = 0x2000000
block_cache_bytes = 1048577
checkpoint_interval = 1001
index_chunk = 1002
key_retention = 90000
[ledger]
shards = 8
lock_timeout = 1500
max_seals = 7
[supervisor]
intensity = 0
period = 60
[scheduler]
threads = 4
max_throughput = 50
[log]
level = "warning"
)",
                              "my.toml");
  Settings expected;
  expected.server = {{"::1", 0}, 1, 1'048'576, milliseconds(250), 3, microseconds(0)};
  expected.storage = {"/var/lib/scalegraph", 33'554'432, 1'048'577, 1'001, 1'002, seconds(90'000)};
  expected.ledger = {8, milliseconds(1'500), 7};
  expected.supervisor = {0, seconds(60)};
  expected.scheduler = {4, 50};
  expected.log = {LogLevel::warning};
  CHECK(settings.value() == expected);
}

TEST_CASE("Dotted keys and inline tables are the same keys", "[config][load]") {
  CHECK(parse("ledger.shards = 5", "my.toml").value().ledger.shards == 5);
  CHECK(parse("ledger = { shards = 5 }", "my.toml").value().ledger.shards == 5);
}

TEST_CASE("What is wrong with a file is said with its line and what would be right",
          "[config][load]") {
  struct Row {
    const char* title;
    std::string text;
    std::string error;
  };
  const std::string server_keys =
      "[server] has listen, insecure, reflection, max_in_flight, max_in_flight_bytes, max_streams, "
      "max_connections_per_address, max_message_bytes, drain_timeout, min_ping_interval, "
      "ping_interval, ping_timeout, max_stream_window, busy_poll";
  const std::string table_list =
      "the tables are [server], [storage], [ledger], [supervisor], [scheduler], [log], [tls], "
      "[auth], "
      "[cluster], [metrics], [backup]";
  const std::string endpoint =
      "must be a string HOST:PORT with a port from 0 to 65535, such as \"127.0.0.1:50051\" or "
      "\"[::1]:0\", or unix:PATH with a path of at most 107 bytes";
  const std::string levels =
      R"(must be one of "trace", "debug", "info", "warning", "error", "critical", "off")";
  const std::string path =
      "must be a string with the path of a folder: 1 to 4095 bytes, no control characters, and no "
      "~ at its start or variable such as $HOME in it, since only a shell expands those";

  const std::vector<Row> rows{
      {"below the range", "[server]\n\n# calls\nmax_in_flight = 0\n",
       "my.toml:4: server.max_in_flight = 0: must be an integer from 1 to 1000000"},
      {"above the range", "[ledger]\nshards = 1025",
       "my.toml:2: ledger.shards = 1025: must be an integer from 1 to 1024"},
      {"negative", "[server]\ndrain_timeout = -1",
       "my.toml:2: server.drain_timeout = -1: must be an integer from 0 to 600000"},
      {"a string for an integer", "[ledger]\nshards = \"2\"",
       "my.toml:2: ledger.shards = \"2\": must be an integer from 1 to 1024, found a string"},
      {"a float for an integer", "[ledger]\nshards = 2.5",
       "my.toml:2: ledger.shards = 2.5: must be an integer from 1 to 1024, found a "
       "floating-point number"},
      {"a boolean for an integer", "[ledger]\nshards = true",
       "my.toml:2: ledger.shards = true: must be an integer from 1 to 1024, found a boolean"},
      {"a date for an integer", "[ledger]\nshards = 2024-05-01",
       "my.toml:2: ledger.shards = 2024-05-01: must be an integer from 1 to 1024, found a date"},
      {"an array for an integer", "[ledger]\nshards = [\n1,\n2]",
       "my.toml:2: ledger.shards: must be an integer from 1 to 1024, found an array"},
      {"a table for a string", "[server.listen]\nport = 1",
       "my.toml:1: server.listen: " + endpoint + ", found a table"},
      {"an integer for a string", "[server]\nlisten = 50051",
       "my.toml:2: server.listen = 50051: " + endpoint + ", found an integer"},
      {"no port", "[server]\nlisten = \"localhost\"",
       "my.toml:2: server.listen = \"localhost\": " + endpoint},
      {"no path", "[storage]\npath = \"\"", "my.toml:2: storage.path = \"\": " + path},
      {"a control character in the path", "[storage]\npath = \"a\\u0000b\"",
       "my.toml:2: storage.path = \"a\\u0000b\": " + path},
      {"a home folder in the path", "[storage]\n\npath = \"~/ledger\"",
       "my.toml:3: storage.path = \"~/ledger\": " + path},
      {"another's home folder", "[storage]\npath = \"~ledger\"",
       "my.toml:2: storage.path = \"~ledger\": " + path},
      {"a variable in the path", "[storage]\npath = \"$HOME/ledger\"",
       "my.toml:2: storage.path = \"$HOME/ledger\": " + path},
      {"a variable in braces", "[storage]\npath = \"/srv/${HOME}/x\"",
       "my.toml:2: storage.path = \"/srv/${HOME}/x\": " + path},
      {"unknown level", "[log]\nlevel = \"warn\"", "my.toml:2: log.level = \"warn\": " + levels},

      {"a misspelt key", "[server]\nmax_inflight = 5",
       "my.toml:2: server.max_inflight: unknown key, did you mean server.max_in_flight? " +
           server_keys},
      {"another style of name", "[server]\nmaxInFlight = 5",
       "my.toml:2: server.maxInFlight: unknown key, did you mean server.max_in_flight? " +
           server_keys},
      {"a key of another table", "[server]\n\nshards = 5",
       "my.toml:3: server.shards: unknown key, did you mean ledger.shards? " + server_keys},
      {"a key near none", "[server]\nbacklog = 5",
       "my.toml:2: server.backlog: unknown key; " + server_keys},
      {"a table within a table", "[server.acceptor]\nn = 5",
       "my.toml:1: server.acceptor: unknown key; " + server_keys},
      {"a key outside its table", "shards = 5",
       "my.toml:1: shards: unknown key, did you mean ledger.shards? keys stand in tables; " +
           table_list},
      {"a misspelt table, once", "[servr]\nlisten = \"a:1\"\nmax_in_flight = 1",
       "my.toml:1: servr: unknown table, did you mean [server]? " + table_list},
      {"a table near none", "\n[replication]\nfactor = 3",
       "my.toml:2: replication: unknown table; " + table_list},
      {"a table as a value", "server = 5",
       "my.toml:1: server = 5: must be a table, [server] with its keys below it, found an "
       "integer"},
      {"a table twice over", "[[server]]\nlisten = \"a:1\"",
       "my.toml:1: server: must be a table, [server] with its keys below it, found an array"},
      {"a key with a line break", "\"a\\nb\" = 1",
       "my.toml:1: a\\nb: unknown key; keys stand in tables; " + table_list},
  };
  for (const auto& row : rows) {
    INFO(row.title << "\n" << row.text);
    CHECK(errors_of(row.text) == row.error);
  }
}

TEST_CASE("All mistakes of a file are told together, in the order of its lines", "[config][load]") {
  CHECK(errors_of("[log]\nlevel = 1\n[ledger]\nshards = 0\nlock_timeout = 0\n[metric]\n") ==
        "my.toml:2: log.level = 1: must be one of \"trace\", \"debug\", \"info\", \"warning\", "
        "\"error\", \"critical\", \"off\", found an integer\n"
        "my.toml:4: ledger.shards = 0: must be an integer from 1 to 1024\n"
        "my.toml:5: ledger.lock_timeout = 0: must be an integer from 1 to 600000\n"
        "my.toml:6: metric: unknown table, did you mean [metrics]? the tables are [server], "
        "[storage], [ledger], [supervisor], [scheduler], [log], [tls], [auth], [cluster], "
        "[metrics], [backup]");
}

TEST_CASE("What is not TOML is told with its line", "[config][load]") {
  struct Row {
    std::string text;
    std::uint32_t line;
  };
  const std::vector<Row> rows{
      {"[server]\nlisten = 127.0.0.1:50051\n", 2},     {"[server\n", 1},
      {"[ledger]\nshards = 1\nshards = 2\n", 3},       {"[ledger]\n\n[ledger]\n", 3},
      {"[ledger]\nshards = 9223372036854775808\n", 2}, {"[log]\nlevel = \"\xff\"\n", 2},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    const auto settings = parse(row.text, "my.toml");
    REQUIRE(!settings);
    REQUIRE(settings.error().size() == 1);
    const auto line = to_string(settings.error());
    CHECK_THAT(line,
               Catch::StartsWith("my.toml:" + std::to_string(row.line) + ": not valid TOML: "));
    CHECK(line.find('\n') == std::string::npos);
    CHECK(line.size() > std::string("my.toml:1: not valid TOML: ").size());
  }
}

// Found by the fuzz target `config`: the parser quotes what it found, control characters too.
TEST_CASE("What is not TOML is told on one printable line", "[config][load]") {
  for (const std::string text :
       {"a\t\t=\tt\nkk\n", "k\x1B[31m=\x01\n", "[server]\nlisten = \x07\n"}) {
    const auto error = errors_of(text);
    CAPTURE(text, error);
    CHECK_THAT(error, Catch::Contains("not valid TOML: "));
    CHECK(std::all_of(error.begin(), error.end(),
                      [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; }));
  }
}

TEST_CASE("A path that only looks like one for a shell is taken", "[config][load]") {
  for (const std::string path : {"./~", "a~b", "/srv/~x", "cost$", "a$b", "$1"}) {
    INFO(path);
    const auto settings = parse("storage.path = \"" + path + "\"", "my.toml");
    REQUIRE(settings);
    CHECK(settings->storage.path == path);
  }
}

TEST_CASE("Numbers that are none of ours are refused with their line", "[config][load]") {
  for (const std::string value :
       {"inf", "-inf", "nan", "+nan", "1e3", "2.0", "99999999999999999999", "-9223372036854775809",
        "9223372036854775807", "-9223372036854775808", "0x7FFFFFFFFFFFFFFF", "2 x", "\"2\"", "٣"}) {
    INFO(value);
    CHECK_THAT(errors_of("[ledger]\nshards = " + value + "\n"), Catch::StartsWith("my.toml:2: "));
  }
}

TEST_CASE("A byte order mark before a file is skipped", "[config][load]") {
  const std::string mark = "\xEF\xBB\xBF";
  CHECK(parse(mark + "ledger.shards = 5", "my.toml").value().ledger.shards == 5);
  CHECK(parse(mark, "my.toml").value() == defaults());
  CHECK(errors_of(mark + "\nledger.shards = 0") ==
        "my.toml:2: ledger.shards = 0: must be an integer from 1 to 1024");
}

TEST_CASE("A file in UTF-16 is refused with the encoding that is read", "[config][load]") {
  using namespace std::string_literals;
  for (const auto& text : {"\xFF\xFE"
                           "a\0=\0"s,
                           "\xFE\xFF\0a\0="s, "\0\0\xFE\xFF"s}) {
    CHECK_THAT(errors_of(text), Catch::Contains("invalid utf-8"));
  }
}

TEST_CASE("A long value is cut off in the message", "[config][load]") {
  const auto text = "[log]\nlevel = \"" + std::string(100'000, 'x') + "\"\n";
  const auto error = errors_of(text);
  CHECK(error.size() < 300);
  CHECK_THAT(error, Catch::StartsWith("my.toml:2: log.level = \"" + std::string(80, 'x') +
                                      "...\": must be one of"));
}

TEST_CASE("A file is loaded, and its errors carry its name", "[config][load]") {
  const Folder folder;
  const auto right = folder.write("right.toml", "[ledger]\nshards = 3\n");
  const auto wrong = folder.write("wrong.toml", "[ledger]\nshards = 0\n");

  CHECK(load(right).value().ledger.shards == 3);
  const auto refused = load(wrong);
  REQUIRE(!refused);
  CHECK(refused.error() == Errors{Error{wrong.string(), 2, "ledger.shards", "0",
                                        "must be an integer from 1 to 1024"}});
}

TEST_CASE("A file that cannot be read is an error of its own", "[config][load]") {
  const Folder folder;
  const auto missing = folder.path() / "missing.toml";
  const auto large = folder.write("large.toml", std::string(1'048'577, '\n'));
  const auto largest = folder.write("largest.toml", std::string(1'048'576, '\n'));

  CHECK(to_string(load(missing).error()) ==
        missing.string() + ": cannot open the file: No such file or directory");
  CHECK(to_string(load("~/no.toml").error()) ==
        "~/no.toml: cannot open the file: No such file or directory; only a shell expands ~ and "
        "$HOME, and not behind `=`");
  CHECK(to_string(load(folder.path()).error()) ==
        folder.path().string() + ": cannot read the file: Is a directory");
  CHECK(to_string(load(large).error()) ==
        large.string() + ": the file has more than 1048576 bytes");
  CHECK(load(largest).value() == defaults());
}

}  // namespace
}  // namespace sg::config
