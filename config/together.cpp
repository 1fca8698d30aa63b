#include "config/together.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <filesystem>

namespace sg::config {
namespace {

std::optional<std::string> wrong_tls(const Tls& tls) {
  if (tls.certificate.empty() != tls.key.empty()) {
    return "tls.certificate and tls.key belong together: set both, or neither";
  }
  if (!tls.is_on() &&
      (!tls.client_ca.empty() || tls.client_certificates != ClientCertificates::none)) {
    return "tls.client_ca and tls.client_certificates need TLS: set tls.certificate and tls.key";
  }
  if (tls.client_certificates != ClientCertificates::none && tls.client_ca.empty()) {
    return "tls.client_certificates is " + std::string(to_string(tls.client_certificates)) +
           ", and nothing says who signs them: set tls.client_ca";
  }
  return std::nullopt;
}

std::optional<std::string> wrong_auth(const Auth& auth, const Tls& tls) {
  if (auth.certificates && tls.client_certificates == ClientCertificates::none) {
    return "auth.certificates is true, and clients show none: set tls.client_certificates to "
           "optional or required";
  }
  if (!auth.jwt_keys.empty() && (auth.jwt_issuer.empty() || auth.jwt_audience.empty())) {
    return "auth.jwt_keys needs auth.jwt_issuer and auth.jwt_audience: without them a token that "
           "was made for another service would be taken";
  }
  const bool names_callers = auth.certificates || !auth.jwt_keys.empty();
  if (names_callers && auth.roles.empty()) {
    return "auth.roles is empty, so nobody whom a certificate or a JSON Web Token names may do "
           "anything: set it, such as \"ops=operator, *=participant\"";
  }
  return std::nullopt;
}

// `table`: whose `listen` and `insecure` they are.
std::optional<std::string> wrong_exposure(const std::string& table, const Endpoint& listen,
                                          bool insecure, const Settings& settings) {
  const bool is_reached = listen.path.empty() && !is_loopback(listen.host);
  if (!is_reached || insecure) return std::nullopt;
  if (settings.tls.is_on() && settings.auth.is_on()) return std::nullopt;
  const std::string lacks = !settings.tls.is_on() && !settings.auth.is_on()
                                ? "neither [tls] nor [auth] is set"
                            : settings.tls.is_on() ? "[auth] is not set"
                                                   : "[tls] is not set";
  return table + ".listen is " + to_string(listen) + ", which other machines may reach, and " +
         lacks +
         ": set tls.certificate, tls.key and auth.tokens, take an address of loopback, or set " +
         table + ".insecure = true if the network is closed";
}

std::optional<std::string> wrong_cluster(const Cluster& cluster) {
  if (!cluster.is_on()) return std::nullopt;
  const auto self = std::find_if(cluster.seeds.begin(), cluster.seeds.end(),
                                 [&](const Seed& seed) { return seed.id == cluster.node_id; });
  if (self == cluster.seeds.end()) {
    return "cluster.seeds has no node " + std::to_string(cluster.node_id) +
           ", which cluster.node_id says this daemon is: add " + std::to_string(cluster.node_id) +
           "@HOST:PORT with the address at which the other nodes reach it";
  }
  const bool has_all = !cluster.key.empty() && !cluster.ca.empty();
  const bool has_one = cluster.uses_tls() || !cluster.key.empty() || !cluster.ca.empty();
  if (has_one && !(cluster.uses_tls() && has_all)) {
    return "cluster.certificate, cluster.key and cluster.ca belong together: set all three, or "
           "none";
  }
  if (!cluster.insecure && !cluster.uses_tls() && !is_loopback(cluster.listen.host)) {
    return "cluster.listen is " + to_string(cluster.listen) +
           ", which other machines may reach, and nothing checks who connects there: set "
           "cluster.certificate, cluster.key and cluster.ca, take an address of loopback, or set "
           "cluster.insecure = true if the network is closed";
  }
  return std::nullopt;
}

// The daemon and its restores remove what they know in the folder of the store.
std::optional<std::string> wrong_backup(const Backup& backup, const Storage& storage) {
  if (!backup.is_on()) return std::nullopt;
  std::error_code error;
  const auto folder = std::filesystem::weakly_canonical(backup.folder, error);
  const auto store = std::filesystem::weakly_canonical(storage.path, error);
  if (error) return std::nullopt;
  const auto from_store = folder.lexically_relative(store);
  if (from_store.empty() || *from_store.begin() == "..") return std::nullopt;
  return "backup.folder is " + backup.folder.string() + ", which is in storage.path (" +
         storage.path.string() + "): take a folder outside of it, on another disk if there is one";
}

}  // namespace

bool is_loopback(const std::string& host) {
  if (host == "localhost" || host == "::1") return true;
  in_addr address{};
  constexpr std::uint32_t kLoopbackNet = 127;
  return inet_pton(AF_INET, host.c_str(), &address) == 1 &&
         ntohl(address.s_addr) >> 24 == kLoopbackNet;
}

std::optional<std::string> wrong_together(const Settings& settings) {
  if (auto wrong = wrong_tls(settings.tls)) return wrong;
  if (auto wrong = wrong_auth(settings.auth, settings.tls)) return wrong;
  const auto& server = settings.server;
  if (auto wrong = wrong_exposure("server", server.listen, server.insecure, settings)) return wrong;
  const auto& metrics = settings.metrics;
  if (metrics.is_on()) {
    if (auto wrong = wrong_exposure("metrics", *metrics.listen, metrics.insecure, settings)) {
      return wrong;
    }
  }
  if (auto wrong = wrong_backup(settings.backup, settings.storage)) return wrong;
  return wrong_cluster(settings.cluster);
}

}  // namespace sg::config
