// The gateway: an actor that owns the asynchronous gRPC server. The server dies with it, and its
// successor binds the resolved port again.
//
// Concurrency: detached, since binding and draining block. Requests do not pass through its
// mailbox: the server's thread sends them to the coordinator and the queries actor, whose handles
// the gateway keeps up to date.
#pragma once

#include <atomic>
#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "actors/followed.hpp"
#include "actors/gateway/transport/rpc_server.hpp"
#include "actors/messages.hpp"
#include "actors/runtime.hpp"

namespace sg::actors {

// What outlives one gateway.
struct GatewaySeat {
  // The resolved port; 0 until the first gateway is bound.
  std::atomic<int> port{0};
  // Why the first one cannot listen.
  std::atomic<bool> cannot_listen{false};
  // A gateway serves, or has served.
  std::atomic<bool> has_listened{false};
  // Makes the gateway that stops, or stops later, wait for nothing. From any thread.
  void hurry();
  // Told once, when the first gateway serves: "HOST:PORT".
  std::function<void(const std::string&)> on_listening;

 private:
  friend class Gateway;
  std::mutex mutex_;  // guards what follows
  RpcServer* server_ = nullptr;
  bool hurried_ = false;
};

class Gateway {
 public:
  Gateway(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
          std::shared_ptr<GatewaySeat> seat);
  ~Gateway();
  caf::behavior make_behavior();

 private:
  caf::error open();
  void child_up(const supervisor::ChildUp& up);
  void child_down(const supervisor::ChildDown& down);

  caf::event_based_actor* self_;
  RuntimePtr runtime_;
  caf::actor root_;
  std::shared_ptr<GatewaySeat> seat_;
  Followed coordinator_{self_, kCoordinatorId};
  Followed queries_{self_, kQueriesId};
  Followed journal_{self_, kJournalId};
  caf::response_promise ready_;
  RpcServer server_;
};

caf::behavior gateway(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
                      std::shared_ptr<GatewaySeat> seat);

}  // namespace sg::actors
