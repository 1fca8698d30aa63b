// config/scalegraph.toml and the key table cannot drift apart.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "config/keys.hpp"
#include "config/load.hpp"

namespace sg::config {
namespace {

std::vector<std::string> lines_of(std::istream& in) {
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> sample() {
  std::ifstream file(SCALEGRAPH_SAMPLE);
  REQUIRE(file);
  return lines_of(file);
}

TEST_CASE("The sample file parses to the defaults", "[config][sample]") {
  CHECK(load(SCALEGRAPH_SAMPLE).value() == defaults());
}

TEST_CASE("The sample file is the key table's own description", "[config][sample]") {
  std::istringstream description(describe());
  const auto expected = lines_of(description);
  const auto found = sample();
  for (std::size_t i = 0; i < std::min(expected.size(), found.size()); ++i) {
    INFO("line " << i + 1);
    REQUIRE(found[i] == expected[i]);
  }
  CHECK(found.size() == expected.size());
}

TEST_CASE("Every key stands in the sample once, below its unit or form and its default",
          "[config][sample]") {
  std::set<std::string> seen;
  std::string table;
  std::string above;
  for (const auto& line : sample()) {
    const auto equals = line.find(" = ");
    if (line.starts_with("[")) {
      table = line.substr(1, line.size() - 2);
    } else if (!line.empty() && !line.starts_with("#") && equals != std::string::npos) {
      INFO(line);
      const auto* key = find_key(table, line.substr(0, equals));
      REQUIRE(key != nullptr);
      CHECK(seen.insert(key->full_name()).second);
      CHECK_THAT(above, Catch::Contains("Default: " + line.substr(equals + 3)));
      CHECK_THAT(above, Catch::Contains(std::string(key->unit)));
    }
    above = line;
  }
  CHECK(seen.size() == keys().size());
}

TEST_CASE("Every key belongs to a table, and its default is a value it takes", "[config][sample]") {
  for (const auto& key : keys()) {
    INFO(key.full_name());
    Settings settings;
    CHECK(!write(key, read(key, defaults()), settings));
    CHECK(settings == defaults());
    CHECK(std::any_of(tables().begin(), tables().end(),
                      [&](const Table& table) { return table.name == key.table; }));
    CHECK(!key.explanation.empty());
  }
}

TEST_CASE("The defaults are those that operators were promised", "[config][sample]") {
  struct Row {
    const char* key;
    Value value;
  };
  const auto number = [](std::int64_t value) { return Value(value); };
  const auto text = [](const char* value) { return Value(std::string(value)); };
  const std::vector<Row> rows{
      {"server.listen", text("127.0.0.1:50051")},
      {"server.insecure", Value(false)},
      {"server.reflection", Value(true)},
      {"server.max_in_flight", number(4'096)},
      {"server.max_in_flight_bytes", number(268'435'456)},
      {"server.max_streams", number(50'000)},
      {"server.max_connections_per_address", number(0)},
      {"server.max_message_bytes", number(16'777'216)},
      {"server.drain_timeout", number(5'000)},
      {"server.min_ping_interval", number(5'000)},
      {"server.ping_interval", number(30'000)},
      {"server.ping_timeout", number(20'000)},
      {"server.max_stream_window", number(16)},
      {"server.busy_poll", number(500)},
      {"storage.path", text("./data")},
      {"storage.max_wal_bytes", number(268'435'456)},
      {"storage.block_cache_bytes", number(67'108'864)},
      {"storage.checkpoint_interval", number(1'000'000)},
      {"storage.index_chunk", number(500'000)},
      {"storage.key_retention", number(86'400)},
      {"ledger.shards", number(2)},
      {"ledger.lock_timeout", number(5'000)},
      {"ledger.max_seals", number(10'000'000)},
      {"supervisor.intensity", number(10)},
      {"supervisor.period", number(10)},
      {"supervisor.liveness_period", number(10)},
      {"scheduler.threads", number(0)},
      {"scheduler.max_throughput", number(300)},
      {"log.level", text("info")},
      {"log.modules", text("")},
      {"log.format", text("auto")},
      {"log.file", text("")},
      {"log.max_file_bytes", number(67'108'864)},
      {"log.max_files", number(8)},
      {"tls.certificate", text("")},
      {"tls.key", text("")},
      {"tls.client_ca", text("")},
      {"tls.client_certificates", text("none")},
      {"auth.tokens", text("")},
      {"auth.jwt_keys", text("")},
      {"auth.jwt_issuer", text("")},
      {"auth.jwt_audience", text("")},
      {"auth.jwt_clock_skew", number(60)},
      {"auth.certificates", Value(false)},
      {"auth.roles", text("")},
      {"auth.audit", Value(true)},
      {"auth.max_audit_bytes", number(1'073'741'824)},
      {"auth.max_calls_per_second", number(0)},
      {"auth.max_in_flight", number(0)},
      {"auth.max_in_flight_bytes", number(0)},
      {"auth.max_streams", number(0)},
      {"cluster.node_id", number(0)},
      {"cluster.name", text("scalegraph")},
      {"cluster.listen", text("127.0.0.1:50061")},
      {"cluster.seeds", text("")},
      {"cluster.election_timeout", number(500)},
      {"cluster.max_queued_bytes", number(67'108'864)},
      {"cluster.certificate", text("")},
      {"cluster.key", text("")},
      {"cluster.ca", text("")},
      {"cluster.insecure", Value(false)},
      {"metrics.listen", text("")},
      {"metrics.insecure", Value(false)},
      {"backup.folder", text("")},
  };
  REQUIRE(rows.size() == keys().size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    INFO(rows[i].key);
    CHECK(keys()[i].full_name() == rows[i].key);
    CHECK(read(keys()[i], defaults()) == rows[i].value);
  }
}

}  // namespace
}  // namespace sg::config
