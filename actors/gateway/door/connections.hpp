// How many connections each address of a client has open.
//
//   ConnectionsByAddress connections(100);
//   if (!connections.take(descriptor)) close(descriptor);
//
// gRPC owns a connection once it was handed over, and does not say when it ends. So the descriptors
// are remembered, with the address and port at the other end: one that has another other end by
// now, or none, belongs to a connection that has ended.
//
// Concurrency: not thread-safe; the listener's thread owns it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sg::actors {

class ConnectionsByAddress {
 public:
  // At most so many for each address; 0: no limit.
  explicit ConnectionsByAddress(std::size_t most) : most_(most) {}

  // Counts the connection, or returns false if its address has as many as it may. A Unix socket has
  // no address and no limit.
  bool take(int descriptor);

 private:
  struct Open {
    int descriptor = -1;
    std::uint16_t port = 0;  // at the other end
  };
  // Forgets those that have ended.
  static void drop_ended(const std::string& address, std::vector<Open>& open);
  void drop_all_ended();

  std::size_t most_;
  std::map<std::string, std::vector<Open>> open_;  // by address
  std::size_t taken_ = 0;                          // since drop_all_ended()
};

}  // namespace sg::actors
