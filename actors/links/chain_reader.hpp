// Reads the chain that this node's log begins on, for nodes that have less of it: on a thread of
// its own, since the thread that serves all connections never waits for the disk.
#pragma once

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/io/connection_handle.hpp>
#include <caf/type_id.hpp>
#include <optional>

#include "actors/runtime.hpp"
#include "persistence/member_store.hpp"

namespace sg::actors {

// Asks for what follows `after`; ChainRead goes to `links`.
struct ReadChain {
  caf::actor links;
  caf::io::connection_handle connection;
  std::uint64_t number = 0;  // of the connection
  persistence::ChainEnd after;
};
struct ChainRead {
  caf::io::connection_handle connection;
  std::uint64_t number = 0;
  bool is_unreadable = false;
  std::optional<persistence::ChainCopy> chain;  // nullopt: no block here ends so
};

// Detached.
caf::behavior chain_reader(caf::event_based_actor* self, RuntimePtr runtime);

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::ReadChain)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::ChainRead)
