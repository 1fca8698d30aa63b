#include "actors/links/dialer.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>

#include "actors/unhandled.hpp"

namespace sg::actors {
namespace {

constexpr int kPatienceMs = 1'000;

std::string text_of(int error) { return std::generic_category().message(error); }

// Empty: it is connected.
std::string connect_within(int descriptor, const sockaddr* address, socklen_t size) {
  if (::connect(descriptor, address, size) == 0) return {};
  if (errno != EINPROGRESS) return text_of(errno);
  pollfd waits{descriptor, POLLOUT, 0};
  if (::poll(&waits, 1, kPatienceMs) <= 0) return "no answer within a second";
  int error = 0;
  socklen_t error_size = sizeof error;
  ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &error_size);
  return error == 0 ? std::string() : text_of(error);
}

Dialed dial(const config::Seed& seed) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const auto port = std::to_string(seed.at.port);
  const int failed = ::getaddrinfo(seed.at.host.c_str(), port.c_str(), &hints, &found);
  if (failed != 0) return {seed.id, nullptr, ::gai_strerror(failed)};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  std::string problem = "the name has no address";
  for (const auto* at = found; at != nullptr; at = at->ai_next) {
    auto socket = std::make_shared<Socket>(
        ::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket->descriptor() < 0) {
      problem = text_of(errno);
      continue;
    }
    problem = connect_within(socket->descriptor(), at->ai_addr, at->ai_addrlen);
    if (!problem.empty()) continue;
    const int on = 1;
    ::setsockopt(socket->descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return {seed.id, std::move(socket), {}};
  }
  return {seed.id, nullptr, problem};
}

}  // namespace

Socket::~Socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

caf::behavior dialer(caf::event_based_actor* self, config::Seed seed) {
  end_with_exceptions(self, "dialer");
  return {[seed = std::move(seed)](const Dial& asked) { caf::anon_send(asked.links, dial(seed)); }};
}

}  // namespace sg::actors
