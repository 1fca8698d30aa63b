// TLS between nodes. Both sides show a certificate that cluster.ca has signed, for the host that
// cluster.seeds gives that node. So who has the certificate of one node cannot pass for another.
#include <spdlog/spdlog.h>

#include <system_error>
#include <utility>

#include "actors/links/links.hpp"
#include "actors/links/node_tls.hpp"

namespace sg::actors {

using security::TlsSession;

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
    if (now != read_at_ || !context_) spdlog::error("links: {}", made.error());
    read_at_ = now;
    return context_;
  }
  read_at_ = now;
  context_ = std::move(*made);
  return context_;
}

bool Links::begin_tls(Connection& connection) {
  if (!tls_.is_on()) return true;
  const auto context = tls_.context();
  if (!context) return false;
  connection.tls = std::make_unique<TlsSession>(
      context, connection.is_dialed ? TlsSession::Side::client : TlsSession::Side::server);
  return true;
}

bool Links::decrypt(Handle handle, Connection& connection, std::string_view bytes,
                    std::string& plain) {
  const auto read = connection.tls->read(bytes, plain);
  if (!read) {
    if (auto* peer = peer_of(connection.node)) peer->problem = read.error();
    // Once for each reason in a row: the other side tries again every second.
    if (!connection.is_proven && std::exchange(told_of_tls_, read.error()) != read.error()) {
      spdlog::warn("links: a connection is refused: {}", read.error());
    }
    // What TLS has to say of it goes out first.
    connection.is_closing = true;
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
  if (!connection.tls->is_ready()) return false;
  std::vector<char> plain;
  if (!connection.writer.write_next(plain)) return false;
  // Memory takes it all; a failure shows at the next read.
  (void)connection.tls->write({plain.data(), plain.size()});
  connection.tls->take(buffer);
  return true;
}

}  // namespace sg::actors
