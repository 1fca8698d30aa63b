// The status actor: serves metrics and the status page over HTTP (pages.hpp), if `metrics.listen`
// says where. It serves from the start on, so that an operator sees what the others wait for.
//
// Concurrency: the HTTP server has threads of its own, which ask the other actors themselves.
#pragma once

#include <atomic>
#include <caf/event_based_actor.hpp>
#include <memory>

#include "actors/followed.hpp"
#include "actors/gateway/door/tls_material.hpp"
#include "actors/runtime.hpp"
#include "actors/status/pages.hpp"
#include "supervisor/child_spec.hpp"

namespace sg::actors {

// What outlives one status actor.
struct StatusSeat {
  StatusPages::Authenticators authenticators;
  std::shared_ptr<const TlsMaterial> tls_material;
  std::atomic<int> port{0};  // that the first got; its successors take the same
  std::atomic<bool> cannot_listen{false};
};

// Answers Init once it listens, or with the error that prevents it.
caf::behavior status(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
                     std::shared_ptr<StatusSeat> seat);

supervisor::ChildSpec status_spec(const RuntimePtr& runtime, std::shared_ptr<StatusSeat> seat);

}  // namespace sg::actors
