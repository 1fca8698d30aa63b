// The sockets that clients connect to, and the thread that accepts their connections.
//
//   auto listener = Listener::open(endpoint);
//   if (!listener) return fail(listener.error());
//   (*listener)->serve([](int connection) { hand_to_grpc(connection); });
//
// gRPC's own listener stops for good when the process has no file descriptor left for a connection.
// This one logs it, closes the connection that it cannot serve, and goes on. It also keeps some
// descriptors free for the store, whose files must not fail to open because of clients.
//
// Concurrency: open(), serve() and stop() belong to one thread; connections are accepted on
// another.
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

#include "actors/gateway/door/connections.hpp"
#include "config/settings.hpp"

namespace sg::actors {

class Listener {
 public:
  // Binds every address that `where` stands for, and listens. The error is a sentence for the log.
  // Closes each connection with which a client's address would have more than `most_per_address`; 0
  // is no limit.
  static tl::expected<std::unique_ptr<Listener>, std::string> open(
      const config::Endpoint& where, std::size_t most_per_address = 0);
  ~Listener() { stop(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // The TCP port that it got; 0 for a Unix socket.
  int port() const { return port_; }
  // Starts the thread, which calls `take` with each connection. `take` owns the descriptor from
  // then on.
  void serve(std::function<void(int)> take);
  // Closes the sockets and ends the thread. No call of `take` is under way afterwards.
  void stop();

 private:
  explicit Listener(std::size_t most_per_address) : connections_(most_per_address) {}
  // Bind and listen, and add to sockets_. The error is a sentence.
  tl::expected<void, std::string> open_unix(const std::string& path);
  tl::expected<void, std::string> open_tcp(const config::Endpoint& where);
  // Removes the file of the Unix socket, if it is still ours.
  void remove_socket();
  // The thread: waits for connections until stop().
  void run();
  // Accepts the connections that wait at one socket, up to a limit.
  void accept_some(int socket);
  // Accepts one connection with the spare descriptor and closes it.
  void refuse_one(int socket, int why);
  // Log that connections are refused, and that they are accepted again.
  void note_refusal(int why);
  void note_taken();

  std::vector<int> sockets_;
  std::string path_;  // of the Unix socket
  dev_t device_ = 0;  // device and inode of that file, to recognise it later
  ino_t inode_ = 0;
  int port_ = 0;
  int wake_ = -1;            // an eventfd that ends poll()
  int spare_ = -1;           // a descriptor to give up when there is no other, see refuse_one()
  std::size_t refused_ = 0;  // connections refused since the last accepted one
  ConnectionsByAddress connections_;
  std::function<void(int)> take_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace sg::actors
