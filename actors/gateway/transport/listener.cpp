// What happens when descriptors run short. accept() fails with EMFILE, and the connection stays in
// the kernel's queue: its client waits, and poll() reports it again and again. So the listener
// keeps one spare descriptor. It closes the spare, accepts the connection in its place, closes
// that, and opens the spare again. The client learns at once that it is not served.
#include "actors/gateway/transport/listener.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "telemetry/log.hpp"

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

namespace {

// Connections that the kernel queues. It cuts the number to its own limit, net.core.somaxconn.
constexpr int kBacklog = 4'096;
// Connections that are accepted in one go, before the thread checks whether the server stops.
constexpr int kAtOnce = 64;
// Descriptors that connections leave to the store: an eighth of all, within these bounds.
constexpr rlim_t kLeastReserve = 12;
constexpr rlim_t kMostReserve = 512;
constexpr rlim_t kShare = 8;
// How long to wait when not even a spare descriptor is to be had.
constexpr int kRetryMs = 100;

std::string reason(int error) { return std::strerror(error); }

int open_spare() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

rlim_t max_descriptors() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

// The kernel gives the lowest free number, so a number this high means that few are free.
bool is_of_the_reserve(int descriptor) {
  const auto most = max_descriptors();
  const auto reserve = std::clamp(most / kShare, kLeastReserve, kMostReserve);
  return most != RLIM_INFINITY && static_cast<rlim_t>(descriptor) + reserve >= most;
}

// Errors of accept() that tell of the machine and not of one connection.
bool is_shortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

// True if a process listens at the path. A socket file without one was left behind by a crash.
bool is_served(const sockaddr_un& address) {
  // In doubt it is served: a file that is in use must not be removed.
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return true;
  const bool served =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno != ECONNREFUSED;
  ::close(probe);
  return served;
}

void set_option(int socket, int level, int option, int value) {
  (void)::setsockopt(socket, level, option, &value, sizeof value);
}

void set_port(sockaddr* address, int port) {
  const auto bytes = htons(static_cast<std::uint16_t>(port));
  if (address->sa_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(address)->sin6_port = bytes;
  } else {
    reinterpret_cast<sockaddr_in*>(address)->sin_port = bytes;
  }
}

int port_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                             : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

// The two common mistakes in plain words; the system's text for all others.
std::string why_not_bound(const std::string& where, int error) {
  const auto sentence = "cannot listen on " + where + ": ";
  if (error == EADDRINUSE) return sentence + "the port is taken by another program";
  if (error == EADDRNOTAVAIL) return sentence + "the address is not one of this machine";
  return sentence + reason(error);
}

}  // namespace

tl::expected<std::unique_ptr<Listener>, std::string> Listener::open(const config::Endpoint& where,
                                                                    std::size_t most_per_address) {
  std::unique_ptr<Listener> listener(new Listener(most_per_address));
  auto opened = where.path.empty() ? listener->open_tcp(where) : listener->open_unix(where.path);
  if (!opened) return tl::unexpected(opened.error());
  listener->wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (listener->wake_ < 0) {
    return tl::unexpected("cannot listen on " + to_string(where) + ": " + reason(errno));
  }
  listener->spare_ = open_spare();
  return listener;
}

tl::expected<void, std::string> Listener::open_unix(const std::string& path) {
  const auto sentence = "cannot listen on unix:" + path + ": ";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // sun_path is an array of fixed size, and needs room for a final NUL.
  if (path.size() >= sizeof address.sun_path) {
    return tl::unexpected(sentence + "the path may have at most " +
                          std::to_string(sizeof address.sun_path - 1) + " bytes");
  }
  path.copy(address.sun_path, path.size());
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode)) return tl::unexpected(sentence + "a file of that name is there");
    if (is_served(address)) return tl::unexpected(sentence + "another program listens there");
    // Left behind by a process that was killed: bind() would fail on it.
    ::unlink(path.c_str());
  }
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return tl::unexpected(sentence + reason(errno));
  sockets_.push_back(socket);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return tl::unexpected(sentence + reason(errno));
  }
  // Note which file it is, so that stop() does not remove another program's.
  if (::lstat(path.c_str(), &found) == 0) {
    path_ = path;
    device_ = found.st_dev;
    inode_ = found.st_ino;
  }
  // Whoever can connect can move money, so only the owner may, unless the owner changes that.
  if (::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 || ::listen(socket, kBacklog) != 0) {
    return tl::unexpected(sentence + reason(errno));
  }
  return {};
}

tl::expected<void, std::string> Listener::open_tcp(const config::Endpoint& where) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(where.host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    return tl::unexpected("cannot listen on " + to_string(where) + ": the host \"" + where.host +
                          "\" does not resolve: " + ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, ::freeaddrinfo);
  // 0 lets the system choose a port for the first address.
  port_ = where.port;
  int failure = 0;
  for (const auto* at = addresses.get(); at != nullptr; at = at->ai_next) {
    const int socket = ::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0) {
      failure = errno;
      continue;
    }
    // A restarted server can bind while old connections are in TIME_WAIT.
    set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
    // Connections inherit this option.
    set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);  // connections inherit it
    // Let a socket for "::" take IPv4 clients as well.
    if (at->ai_family == AF_INET6) set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    set_port(at->ai_addr, port_);
    if (::bind(socket, at->ai_addr, at->ai_addrlen) != 0 || ::listen(socket, kBacklog) != 0) {
      failure = errno;
      ::close(socket);
      // A port in use is an error even if another address of the name could be bound.
      if (failure == EADDRINUSE) return tl::unexpected(why_not_bound(to_string(where), failure));
      continue;
    }
    sockets_.push_back(socket);
    // All addresses of a name get the port that the system chose for the first one.
    if (port_ == 0) port_ = port_of(socket);
  }
  // A name may also stand for an address that this machine does not have. One that it has suffices.
  if (sockets_.empty()) return tl::unexpected(why_not_bound(to_string(where), failure));
  return {};
}

void Listener::serve(std::function<void(int)> take) {
  take_ = std::move(take);
  thread_ = std::thread([this] { run(); });
}

void Listener::stop() {
  stopping_ = true;
  if (wake_ >= 0) (void)::eventfd_write(wake_, 1);
  if (thread_.joinable()) thread_.join();
  for (const int socket : sockets_) ::close(socket);
  sockets_.clear();
  remove_socket();
  for (int* one : {&wake_, &spare_}) {
    if (*one >= 0) ::close(*one);
    *one = -1;
  }
}

// Another program may have put its own socket there in the meantime.
void Listener::remove_socket() {
  struct stat found {};
  const bool is_ours = !path_.empty() && ::lstat(path_.c_str(), &found) == 0 &&
                       found.st_dev == device_ && found.st_ino == inode_;
  if (is_ours) ::unlink(path_.c_str());
  path_.clear();
}

void Listener::run() {
  std::vector<pollfd> polled{{wake_, POLLIN, 0}};
  for (const int socket : sockets_) polled.push_back({socket, POLLIN, 0});
  while (!stopping_) {
    // It may have been lost when no descriptor was free; by now there may be one.
    if (spare_ < 0) spare_ = open_spare();
    // Without a spare descriptor, a connection could be neither served nor refused. So do not poll
    // the sockets, and try again later.
    const bool can_take = spare_ >= 0;
    if (::poll(polled.data(), can_take ? polled.size() : 1, can_take ? -1 : kRetryMs) < 0) continue;
    if (!can_take) continue;
    for (const auto& at : polled) {
      if (at.fd != wake_ && at.revents != 0) accept_some(at.fd);
    }
  }
}

void Listener::accept_some(int socket) {
  for (int i = 0; i < kAtOnce && !stopping_; ++i) {
    const int connection = ::accept4(socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    // It was accepted, but it took one of the descriptors that belong to the store.
    if (connection >= 0 && is_of_the_reserve(connection)) {
      ::close(connection);
      note_refusal(EMFILE);
    } else if (connection >= 0 && !connections_.take(connection)) {
      // Not logged: a client could fill the log.
      ::close(connection);
    } else if (connection >= 0) {
      note_taken();
      take_(connection);
    } else if (is_shortage(errno)) {
      return refuse_one(socket, errno);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    }
    // Any other error is that of one connection, which is gone.
  }
}

// Closing the connection tells its client at once.
void Listener::refuse_one(int socket, int why) {
  note_refusal(why);
  ::close(spare_);
  const int connection = ::accept4(socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (connection >= 0) ::close(connection);
  spare_ = open_spare();
}

// One line when it begins and one when it ends, however many connections come in between.
void Listener::note_refusal(int why) {
  if (refused_++ > 0) return;
  log(Module::gateway)
      .error(
          "cannot take connections: {} ({} descriptors are allowed): new ones are closed "
          "until others have gone",
          reason(why), max_descriptors());
}

void Listener::note_taken() {
  if (refused_ == 0) return;
  log(Module::gateway).warn("takes connections again, after {} were closed", refused_);
  refused_ = 0;
}

}  // namespace sg::actors
