// Names of the tree's children, and how one follows another through its restarts: it subscribes to
// the supervisor and is told when one serves and when it is gone.
#pragma once

#include <caf/actor.hpp>
#include <caf/scheduled_actor.hpp>
#include <string_view>

#include "supervisor/messages.hpp"

namespace sg::actors {

inline constexpr std::string_view kLogWriterId = "log_writer";
inline constexpr std::string_view kReplicaId = "replica";
inline constexpr std::string_view kLinksId = "links";
inline constexpr std::string_view kForwarderId = "forwarder";
inline constexpr std::string_view kJournalId = "journal";
inline constexpr std::string_view kShardsId = "shards";
inline constexpr std::string_view kCoordinatorId = "coordinator";
inline constexpr std::string_view kQueriesId = "queries";
inline constexpr std::string_view kIndexerId = "indexer";
inline constexpr std::string_view kGatewayId = "gateway";
inline constexpr std::string_view kStatusId = "status";

inline void subscribe(caf::scheduled_actor* self, const caf::actor& supervisor) {
  caf::anon_send(supervisor, supervisor::Subscribe{caf::actor_cast<caf::actor>(self)});
}

// Whether the message at hand was sent by `actor`.
inline bool sent_by(caf::scheduled_actor* self, const caf::actor& actor) {
  return actor && self->current_sender() == actor;
}

// What a child answers to the probe of its supervisor.
inline supervisor::Alive alive(caf::scheduled_actor* self) { return {self->mailbox().size()}; }

inline caf::actor handle_of(caf::scheduled_actor* self) {
  return caf::actor_cast<caf::actor>(self);
}

}  // namespace sg::actors
