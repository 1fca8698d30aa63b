#include "config/cluster.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace sg::config {

bool is_loopback(const std::string& host) {
  if (host == "localhost" || host == "::1") return true;
  in_addr address{};
  constexpr std::uint32_t kLoopbackNet = 127;
  return inet_pton(AF_INET, host.c_str(), &address) == 1 &&
         ntohl(address.s_addr) >> 24 == kLoopbackNet;
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
  if (!cluster.insecure && !is_loopback(cluster.listen.host)) {
    return "cluster.listen is " + to_string(cluster.listen) +
           ", which other machines may reach, and nothing checks who connects there: take an "
           "address of loopback, or set cluster.insecure = true if the network is closed";
  }
  return std::nullopt;
}

}  // namespace sg::config
