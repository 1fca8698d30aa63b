// The settings of scalegraphd as typed values. A default-constructed Settings is what the daemon
// runs with when it has no file. The initializers below are the only place where a default stands.
//
//   auto settings = sg::config::load("config/scalegraph.toml");
//   if (!settings) std::cerr << to_string(settings.error()) << '\n';
//
// The table in keys.cpp says what each key means, its unit and its bounds. config/scalegraph.toml
// is generated from that table. A Settings that load() or apply_override() returned is within all
// bounds.
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
#include <vector>

#include "security/roles.hpp"

namespace sg::config {

// An address to listen on: a host and a port, or the path of a Unix socket. `host` is a name, an
// IPv4 address, or an IPv6 address without its brackets.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;  // 0: the system chooses
  std::string path{};      // of a Unix socket; if set, `host` is empty and `port` is 0

  bool operator==(const Endpoint&) const = default;
};

// Reads "127.0.0.1:50051", "[::1]:0" or "unix:/run/scalegraph.sock". Returns nullopt if
// - the host is missing, or is neither a name nor an address;
// - the port is not a number from 0 to 65535;
// - the path is empty, longer than 107 bytes, or holds a control character.
[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view text);
// The text that parse_endpoint() reads back as the same endpoint.
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

// The least severe message that is logged. The numbers are those of spdlog's levels.
enum class LogLevel : std::uint8_t { trace, debug, info, warning, error, critical, off };

// All names, from "trace" to "off", in the order of LogLevel.
[[nodiscard]] std::span<const std::string_view> log_level_names();
// nullopt if it is not exactly one of these names.
[[nodiscard]] std::optional<LogLevel> parse_log_level(std::string_view text);
[[nodiscard]] std::string_view to_string(LogLevel level);

// [server]: the gRPC endpoint that clients talk to.
struct Server {
  Endpoint listen{"127.0.0.1", 50051};
  std::size_t max_in_flight = 4096;                    // calls at once
  std::size_t max_message_bytes = 16'777'216;          // 16 MiB
  std::chrono::milliseconds drain_timeout{5'000};      // 0: stop at once
  std::size_t max_stream_window = 16;                  // requests of one stream at once
  std::chrono::microseconds busy_poll{500};            // before sleeping; 0: never
  std::size_t max_in_flight_bytes = 268'435'456;       // 256 MiB, held by calls
  std::size_t max_streams = 50'000;                    // open at once
  std::chrono::milliseconds min_ping_interval{5'000};  // the least, between pings of a client
  std::chrono::milliseconds ping_interval{30'000};     // of silence before the server pings
  std::chrono::milliseconds ping_timeout{20'000};      // for the answer to a ping of the server
  std::size_t max_connections_per_address = 0;         // 0: no limit
  bool insecure = false;                               // other machines may reach it unprotected
  bool reflection = true;

  bool operator==(const Server&) const = default;
};

// [storage]: the store on disk.
struct Storage {
  std::filesystem::path path{"./data"};         // a folder
  std::size_t max_wal_bytes = 268'435'456;      // 256 MiB
  std::size_t block_cache_bytes = 67'108'864;   // 64 MiB
  std::size_t checkpoint_interval = 1'000'000;  // transfers between two
  std::size_t index_chunk = 500'000;            // postings and keys per run
  std::chrono::seconds key_retention{86'400};   // of time that the server ran

  bool operator==(const Storage&) const = default;
};

// [ledger]: how accounts are spread over actors, and how long transfers wait for locks.
struct Ledger {
  std::size_t shards = 2;                         // actors that own accounts
  std::chrono::milliseconds lock_timeout{5'000};  // the longest wait of a transfer for its locks
  std::size_t max_seals = 10'000'000;             // sealed keys

  bool operator==(const Ledger&) const = default;
};

// [supervisor]: when restarting is given up, and how hanging actors are found.
struct Supervisor {
  std::size_t intensity = 10;  // restarts within `period`
  std::chrono::seconds period{10};
  std::chrono::seconds liveness_period{10};  // between two probes of an actor

  bool operator==(const Supervisor&) const = default;
};

// [scheduler]: the actor system's own threads (CAF).
struct Scheduler {
  std::size_t threads = 0;           // 0: one for two processors
  std::size_t max_throughput = 300;  // messages an actor handles per turn

  bool operator==(const Scheduler&) const = default;
};

// How lines of the log look. automatic: text on a terminal, JSON otherwise.
enum class LogFormat : std::uint8_t { automatic, text, json };
// nullopt if it is not exactly one of "auto", "text" and "json".
[[nodiscard]] std::optional<LogFormat> parse_log_format(std::string_view text);
[[nodiscard]] std::string_view to_string(LogFormat format);

// The parts of the daemon that log, each of which may have a level of its own.
[[nodiscard]] std::span<const std::string_view> log_module_names();

// A level for one of these parts.
struct ModuleLevel {
  std::string module;
  LogLevel level = LogLevel::info;

  bool operator==(const ModuleLevel&) const = default;
};
// Reads "journal=debug, links=warning". Returns nullopt if a part is not MODULE=LEVEL, or a module
// stands twice. The empty text is an empty list.
[[nodiscard]] std::optional<std::vector<ModuleLevel>> parse_module_levels(std::string_view text);
// The text that parse_module_levels() reads back as the same list.
[[nodiscard]] std::string to_string(std::span<const ModuleLevel> levels);

// [log]: what the daemon writes to its log.
struct Log {
  LogLevel level = LogLevel::info;
  std::vector<ModuleLevel> levels{};
  LogFormat format = LogFormat::automatic;
  std::filesystem::path file{};             // empty: standard error
  std::size_t max_file_bytes = 67'108'864;  // 64 MiB, then the next file begins
  std::size_t max_files = 8;                // older ones beside the one that is written

  bool operator==(const Log&) const = default;
};

// Whether clients show a certificate.
enum class ClientCertificates : std::uint8_t { none, optional, required };
// nullopt if it is not exactly one of these names.
[[nodiscard]] std::optional<ClientCertificates> parse_client_certificates(std::string_view text);
[[nodiscard]] std::string_view to_string(ClientCertificates wanted);

// [tls]: encryption of what clients and the server say to each other.
struct Tls {
  std::filesystem::path certificate;  // empty: it is off
  std::filesystem::path key;
  std::filesystem::path client_ca;
  ClientCertificates client_certificates = ClientCertificates::none;

  bool is_on() const { return !certificate.empty(); }
  bool operator==(const Tls&) const = default;
};

// [auth]: who calls, and what they may do. A limit of 0 is none.
struct Auth {
  std::filesystem::path tokens;
  std::filesystem::path jwt_keys;
  std::string jwt_issuer;
  std::string jwt_audience;
  std::chrono::seconds jwt_clock_skew{60};
  bool certificates = false;
  std::vector<security::NamedGrant> roles;
  bool audit = true;                            // what is done is kept, with who did it
  std::size_t max_audit_bytes = 1'073'741'824;  // 1 GiB, of what is answered and refused
  std::size_t max_calls_per_second = 0;         // of one caller, as the three below
  std::size_t max_in_flight = 0;
  std::size_t max_in_flight_bytes = 0;
  std::size_t max_streams = 0;

  bool is_on() const { return certificates || !tokens.empty() || !jwt_keys.empty(); }
  bool operator==(const Auth&) const = default;
};

// A node of a cluster, and where the other nodes reach it.
struct Seed {
  std::uint64_t id = 0;
  Endpoint at;  // HOST:PORT

  bool operator==(const Seed&) const = default;
};

// Reads "1@127.0.0.1:50061, 2@[::1]:50062". Returns nullopt if a part is not ID@HOST:PORT with an
// id from 1 on and a port from 1 on, or if an id or an address stands twice. The empty text is an
// empty list.
[[nodiscard]] std::optional<std::vector<Seed>> parse_seeds(std::string_view text);
// The text that parse_seeds() reads back as the same list.
[[nodiscard]] std::string to_string(std::span<const Seed> seeds);

// [cluster]: what makes the daemon a node of a cluster.
struct Cluster {
  std::uint64_t node_id = 0;  // 0: the ledger stands alone
  std::string name{"scalegraph"};
  Endpoint listen{"127.0.0.1", 50061};
  std::vector<Seed> seeds;
  std::chrono::milliseconds election_timeout{500};
  std::size_t max_queued_bytes = 67'108'864;  // 64 MiB, for each other node
  std::filesystem::path certificate;          // empty: nodes do not use TLS
  std::filesystem::path key;
  std::filesystem::path ca;
  bool insecure = false;

  bool is_on() const { return node_id != 0; }
  bool uses_tls() const { return !certificate.empty(); }
  bool operator==(const Cluster&) const = default;
};

// [metrics]: the HTTP server of the metrics and the status page.
struct Metrics {
  std::optional<Endpoint> listen;  // nullopt: it is off
  bool insecure = false;

  bool is_on() const { return listen.has_value(); }
  bool operator==(const Metrics&) const = default;
};

// [backup]: where backups of the running ledger are written.
struct Backup {
  std::filesystem::path folder;  // empty: there are none

  bool is_on() const { return !folder.empty(); }
  bool operator==(const Backup&) const = default;
};

// One member for each table of the file.
struct Settings {
  Server server;
  Storage storage;
  Ledger ledger;
  Supervisor supervisor;
  Scheduler scheduler;
  Log log;
  Tls tls;
  Auth auth;
  Cluster cluster;
  Metrics metrics;
  Backup backup;

  bool operator==(const Settings&) const = default;
};

}  // namespace sg::config
