// The settings of scalegraphd, typed. A default-constructed Settings is what the daemon runs with
// when it has no file; the initializers below are the only place where a default stands.
//
//   auto settings = sg::config::load("config/scalegraph.toml");
//   if (!settings) std::cerr << to_string(settings.error()) << '\n';
//
// What each key means, its unit and its bounds: keys.cpp, and config/scalegraph.toml, which is
// generated from it. A Settings that load() or apply_override() returned is within all bounds.
//
// Thread safety: plain values, shared by copying.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sg::config {

// Where to listen. `host` is a name, an IPv4 address, or an IPv6 address without its brackets.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;  // 0: the system chooses
  std::string path{};      // of a Unix socket; then there is neither host nor port

  bool operator==(const Endpoint&) const = default;
};

// "127.0.0.1:50051", "[::1]:0", "unix:/run/scalegraph.sock". Nothing if the host is empty or no
// host, the port is not a number from 0 to 65535, or the path is none that a socket can have.
[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view text);
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

// In the order of spdlog's levels, each with spdlog's number.
enum class LogLevel : std::uint8_t { trace, debug, info, warning, error, critical, off };

[[nodiscard]] std::span<const std::string_view> log_level_names();
[[nodiscard]] std::optional<LogLevel> parse_log_level(std::string_view text);
[[nodiscard]] std::string_view to_string(LogLevel level);

struct Server {
  Endpoint listen{"127.0.0.1", 50051};
  std::size_t max_in_flight = 4096;                // calls
  std::size_t max_message_bytes = 16'777'216;      // 16 MiB
  std::chrono::milliseconds drain_timeout{5'000};  // 0: stop at once
  std::size_t max_stream_window = 16;              // requests of one stream
  std::chrono::microseconds busy_poll{500};        // 0: never
  std::size_t max_in_flight_bytes = 268'435'456;   // 256 MiB
  std::size_t max_streams = 50'000;
  std::chrono::milliseconds min_ping_interval{5'000};  // of clients
  std::chrono::milliseconds ping_interval{30'000};     // of the server
  std::chrono::milliseconds ping_timeout{20'000};

  bool operator==(const Server&) const = default;
};

struct Storage {
  std::filesystem::path path{"./data"};
  std::size_t max_wal_bytes = 268'435'456;      // 256 MiB
  std::size_t block_cache_bytes = 67'108'864;   // 64 MiB
  std::size_t checkpoint_interval = 1'000'000;  // transfers
  std::size_t index_chunk = 500'000;            // postings and keys
  std::chrono::seconds key_retention{86'400};   // of time that the server ran

  bool operator==(const Storage&) const = default;
};

struct Ledger {
  std::size_t shards = 2;
  std::chrono::milliseconds lock_timeout{5'000};

  bool operator==(const Ledger&) const = default;
};

struct Supervisor {
  std::size_t intensity = 10;  // restarts within `period`
  std::chrono::seconds period{10};
  std::chrono::seconds liveness_period{10};

  bool operator==(const Supervisor&) const = default;
};

struct Scheduler {
  std::size_t threads = 0;           // 0: one for two processors
  std::size_t max_throughput = 300;  // messages an actor handles per turn

  bool operator==(const Scheduler&) const = default;
};

struct Log {
  LogLevel level = LogLevel::info;

  bool operator==(const Log&) const = default;
};

struct Settings {
  Server server;
  Storage storage;
  Ledger ledger;
  Supervisor supervisor;
  Scheduler scheduler;
  Log log;

  bool operator==(const Settings&) const = default;
};

}  // namespace sg::config
