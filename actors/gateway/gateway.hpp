// The gateway: an actor that owns the asynchronous gRPC server. The server ends with its actor. The
// gateway that follows binds the same port again.
//
// Operation: it starts to listen once it knows the coordinator, the queries actor and the journal.
// It keeps the server's handles of them up to date, and the serving status of each shard. If one of
// them hangs, it makes the server answer all calls that wait for that actor.
//
// Concurrency: detached, since binding and draining block. Requests do not pass through its
// mailbox: the server's thread sends them to the coordinator and the queries actor itself.
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
#include "actors/gateway/door/credential_watch.hpp"
#include "actors/gateway/transport/rpc_server.hpp"
#include "actors/journal/messages.hpp"
#include "actors/runtime.hpp"

namespace sg::actors {

// What outlives one gateway: its successor and the process read it.
struct GatewaySeat {
  // The port that the first gateway got; 0 until then. Its successors bind this one.
  std::atomic<int> port{0};
  // The first gateway could not listen. The reason is in the log.
  std::atomic<bool> cannot_listen{false};
  // A gateway serves, or has served.
  std::atomic<bool> has_listened{false};
  // Makes stop() of the server wait for nothing, now or later. From any thread.
  void hurry();
  // Who calls and what they may do is decided by these from now on. From any thread.
  void set_auth(config::Auth auth);
  // Who says who calls; null before that is known. From any thread.
  std::shared_ptr<const security::Authenticator> authenticator() const;
  // Of the gateways in turn: one that is restarted shows what the one before did.
  std::shared_ptr<TlsMaterial> tls_material = std::make_shared<TlsMaterial>();
  // Called once, when the first gateway listens, with its endpoint: "HOST:PORT" or "unix:PATH".
  std::function<void(const std::string&)> on_listening;

 private:
  friend class Gateway;
  mutable std::mutex mutex_;  // guards what is below
  std::shared_ptr<const security::Authenticator> authenticator_;
  RpcServer* server_ = nullptr;  // of the gateway that serves; null: none does
  bool hurried_ = false;         // hurry() was called
  std::uint64_t auth_changes_ = 0;
  config::Auth auth_;  // as set_auth() was told; with auth_changes_ > 0
};

// The actor's state. Needs: `root` is the root supervisor, which tells what is up.
class Gateway {
 public:
  Gateway(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
          std::shared_ptr<GatewaySeat> seat);
  ~Gateway();
  // What the actor handles. Called once, by gateway().
  caf::behavior make_behavior();

 private:
  // Starts the server, or says why it cannot.
  caf::error open();
  // Looks at the files of [tls] and [auth], and comes back to it.
  void watch_credentials();
  // Take note of a child of the root that came up, or went down.
  void child_up(const supervisor::ChildUp& up);
  void child_down(const supervisor::ChildDown& down);

  caf::event_based_actor* self_;
  RuntimePtr runtime_;
  caf::actor root_;
  std::shared_ptr<GatewaySeat> seat_;
  Followed coordinator_{self_, kCoordinatorId};
  Followed queries_{self_, kQueriesId};
  Followed journal_{self_, kJournalId};
  Followed forwarder_{self_, kForwarderId};  // in a cluster
  caf::response_promise ready_;              // the answer to Init, given when the server listens
  RpcServer server_;
  CredentialWatch watch_;
  std::uint64_t auth_changes_ = 0;  // of the seat, that watch_ knows
};

// The actor's function. It answers Init once the server listens, or with the error that prevents
// it.
caf::behavior gateway(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
                      std::shared_ptr<GatewaySeat> seat);

}  // namespace sg::actors
