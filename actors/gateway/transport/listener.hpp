// The sockets that clients connect to, and the thread that takes their connections.
//
// gRPC's own listener stops for good when the process has no descriptor left for a connection. This
// one says so in the log, closes the connection that it cannot serve, and goes on. It keeps some
// descriptors free for the store, whose files must not fail to open because of clients.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <tl/expected.hpp>
#include <vector>

#include "config/settings.hpp"

namespace sg::actors {

class Listener {
 public:
  // Binds all addresses that `where` stands for, and listens. The error is a sentence.
  static tl::expected<std::unique_ptr<Listener>, std::string> open(const config::Endpoint& where);
  ~Listener() { stop(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // The one that it got; 0 with a Unix socket.
  int port() const { return port_; }
  // Calls `take` on a thread of its own with each connection, which belongs to it from then on.
  void serve(std::function<void(int)> take);
  // Takes no more connections. Returns when no call of `take` is under way.
  void stop();

 private:
  Listener() = default;
  tl::expected<void, std::string> open_unix(const std::string& path);
  tl::expected<void, std::string> open_tcp(const config::Endpoint& where);
  void remove_socket();
  void run();
  void accept_some(int socket);
  void refuse_one(int socket, int why);
  void note_refusal(int why);
  void note_taken();

  std::vector<int> sockets_;
  std::string path_;  // of the Unix socket
  dev_t device_ = 0;  // of that file
  ino_t inode_ = 0;
  int port_ = 0;
  int wake_ = -1;            // an eventfd
  int spare_ = -1;           // given up to take a connection that is closed at once
  std::size_t refused_ = 0;  // since the last one that was taken
  std::function<void(int)> take_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace sg::actors
