// TLS between nodes. Both sides show a certificate that cluster.ca has signed, for the host that
// cluster.seeds gives that node. So who has the certificate of one node cannot pass for another.

#include <system_error>
#include <utility>

#include "actors/links/links.hpp"
#include "actors/links/node_tls.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

using security::TlsSession;

namespace {

constexpr int kMostBegunInTick = 8;

}  // namespace

std::optional<NodeTls::Times> NodeTls::times() const {
  Times found{};
  std::error_code failed;
  std::size_t i = 0;
  for (const auto* file : {&cluster_.certificate, &cluster_.key, &cluster_.ca}) {
    found[i++] = std::filesystem::last_write_time(*file, failed);
    if (failed) return std::nullopt;
  }
  return found;
}

security::TlsContext NodeTls::context() {
  const auto now = times();
  if (context_ && now == read_at_) return context_;
  auto made = security::make_tls_context(cluster_.certificate, cluster_.key, cluster_.ca);
  if (!made) {
    // Once for each state of the files.
    if (now != read_at_ || !context_) log(Module::links).error("{}", made.error());
    read_at_ = now;
    return context_;
  }
  read_at_ = now;
  context_ = std::move(*made);
  return context_;
}

bool Links::begin_tls(Connection& connection) {
  if (!tls_.is_on()) return true;
  // Each costs a signature on the thread that carries the heartbeats.
  if (!connection.is_dialed && ++begun_in_tick_ > kMostBegunInTick) return false;
  const auto context = tls_.context();
  if (!context) return false;
  connection.tls = std::make_unique<TlsSession>(
      context, connection.is_dialed ? TlsSession::Side::client : TlsSession::Side::server);
  return true;
}

bool Links::decrypt(Handle handle, Connection& connection, std::string_view bytes,
                    std::string& plain) {
  const bool was_ready = connection.tls->is_ready();
  auto read = connection.tls->read(bytes, plain);
  // Nothing that the other side says counts before its certificate is that of the node dialed.
  if (read && !was_ready && connection.tls->is_ready() && connection.is_dialed) {
    if (auto wrong = wrong_certificate(connection, connection.node)) {
      read = tl::unexpected(std::move(*wrong));
    }
  }
  if (!read) {
    if (auto* peer = peer_of(connection.node)) peer->problem = read.error();
    // Once for each reason in a row: the other side tries again every second.
    if (!connection.is_proven && std::exchange(told_of_tls_, read.error()) != read.error()) {
      log(Module::links).warn("a connection is refused: {}", read.error());
    }
    // What TLS has to say of it goes out first, and nothing else.
    connection.is_closing = connection.is_mute = true;
  }
  write(handle, connection);
  return read.has_value() && find(handle) != nullptr && !plain.empty();
}

std::optional<std::string> Links::wrong_certificate(const Connection& connection, NodeId node) {
  const auto* peer = peer_of(node);
  if (!connection.tls || peer == nullptr || connection.tls->peer_is(peer->seed.at.host)) {
    return std::nullopt;
  }
  return "the certificate of node " + std::to_string(node) + " is not for " + peer->seed.at.host +
         ", which cluster.seeds of node " + std::to_string(runtime_->settings.cluster.node_id) +
         " says is its host";
}

bool Links::write_next(Connection& connection, std::vector<char>& buffer) {
  if (!connection.tls) return connection.writer.write_next(buffer);
  const auto before = buffer.size();
  connection.tls->take(buffer);  // of the handshake
  if (buffer.size() > before) return true;
  if (!connection.tls->is_ready() || connection.is_mute) return false;
  std::vector<char> plain;
  if (!connection.writer.write_next(plain)) return false;
  if (!connection.tls->write({plain.data(), plain.size()})) {
    connection.is_closing = connection.is_mute = true;
    return false;
  }
  connection.tls->take(buffer);
  return true;
}

}  // namespace sg::actors
