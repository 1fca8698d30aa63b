#include "actors/gateway/door/connections.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <optional>

namespace sg::actors {
namespace {

// Addresses whose connections have all ended are forgotten after so many new connections.
constexpr std::size_t kCleanEvery = 1'024;

struct OtherEnd {
  std::string address;
  std::uint16_t port = 0;
};

// Nullopt: the descriptor is no connection over IP.
std::optional<OtherEnd> other_end(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return std::nullopt;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address);
    ::inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
    return OtherEnd{text.data(), ntohs(v4->sin_port)};
  }
  if (address.ss_family != AF_INET6) return std::nullopt;
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address);
  ::inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
  return OtherEnd{text.data(), ntohs(v6->sin6_port)};
}

}  // namespace

bool ConnectionsByAddress::take(int descriptor) {
  if (most_ == 0) return true;
  const auto end = other_end(descriptor);
  if (!end) return true;
  if (++taken_ >= kCleanEvery) drop_all_ended();
  auto& open = open_[end->address];
  if (open.size() >= most_) drop_ended(end->address, open);
  if (open.size() >= most_) return false;
  // A descriptor that is given again belongs to a new connection.
  std::erase_if(open, [&](const Open& one) { return one.descriptor == descriptor; });
  open.push_back({descriptor, end->port});
  return true;
}

void ConnectionsByAddress::drop_ended(const std::string& address, std::vector<Open>& open) {
  std::erase_if(open, [&](const Open& one) {
    const auto end = other_end(one.descriptor);
    return !end || end->address != address || end->port != one.port;
  });
}

void ConnectionsByAddress::drop_all_ended() {
  taken_ = 0;
  for (auto& [address, open] : open_) drop_ended(address, open);
  std::erase_if(open_, [](const auto& entry) { return entry.second.empty(); });
}

}  // namespace sg::actors
