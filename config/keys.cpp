// The key table: every setting in one row, with unit, bounds and explanation.
//
// To add a key, add three things:
// - a member with its default in settings.hpp;
// - a row in key_rows below;
// - the new text of describe() in config/scalegraph.toml.
//
// An explanation is prose for an operator and appears in that file word for word. Unit, bounds and
// default are appended to it by describe.cpp, so explanations do not repeat them.
#include "config/keys.hpp"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "config/error.hpp"
#include "config/key_texts.hpp"

namespace sg::config {
namespace {

constexpr std::int64_t KiB = 1'024;
constexpr std::int64_t MiB = 1'024 * KiB;
constexpr std::int64_t GiB = 1'024 * MiB;
constexpr std::int64_t day_s = 86'400;
constexpr std::int64_t ten_years_s = 3'650 * day_s;

// The type of a key that sets `Settings::Section.Member`, a number or a duration, between `min` and
// `max`. The members are template arguments, so that getter and setter are plain functions without
// a capture, and the table is constant.
template <auto Section, auto Member>
constexpr Integer integer(std::int64_t min, std::int64_t max) {
  using Held = std::remove_reference_t<decltype(std::declval<Settings&>().*Section.*Member)>;
  return {min, max,
          [](const Settings& settings) -> std::int64_t {
            // A duration counts in the unit of its type. The unit in the row has to be the same.
            const Held& held = settings.*Section.*Member;
            if constexpr (std::is_integral_v<Held>) {
              return static_cast<std::int64_t>(held);
            } else {
              return held.count();
            }
          },
          [](Settings& settings, std::int64_t value) {
            settings.*Section.*Member = static_cast<Held>(value);
          }};
}

// In the order of config/scalegraph.toml.
constexpr std::array table_rows{
    Table{"server", "The gRPC endpoint that clients talk to."},
    Table{"storage", "The store on disk: the journal's blocks, checkpoints and indexes."},
    Table{"ledger", "How accounts are spread over actors, and how transfers wait for them."},
    Table{"supervisor",
          "When restarting is given up: more than `intensity` crashes within `period` under one "
          "supervisor stop its children and go up to its parent. At the root the daemon stops with "
          "exit code 4."},
    Table{"scheduler", "The actor system's own threads (CAF)."},
    Table{"log", "What the daemon writes to its log."},
    Table{
        "tls",
        "Encryption of what clients and the server say to each other. On as soon as `certificate` "
        "is set. New files are taken up within seconds, without a restart."},
    Table{
        "auth",
        "Who calls, and what they may do. On as soon as `tokens`, `jwt_keys` or `certificates` is "
        "set: then every call but a health check has to say who sends it."},
    Table{
        "cluster",
        "Several daemons that keep one ledger: docs/cluster.md. With `node_id` 0 the ledger stands "
        "alone, and nothing else of this table matters."},
    Table{"metrics",
          "Metrics for Prometheus (/metrics) and a status page for people (/), over HTTP. With "
          "[tls] on it is HTTPS with the same certificate. With [auth] on, callers show a bearer "
          "token of a role that may inspect; a browser asks for it as the password."},
    Table{"backup", "Backups of the running ledger: docs/operations.md."},
};

constexpr bool kLive = true;

// Grouped by table. The order within a table is that of config/scalegraph.toml.
constexpr std::array key_rows{
    Key{"server", "listen", "HOST:PORT, with a port from 0 to 65535, or unix:PATH", listen_text,
        "Where the server takes calls. An IPv6 address stands in brackets, as in [::1]:50051. With "
        "port 0 the system chooses a free one; the line \"listening on HOST:PORT\" that the daemon "
        "prints says which. unix:PATH is a socket in the file system, for clients of this machine "
        "only: the daemon makes it, for its own user, and removes it in the end. An address that "
        "other machines may reach needs [tls] and [auth], or `insecure`."},
    Key{"server", "insecure", "true or false", flag<&Settings::server, &Server::insecure>(),
        "true: `listen` may be an address other than loopback although [tls] or [auth] is off. "
        "Whoever reaches it can then read or move all money: only for a network that is closed."},
    Key{"server", "reflection", "true or false", flag<&Settings::server, &Server::reflection>(),
        "true: the server describes its services to tools such as grpcurl."},
    Key{"server", "max_in_flight", "calls",
        integer<&Settings::server, &Server::max_in_flight>(1, 1'000'000),
        "Calls that the server works on at once. One more is refused with RESOURCE_EXHAUSTED, "
        "reason OVERLOADED; it has changed nothing and may be sent again."},
    Key{"server", "max_in_flight_bytes", "bytes",
        integer<&Settings::server, &Server::max_in_flight_bytes>(1 * MiB, 1'024 * GiB),
        "Memory that these calls hold, from the request until its answer is sent: an answer that "
        "the client does not read counts. A call that would pass this is refused as above, and "
        "so is a read whose answer would. A call is always taken while no other holds anything."},
    Key{"server", "max_streams", "streams",
        integer<&Settings::server, &Server::max_streams>(1, 1'000'000),
        "Streams of any service that are open at once, idle ones as well. One more is ended with "
        "RESOURCE_EXHAUSTED, reason OVERLOADED. An idle stream costs about 20 KiB and no thread. "
        "With [auth] on, streams of Health.Watch are counted apart, with the same limit."},
    Key{"server", "max_connections_per_address", "connections",
        integer<&Settings::server, &Server::max_connections_per_address>(0, 1'000'000),
        "Connections from one address of a client that are open at once. One more is closed at "
        "once. 0: no limit."},
    Key{"server", "max_message_bytes", "bytes",
        integer<&Settings::server, &Server::max_message_bytes>(64 * KiB, 1 * GiB),
        "The largest message that a client may send. Large batches need room: 10,000 transfers of "
        "two entries with short ids are about half a MiB."},
    Key{"server", "drain_timeout", "milliseconds",
        integer<&Settings::server, &Server::drain_timeout>(0, 600'000),
        "After SIGTERM the server takes no new calls and finishes those in flight, but waits no "
        "longer than this. What it has not answered by then, the client retries with its "
        "idempotency key. 0 waits for nothing."},
    Key{"server", "min_ping_interval", "milliseconds",
        integer<&Settings::server, &Server::min_ping_interval>(10, 3'600'000),
        "Clients may send HTTP/2 pings this often, on idle connections too. One that sends three "
        "sooner than that is disconnected (ENHANCE_YOUR_CALM, \"too many pings\")."},
    Key{"server", "ping_interval", "milliseconds",
        integer<&Settings::server, &Server::ping_interval>(1'000, 86'400'000),
        "The server pings a connection from which nothing has come for this long. A client that "
        "vanished without a word is found so."},
    Key{"server", "ping_timeout", "milliseconds",
        integer<&Settings::server, &Server::ping_timeout>(1'000, 3'600'000),
        "A connection that has not answered such a ping within this is closed, and its calls are "
        "cancelled."},
    Key{"server", "max_stream_window", "requests",
        integer<&Settings::server, &Server::max_stream_window>(1, 1'024),
        "Requests of one StreamTransfers stream that are in work at once. A stream with this many "
        "is not read further until a response has gone out, so a client that stops reading holds "
        "up only itself."},
    Key{"server", "busy_poll", "microseconds",
        integer<&Settings::server, &Server::busy_poll>(0, 10'000),
        "While calls are in flight, the thread that talks to clients asks for the next event this "
        "long before it goes to sleep; whatever else has work goes first. More transfers a "
        "second, and a processor that is never idle meanwhile. 0 sleeps at once."},

    Key{"storage", "path", "path of a folder, not empty", path_text,
        "Where the store is kept; made if it does not exist. A relative path starts at the folder "
        "that the daemon was started in. ~ and variables such as $HOME are not expanded but "
        "refused; ./~ is a folder of that name. One daemon at a time: the store is locked while it "
        "runs."},
    Key{"storage", "max_wal_bytes", "bytes",
        integer<&Settings::storage, &Storage::max_wal_bytes>(16 * MiB, 16 * GiB),
        "Write-ahead log kept before its contents are moved into table files. A start reads all of "
        "it again: more makes writing steadier, less makes a restart quicker."},
    Key{"storage", "block_cache_bytes", "bytes",
        integer<&Settings::storage, &Storage::block_cache_bytes>(1 * MiB, 64 * GiB),
        "Memory for recently read parts of the store. It serves history and lookups of past "
        "transfers; balances are in memory anyway."},
    Key{"storage", "checkpoint_interval", "transfers",
        integer<&Settings::storage, &Storage::checkpoint_interval>(1'000, 1'000'000'000),
        "Transfers between two checkpoints of the balances. A start replays what came after the "
        "last one: fewer make a restart quicker, more make less work while running."},
    Key{"storage", "index_chunk", "postings",
        integer<&Settings::storage, &Storage::index_chunk>(1'000, 10'000'000),
        "Postings and idempotency keys that are sorted and added to the indexes in one go, beside "
        "the writing of blocks. They are in memory until then, about 40 bytes each, and a start "
        "reads them again. Larger goes cost less work and more memory."},
    Key{"storage", "key_retention", "seconds",
        integer<&Settings::storage, &Storage::key_retention>(1, ten_years_s),
        "An idempotency key is kept at least this long, counted in time that the server ran, so "
        "neither a stopped process nor a change of the clock expires one. A retry that comes later "
        "than this is a new transfer. Less than 86400 (24 hours) is for tests only."},

    Key{"ledger", "shards", "shards", integer<&Settings::ledger, &Ledger::shards>(1, 1'024),
        "Actors that the accounts are spread over; a participant and all of its accounts share "
        "one. The number may change between two starts. About one per core is right: more cost "
        "messages, fewer leave cores idle."},
    Key{"ledger", "lock_timeout", "milliseconds",
        integer<&Settings::ledger, &Ledger::lock_timeout>(1, 600'000),
        "A transfer waits at most this long for undecided transfers before it, or until its own "
        "deadline if that is earlier. Then it ends with DEADLINE_EXCEEDED, reason LOCK_TIMEOUT, "
        "and has changed nothing."},
    Key{"ledger", "max_seals", "keys",
        integer<&Settings::ledger, &Ledger::max_seals>(0, 1'000'000'000),
        "Idempotency keys that may be sealed with SealKey. A seal never expires, and takes about "
        "50 "
        "bytes on the disk. One more ends with RESOURCE_EXHAUSTED, reason TOO_MANY_SEALS."},

    Key{"supervisor", "intensity", "crashes",
        integer<&Settings::supervisor, &Supervisor::intensity>(0, 1'000'000),
        "Crashes within the period that are answered by a restart. The next one is given up to the "
        "parent. 0 restarts nothing."},
    Key{"supervisor", "period", "seconds",
        integer<&Settings::supervisor, &Supervisor::period>(1, day_s),
        "The time over which crashes are counted. It slides: a crash counts until it is older than "
        "this."},
    Key{"supervisor", "liveness_period", "seconds",
        integer<&Settings::supervisor, &Supervisor::liveness_period>(1, day_s),
        "How often every actor is asked whether it still answers. One that has not by the next "
        "time "
        "hangs: it is left behind and replaced, which counts as a crash. If it is one that writes "
        "to the store, the daemon ends with exit code 4 instead, and its store is as after a "
        "crash. "
        "Longer than the slowest sync of the disk."},

    Key{"scheduler", "threads", "threads",
        integer<&Settings::scheduler, &Scheduler::threads>(0, 256),
        "Worker threads that run the coordinator and the shards. 0 is one for two processors: the "
        "gateway and the journal have threads of their own besides."},
    Key{"scheduler", "max_throughput", "messages",
        integer<&Settings::scheduler, &Scheduler::max_throughput>(1, 1'000'000),
        "Messages that an actor handles before the next actor has its turn on the thread. Fewer "
        "are fairer, more are faster."},

    Key{"log", "level", "trace, debug, info, warning, error, critical or off", level_text,
        "The least severe message that is written. At info: starts, stops, crashes and restarts, "
        "but nothing per transfer. At debug: a line for each call. off writes nothing at all, not "
        "even why the daemon stopped.",
        kLive},
    Key{"log", "modules", "parts MODULE=LEVEL, with commas between them", module_levels_text,
        "Levels of single modules, which count instead of `level`: calls, coordinator, forwarder, "
        "gateway, indexer, journal, links, queries, replica, server, shards, status, store, "
        "supervisor.",
        kLive},
    Key{"log", "format", "auto, text or json", log_format_text,
        "How lines look. json: an object on each line, with time, level, module, message and what "
        "else is known. auto: text on a terminal, json otherwise."},
    Key{"log", "file", "path of a file, or empty", file_text<&Settings::log, &Log::file>(),
        "Where the log is written. Empty: to standard error."},
    Key{"log", "max_file_bytes", "bytes",
        integer<&Settings::log, &Log::max_file_bytes>(64 * KiB, 64 * GiB),
        "A file of this size is closed, and the next one begins."},
    Key{"log", "max_files", "files", integer<&Settings::log, &Log::max_files>(1, 1'000),
        "Closed files that are kept: `file` with .1, .2 and so on before its ending."},

    Key{"tls", "certificate", "path of a file in PEM, or empty",
        file_text<&Settings::tls, &Tls::certificate>(),
        "The server's certificate, followed by those between it and the root. The log says when it "
        "has 30, 7 and 1 days left."},
    Key{"tls", "key", "path of a file in PEM, or empty", file_text<&Settings::tls, &Tls::key>(),
        "The private key of that certificate, without a passphrase."},
    Key{"tls", "client_ca", "path of a file in PEM, or empty",
        file_text<&Settings::tls, &Tls::client_ca>(),
        "The certificates of those who sign certificates of clients."},
    Key{"tls", "client_certificates", "none, optional or required", client_certificates_text,
        "Whether clients show a certificate of their own. One that `client_ca` has not signed ends "
        "the connection; with required, so does none."},

    Key{"auth", "tokens", "path of a file, or empty", file_text<&Settings::auth, &Auth::tokens>(),
        "Bearer tokens: a line NAME ROLE sha256:HASH for each, as `scalegraphctl token create` "
        "writes it. A line that is added or removed counts within a second."},
    Key{"auth", "jwt_keys", "path of a file, or empty",
        file_text<&Settings::auth, &Auth::jwt_keys>(),
        "Keys of JSON Web Tokens: a JSON Web Key Set, public keys in PEM, or the secret of HS256. "
        "Tokens of HS256, RS256 and ES256 are taken; `sub` is the name of the caller."},
    Key{"auth", "jwt_issuer", "text", word_text<&Settings::auth, &Auth::jwt_issuer>(),
        "What `iss` of a JSON Web Token has to be. Needed with `jwt_keys`.", kLive},
    Key{"auth", "jwt_audience", "text", word_text<&Settings::auth, &Auth::jwt_audience>(),
        "What `aud` of a JSON Web Token has to name. Needed with `jwt_keys`.", kLive},
    Key{"auth", "jwt_clock_skew", "seconds",
        integer<&Settings::auth, &Auth::jwt_clock_skew>(0, 3'600),
        "How far the issuer's clock may differ from this machine's.", kLive},
    Key{"auth", "certificates", "true or false", flag<&Settings::auth, &Auth::certificates>(),
        "true: the certificate of a client says who calls, by a subject alternative name or its "
        "common name. Needs tls.client_certificates."},
    Key{"auth", "roles", "parts NAME=ROLE, with commas between them", roles_text,
        "What the callers that certificates and JSON Web Tokens name may do. ROLE is admin, "
        "operator, teller, auditor, participant:ID, or participant, whose id is the caller's name. "
        "The name * means everybody else. Tokens have their role in their own file.",
        kLive},
    Key{"auth", "audit", "true or false", flag<&Settings::auth, &Auth::audit>(),
        "true: what commits is kept in the chain with who asked for it, and what is read or "
        "refused "
        "in a log of this server, in the folder `audit` of the store. `scalegraphctl audit` shows "
        "both."},
    Key{"auth", "max_audit_bytes", "bytes",
        integer<&Settings::auth, &Auth::max_audit_bytes>(1 * MiB, 1'024 * GiB),
        "The most of that log. The oldest lines go first, and a line says how many."},
    Key{"auth", "max_calls_per_second", "calls a second",
        integer<&Settings::auth, &Auth::max_calls_per_second>(0, 10'000'000),
        "Calls of one caller, and requests on its streams, on average over a second. What is more "
        "is refused with RESOURCE_EXHAUSTED, reason OVERLOADED. 0: no limit."},
    Key{"auth", "max_in_flight", "calls",
        integer<&Settings::auth, &Auth::max_in_flight>(0, 1'000'000),
        "Calls of one caller at once, refused as above. 0: server.max_in_flight is the limit."},
    Key{"auth", "max_in_flight_bytes", "bytes",
        integer<&Settings::auth, &Auth::max_in_flight_bytes>(0, 1'024 * GiB),
        "Memory that the calls of one caller hold, refused as above. 0: "
        "server.max_in_flight_bytes is the limit."},
    Key{"auth", "max_streams", "streams",
        integer<&Settings::auth, &Auth::max_streams>(0, 1'000'000),
        "Open streams of one caller, refused as above. 0: server.max_streams is the limit."},

    Key{"cluster", "node_id", "id",
        integer<&Settings::cluster, &Cluster::node_id>(0, 1'000'000'000),
        "Which of the `seeds` this daemon is. An id is never used twice: a node whose store is "
        "lost "
        "comes back as a new one. The store keeps it."},
    Key{"cluster", "name", "1 to 64 of a-z A-Z 0-9 - _ and dots", name_text,
        "All nodes of a cluster have the same. Nodes of another name are refused."},
    Key{"cluster", "listen", "HOST:PORT, with a port from 1 to 65535", cluster_listen_text,
        "Where the other nodes connect. An address that other machines may reach needs "
        "`certificate`, `key` and `ca`, or `insecure`."},
    Key{"cluster", "seeds", "parts ID@HOST:PORT, with commas between them", seeds_text,
        "All nodes and where they listen, this one among them: three or five. `scalegraphctl "
        "cluster init` makes them the first members. After that they are addresses, nothing more."},
    Key{"cluster", "election_timeout", "milliseconds",
        integer<&Settings::cluster, &Cluster::election_timeout>(100, 60'000),
        "A leader that is not heard of for one to two of these is replaced. Longer than the "
        "slowest pause of a node that is well."},
    Key{"cluster", "max_queued_bytes", "bytes",
        integer<&Settings::cluster, &Cluster::max_queued_bytes>(1 * MiB, 16 * GiB),
        "Memory for what waits to be sent to one other node. What does not fit is dropped, and "
        "sent again later."},
    Key{"cluster", "certificate", "path of a file in PEM, or empty",
        file_text<&Settings::cluster, &Cluster::certificate>(),
        "This node's certificate. It is shown to the other nodes and has to be for the host that "
        "`seeds` gives this node, a name or an address. Empty: nodes do not use TLS. All nodes of "
        "a cluster do, or none. A new file is taken up for the next connection."},
    Key{"cluster", "key", "path of a file in PEM, or empty",
        file_text<&Settings::cluster, &Cluster::key>(),
        "The private key of that certificate, without a passphrase."},
    Key{"cluster", "ca", "path of a file in PEM, or empty",
        file_text<&Settings::cluster, &Cluster::ca>(),
        "Who signs the certificates of nodes. Whoever has one of these for the host of a node can "
        "take its place, so no certificates of clients come from there."},
    Key{"cluster", "insecure", "true or false", flag<&Settings::cluster, &Cluster::insecure>(),
        "true: `listen` may be an address other than loopback, though nothing checks or encrypts "
        "what comes there."},

    Key{"metrics", "listen", "HOST:PORT, with a port from 0 to 65535, or empty",
        metrics_listen_text,
        "Where the metrics and the page are served, such as \"127.0.0.1:9464\". Empty: nowhere. "
        "With port 0 the system chooses a free one, and the log says which. An address that other "
        "machines may reach needs [tls] and [auth], or `insecure`."},
    Key{"metrics", "insecure", "true or false", flag<&Settings::metrics, &Metrics::insecure>(),
        "true: `listen` may be an address other than loopback although [tls] or [auth] is off. "
        "Whoever reaches it can read all accounts."},

    Key{"backup", "folder", "path of a folder, or empty",
        file_text<&Settings::backup, &Backup::folder>(),
        "Backups are folders below this one, which has to be there: `scalegraphctl backup create` "
        "writes them, on the disk of the server. On another disk than the store's they outlive it. "
        "Empty: there are none."},
};

}  // namespace

std::string Key::full_name() const { return std::string(table).append(".").append(name); }

std::span<const Table> tables() { return table_rows; }
std::span<const Key> keys() { return key_rows; }

const Key* find_key(std::string_view table, std::string_view name) {
  const auto* found = std::find_if(key_rows.begin(), key_rows.end(), [&](const Key& key) {
    return key.table == table && key.name == name;
  });
  return found == key_rows.end() ? nullptr : found;
}

std::string wanted(const Key& key) {
  if (const auto* text = std::get_if<Text>(&key.type)) return text->wanted();
  if (std::holds_alternative<Flag>(key.type)) return "true or false";
  const auto& bounds = std::get<Integer>(key.type);
  return "an integer from " + std::to_string(bounds.min) + " to " + std::to_string(bounds.max);
}

Value read(const Key& key, const Settings& settings) {
  if (const auto* text = std::get_if<Text>(&key.type)) return text->get(settings);
  if (const auto* flag = std::get_if<Flag>(&key.type)) return flag->get(settings);
  return std::get<Integer>(key.type).get(settings);
}

std::optional<std::string> write(const Key& key, const Value& value, Settings& settings) {
  bool taken = false;
  // A value is taken only if its type is that of the key: no type is converted to another.
  if (const auto* bounds = std::get_if<Integer>(&key.type)) {
    const auto* number = std::get_if<std::int64_t>(&value);
    taken = number != nullptr && *number >= bounds->min && *number <= bounds->max;
    if (taken) bounds->set(settings, *number);
  } else if (const auto* text = std::get_if<Text>(&key.type)) {
    const auto* string = std::get_if<std::string>(&value);
    taken = string != nullptr && text->set(settings, *string);
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    taken = true;
    std::get<Flag>(key.type).set(settings, *flag);
  }
  if (taken) return std::nullopt;
  return wanted(key);
}

std::string to_toml(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  return quote(std::get<std::string>(value));
}

}  // namespace sg::config
