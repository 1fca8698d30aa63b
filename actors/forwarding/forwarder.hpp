// Hands writes to the leader, whichever node it is, and carries out those that other nodes hand to
// this one while it leads.
//
//   here leads        the gateway hands its writes to the coordinator itself
//   another leads     each write is sent to it, with its term, and waits for the answer
//   nobody leads      writes wait: until their deadline, or for ledger.lock_timeout
//
// What is sent again. A write of which every item has a key may be sent again whenever its answer
// may be lost: to the next leader, or over a new link. Any other write is sent again only if the
// leader said that nothing of it was carried out. If its answer may be lost, its caller is told
// that the outcome is unknown.
//
// An old copy can never run later: a call names the term of the leader that it means, and a new
// link is used only once the old one has ended on the other side (actors/links/links.hpp).
//
// Concurrency: one actor. Memory: the gateway bounds the writes that came in here; those of other
// nodes are bounded there.
#pragma once

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "actors/coordinator/messages.hpp"
#include "actors/followed.hpp"
#include "actors/forwarding/messages.hpp"
#include "actors/links/messages.hpp"
#include "actors/member/member.hpp"
#include "actors/runtime.hpp"
#include "replication/links/calls.hpp"

namespace sg::actors {

class Forwarder {
 public:
  Forwarder(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root);
  caf::behavior make_behavior();

 private:
  using NodeId = replication::NodeId;

  // A write that came in here.
  struct Waiting {
    ledger::SubmissionPtr submission;
    ledger::SteadyTime until;  // a leader has to be found by then
    bool is_keyed = false;     // every item has a key
    bool may_have_run = false;
    ledger::SteadyTime not_before{};  // it was turned away: not again at once
  };
  struct Sent {
    Waiting call;
    NodeId to = 0;
    replication::Term term = 0;
  };

  // What the caller of one that was not sent, or may be lost, is told.
  static ledger::Outcome outcome_of(const Waiting& call);
  bool leads_here() const;
  bool can_send() const;
  void take(const ledger::SubmissionPtr& submission);
  // Sends what waits, if there is somebody to send it to, and says so to the gateway.
  void route();
  void send(std::vector<Waiting> calls);
  void cancel(const ledger::SubmissionPtr& submission);
  // The answers of these calls may be lost.
  template <class Lost>
  void lose(Lost is_lost);
  void expire();
  void answered(replication::CallAnswer answer);
  void rejected(std::uint64_t id);
  // --- of other nodes ---
  void arrived(const CallsArrived& message);
  void run(NodeId from, std::unique_ptr<replication::ForwardedCall> call,
           std::vector<ledger::SubmissionPtr>& ready);
  void reply(NodeId to, std::string bytes);
  // --- operators.cpp: the questions of operators ---
  caf::result<ClusterInitialised> init();
  caf::result<ClusterState> describe();
  caf::result<LeadershipMoved> move_leadership(NodeId to);
  // Answers those who asked to move the leadership, if it has moved or takes too long.
  void look_at_moves();

  caf::event_based_actor* self_;
  RuntimePtr runtime_;
  caf::actor root_;
  Followed coordinator_;
  Followed links_;
  Followed replica_;
  caf::actor gateway_;
  RouteChanged told_;
  replication::Term term_ = 0;
  NodeId leader_ = 0;
  replication::Term serves_term_ = 0;  // in which the coordinator here takes writes; 0: it does not
  std::set<NodeId> up_;
  std::vector<std::pair<caf::response_promise, ledger::SteadyTime>> moves_;
  // Begins anywhere, so that no answer to a predecessor's call is taken for one of this
  // forwarder's.
  std::uint64_t calls_;
  std::deque<Waiting> waiting_;
  std::map<std::uint64_t, Sent> sent_;
  // Of other nodes, while they are carried out here.
  std::map<std::pair<NodeId, std::uint64_t>, std::weak_ptr<ledger::Submission>> running_;
};

caf::behavior forwarder(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root);

}  // namespace sg::actors
