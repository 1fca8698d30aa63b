// Connects to another node: on a thread of its own, since names are looked up and hosts that are
// cut off answer nothing. CAF's own connect blocks the thread that serves all connections.
#pragma once

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/type_id.hpp>
#include <memory>
#include <string>

#include "config/settings.hpp"
#include "replication/raft_types.hpp"

namespace sg::actors {

// A socket that nobody owns yet. Closed with its last owner.
class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int descriptor() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

// Asks for one attempt to connect; Dialed goes to `links`.
struct Dial {
  caf::actor links;
};
struct Dialed {
  replication::NodeId node = 0;
  std::shared_ptr<Socket> socket;  // null: there is no connection
  std::string problem;             // why
};

// Detached. An attempt takes at most a second, beside the lookup of a name.
caf::behavior dialer(caf::event_based_actor* self, config::Seed seed);

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Dial)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Dialed)
