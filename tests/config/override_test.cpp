// --set KEY=VALUE: the same checks as a file.
#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <vector>

#include "config/keys.hpp"
#include "config/load.hpp"

namespace sg::config {
namespace {

std::string error_of(const std::string& assignment) {
  Settings settings;
  const auto done = apply_override(settings, assignment);
  CHECK((done || settings == defaults()));
  return done ? "accepted" : to_string(done.error());
}

std::vector<const Key*> integer_keys() {
  std::vector<const Key*> out;
  for (const auto& key : keys()) {
    if (std::holds_alternative<Integer>(key.type)) out.push_back(&key);
  }
  return out;
}

// Often at a bound or beside it, where off-by-ones live.
std::int64_t around(const Integer& bounds) {
  constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
  constexpr auto highest = std::numeric_limits<std::int64_t>::max();
  return *rc::gen::oneOf(
      rc::gen::element(lowest, bounds.min - 1, bounds.min, bounds.max, bounds.max + 1, highest),
      rc::gen::inRange(bounds.min, bounds.max), rc::gen::arbitrary<std::int64_t>());
}

TEST_CASE("An override sets its key and no other", "[config][override]") {
  Settings settings;
  settings.ledger.shards = 7;
  REQUIRE(apply_override(settings, "server.listen=127.0.0.1:0"));
  REQUIRE(apply_override(settings, "storage.path=/tmp/a=b c"));
  REQUIRE(apply_override(settings, "log.level=off"));
  REQUIRE(apply_override(settings, "supervisor.period=3"));

  Settings expected;
  expected.ledger.shards = 7;
  expected.server.listen = {"127.0.0.1", 0};
  expected.storage.path = "/tmp/a=b c";
  expected.log.level = LogLevel::off;
  expected.supervisor.period = std::chrono::seconds(3);
  CHECK(settings == expected);
}

TEST_CASE("A refused override says why and changes nothing", "[config][override]") {
  struct Row {
    std::string assignment;
    std::string error;
  };
  const std::string tables =
      "the tables are [server], [storage], [ledger], [supervisor], [scheduler], [log], [tls], "
      "[auth], "
      "[cluster], [metrics], [backup]";
  const std::string modules =
      "must be a string of parts MODULE=LEVEL with commas between them, each module once, such as "
      "\"journal=debug, links=warning\"; MODULE is one of calls, coordinator, forwarder, gateway, "
      "indexer, journal, links, queries, replica, server, shards, status, store, supervisor; LEVEL "
      "is one of trace, debug, info, warning, error, critical, off";
  const std::vector<Row> rows{
      {"server.max_in_flight=0",
       "--set: server.max_in_flight = 0: must be an integer from 1 to 1000000"},
      {"ledger.shards=two", "--set: ledger.shards = \"two\": must be an integer from 1 to 1024"},
      {"ledger.shards=2 ", "--set: ledger.shards = \"2 \": must be an integer from 1 to 1024"},
      {"ledger.shards=", "--set: ledger.shards = \"\": must be an integer from 1 to 1024"},
      {"ledger.shards=9223372036854775808",
       "--set: ledger.shards = \"9223372036854775808\": must be an integer from 1 to 1024"},
      {"server.listen=:1",
       "--set: server.listen = \":1\": must be a string HOST:PORT with a port from 0 to 65535, "
       "such as \"127.0.0.1:50051\" or \"[::1]:0\", or unix:PATH with a path of at most 107 bytes"},
      {"storage.path=",
       "--set: storage.path = \"\": must be a string with the path of a folder: 1 to 4095 bytes, "
       "no control characters, and no ~ at its start or variable such as $HOME in it, since only a "
       "shell expands those"},
      {"storage.path=~/ledger",
       "--set: storage.path = \"~/ledger\": must be a string with the path of a folder: 1 to 4095 "
       "bytes, no control characters, and no ~ at its start or variable such as $HOME in it, since "
       "only a shell expands those"},
      {"ledger.shards=nan", "--set: ledger.shards = \"nan\": must be an integer from 1 to 1024"},
      {"ledger.shards=inf", "--set: ledger.shards = \"inf\": must be an integer from 1 to 1024"},
      {"ledger.shards=-1", "--set: ledger.shards = -1: must be an integer from 1 to 1024"},
      {"ledger.shards=+1", "--set: ledger.shards = \"+1\": must be an integer from 1 to 1024"},
      {"ledger.shards=2x", "--set: ledger.shards = \"2x\": must be an integer from 1 to 1024"},
      {"ledger.shards=0x2", "--set: ledger.shards = \"0x2\": must be an integer from 1 to 1024"},
      {"ledger.shards=1e2", "--set: ledger.shards = \"1e2\": must be an integer from 1 to 1024"},
      {"ledger.shard=2",
       "--set: ledger.shard: unknown key, did you mean ledger.shards? [ledger] has shards, "
       "lock_timeout, max_seals"},
      {"shards=2",
       "--set: shards: unknown key, did you mean ledger.shards? keys stand in tables; " + tables},
      {"legder.shards=2", "--set: legder.shards: unknown table, did you mean [ledger]? " + tables},
      {"metrics.listen=unix:/run/x",
       "--set: metrics.listen = \"unix:/run/x\": must be a string HOST:PORT with a port from 0 to "
       "65535, such as \"127.0.0.1:9464\", or an empty string"},
      {"log.modules=journal", "--set: log.modules = \"journal\": " + modules},
      {"log.modules=journal=debug, journal=info",
       "--set: log.modules = \"journal=debug, journal=info\": " + modules},
      {"log.modules=ledger=debug", "--set: log.modules = \"ledger=debug\": " + modules},
      {"log.format=xml",
       "--set: log.format = \"xml\": must be one of \"auto\", \"text\", \"json\""},
      {"server.listen", "--set: \"server.listen\" must be KEY=VALUE, as in log.level=debug"},
      {"=1", "--set: \"=1\" must be KEY=VALUE, as in log.level=debug"},
      {"", "--set: \"\" must be KEY=VALUE, as in log.level=debug"},
  };
  for (const auto& row : rows) {
    INFO(row.assignment);
    CHECK(error_of(row.assignment) == row.error);
  }
}

TEST_CASE("A key with one letter missing is still recognized", "[config][override]") {
  for (const auto& key : keys()) {
    for (std::size_t missing = 0; missing < key.name.size(); ++missing) {
      const auto name = std::string(key.name).erase(missing, 1);
      INFO(name);
      // What is left may be the name of a key elsewhere: auth.certificates, tls.certificate.
      const bool is_another = std::any_of(keys().begin(), keys().end(),
                                          [&](const Key& other) { return other.name == name; });
      if (is_another) continue;
      CHECK_THAT(error_of(std::string(key.table) + "." + name + "=1"),
                 Catch::Contains("did you mean " + key.full_name() + "?"));
    }
  }
}

TEST_CASE("An integer is accepted exactly within the bounds of its key, by file and by --set",
          "[config][override]") {
  for (const auto* key : integer_keys()) {
    const auto& bounds = std::get<Integer>(key->type);
    INFO(key->full_name());
    CHECK(rc::check([&] {
      const auto value = around(bounds);
      const bool within = value >= bounds.min && value <= bounds.max;
      const auto text = std::to_string(value);

      const auto parsed = parse(key->full_name() + " = " + text, "my.toml");
      Settings overridden;
      const auto done = apply_override(overridden, key->full_name() + "=" + text);

      RC_ASSERT(parsed.has_value() == within);
      RC_ASSERT(done.has_value() == within);
      RC_ASSERT(read(*key, overridden) == (within ? Value(value) : read(*key, defaults())));
      if (within) {
        RC_ASSERT(*parsed == overridden);
      } else {
        RC_ASSERT(parsed.error().at(0).line == 1U);
        RC_ASSERT(parsed.error().at(0).message == done.error().message);
      }
    }));
  }
}

TEST_CASE("The bounds are those that operators were promised", "[config][override]") {
  struct Row {
    const char* key;
    std::int64_t min;
    std::int64_t max;
  };
  const std::vector<Row> rows{
      {"server.max_in_flight", 1, 1'000'000},
      {"server.max_in_flight_bytes", 1'048'576, 1'099'511'627'776},
      {"server.max_streams", 1, 1'000'000},
      {"server.max_connections_per_address", 0, 1'000'000},
      {"server.max_message_bytes", 65'536, 1'073'741'824},
      {"server.drain_timeout", 0, 600'000},
      {"server.min_ping_interval", 10, 3'600'000},
      {"server.ping_interval", 1'000, 86'400'000},
      {"server.ping_timeout", 1'000, 3'600'000},
      {"server.max_stream_window", 1, 1'024},
      {"server.busy_poll", 0, 10'000},
      {"storage.max_wal_bytes", 16'777'216, 17'179'869'184},
      {"storage.block_cache_bytes", 1'048'576, 68'719'476'736},
      {"storage.checkpoint_interval", 1'000, 1'000'000'000},
      {"storage.index_chunk", 1'000, 10'000'000},
      {"storage.key_retention", 1, 315'360'000},
      {"ledger.shards", 1, 1'024},
      {"ledger.lock_timeout", 1, 600'000},
      {"ledger.max_seals", 0, 1'000'000'000},
      {"supervisor.intensity", 0, 1'000'000},
      {"supervisor.period", 1, 86'400},
      {"supervisor.liveness_period", 1, 86'400},
      {"scheduler.threads", 0, 256},
      {"scheduler.max_throughput", 1, 1'000'000},
      {"log.max_file_bytes", 65'536, 68'719'476'736},
      {"log.max_files", 1, 1'000},
      {"auth.jwt_clock_skew", 0, 3'600},
      {"auth.max_audit_bytes", 1'048'576, 1'099'511'627'776},
      {"auth.max_calls_per_second", 0, 10'000'000},
      {"auth.max_in_flight", 0, 1'000'000},
      {"auth.max_in_flight_bytes", 0, 1'099'511'627'776},
      {"auth.max_streams", 0, 1'000'000},
      {"cluster.node_id", 0, 1'000'000'000},
      {"cluster.election_timeout", 100, 60'000},
      {"cluster.max_queued_bytes", 1'048'576, 17'179'869'184},
  };
  REQUIRE(rows.size() == integer_keys().size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& bounds = std::get<Integer>(integer_keys()[i]->type);
    INFO(rows[i].key);
    CHECK(integer_keys()[i]->full_name() == rows[i].key);
    CHECK(bounds.min == rows[i].min);
    CHECK(bounds.max == rows[i].max);
  }
}

}  // namespace
}  // namespace sg::config
