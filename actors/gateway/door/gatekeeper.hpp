// Lets calls in: who sends them, and may they call this method. It remembers whom it has let in, so
// that a token is verified once and not with each call.
//
//   Gatekeeper gatekeeper(settings.auth, calls, streams);
//   gatekeeper.use(authenticator);                         // at the start, and when files changed
//   auto client = gatekeeper.let_in(context, method.permission, method.name);
//   if (!client) refuse(client.error());
//
// With authentication off everybody may do everything, and the client is null. Concurrency: use()
// from any thread, let_in() on the gateway's own. Memory: what it remembers is bounded.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <grpcpp/server_context.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "actors/gateway/door/client.hpp"
#include "ledger/error.hpp"
#include "security/authenticator.hpp"

namespace sg::actors {

class Gatekeeper {
 public:
  // `calls` and `streams` are those of the whole server, and outlive every client.
  Gatekeeper(config::Auth settings, Admissions& calls, Admissions& streams)
      : settings_(std::move(settings)), calls_(calls), streams_(streams) {}

  void use(std::shared_ptr<const security::Authenticator> authenticator);
  // UNAUTHENTICATED, PERMISSION_DENIED or OVERLOADED if the call is not let in.
  // `method`: its name, for the message.
  ledger::Result<ClientPtr> let_in(const grpc::ServerContext& context,
                                   security::Permission permission, std::string_view method);

 private:
  struct Known {
    ClientPtr client;
    std::chrono::system_clock::time_point until;
  };
  ledger::Result<ClientPtr> client_of(const grpc::ServerContext& context);
  ClientPtr client_for(const std::shared_ptr<const security::Caller>& caller);
  // Takes the newest authenticator, and forgets what an older one has said.
  void renew();

  config::Auth settings_;
  Admissions& calls_;
  Admissions& streams_;
  std::shared_ptr<const security::Authenticator> authenticator_;
  std::uint64_t seen_ = 0;                               // the version of authenticator_
  absl::flat_hash_map<std::string, Known> by_token_;     // by the header, as it came
  absl::flat_hash_map<std::string, ClientPtr> clients_;  // by name and role

  std::atomic<std::uint64_t> version_{0};
  std::mutex mutex_;  // guards next_
  std::shared_ptr<const security::Authenticator> next_;
};

}  // namespace sg::actors
