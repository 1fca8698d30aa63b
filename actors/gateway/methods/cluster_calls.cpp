#include "actors/gateway/methods/cluster_calls.hpp"

#include <caf/event_based_actor.hpp>
#include <utility>

#include "actors/forwarding/messages.hpp"
#include "actors/gateway/methods/rpc_submission.hpp"

namespace sg::actors {
namespace {

// Carries what an actor has answered to the gateway's thread.
template <class Answer>
class ClusterCompletion final : public UnaryCompletion {
 public:
  using Respond = void (*)(UnaryCall& call, const Answer& answer);
  ClusterCompletion(Answer answer, Respond responder)
      : answer_(std::move(answer)), respond_(responder) {}
  void respond(UnaryCall& call) override { respond_(call, answer_); }

 private:
  Answer answer_;
  Respond respond_;
};

void refuse(UnaryCall& call, const std::string& problem) {
  call.fail({ledger::Reason::cluster_refused, problem, {}, ledger::Outcome::none});
}

// Asks the node's part of the cluster. The server's thread is no actor, so an actor for this one
// question receives the answer.
template <class Answer, class Ask>
void ask_cluster(UnaryCall& call, Ask ask, typename ClusterCompletion<Answer>::Respond respond) {
  const auto desk = call.server().cluster();
  if (!desk) {
    return call.fail({ledger::Reason::no_cluster,
                      "this ledger stands alone: a node of a cluster has [cluster] in its settings",
                      {},
                      ledger::Outcome::none});
  }
  auto asker = [inbox = call.server().inbox(), id = call.id(), desk, ask = std::move(ask),
                respond](caf::event_based_actor* self) {
    self->request(desk, caf::infinite, ask)
        .then(
            [inbox, id, respond](const Answer& answer) {
              inbox->post({id, 0, std::make_shared<ClusterCompletion<Answer>>(answer, respond)});
            },
            [inbox, id](const caf::error&) {
              // Null: the call answers that the request was lost.
              inbox->post({id, 0, nullptr});
            });
  };
  desk.home_system().spawn(asker);
}

void respond_init(UnaryCall& call, const ClusterInitialised& done) {
  if (!done.problem.empty()) return refuse(call, done.problem);
  wire::InitClusterResponse response;
  response.set_existed(done.existed);
  call.reply(response);
}

void respond_state(UnaryCall& call, const ClusterState& state) {
  wire::GetClusterResponse response;
  response.set_id(state.id);
  response.set_leader(state.leader);
  response.set_term(state.term);
  response.set_level(state.level);
  response.set_name(state.name);
  response.set_node(state.node);
  for (const auto& from : state.nodes) {
    auto& to = *response.add_nodes();
    to.set_id(from.id);
    to.set_address(from.address);
    to.set_role(from.role);
    if (from.log_index) to.set_log_index(*from.log_index);
    if (from.sequence) to.set_sequence(static_cast<std::int64_t>(*from.sequence));
    if (from.free_bytes) to.set_free_bytes(*from.free_bytes);
    to.set_connected(from.is_connected);
    to.set_round_trip_us(from.round_trip.count());
    to.set_problem(from.problem);
  }
  call.reply(response);
}

void respond_moved(UnaryCall& call, const LeadershipMoved& moved) {
  if (!moved.problem.empty()) return refuse(call, moved.problem);
  call.reply(wire::TransferLeadershipResponse());
}

}  // namespace

void init_cluster(UnaryCall& call) {
  wire::InitClusterRequest request;
  if (!call.parse_request(request)) return;
  ask_cluster<ClusterInitialised>(call, InitCluster{}, respond_init);
}

void get_cluster(UnaryCall& call) {
  wire::GetClusterRequest request;
  if (!call.parse_request(request)) return;
  ask_cluster<ClusterState>(call, DescribeCluster{}, respond_state);
}

void transfer_leadership(UnaryCall& call) {
  wire::TransferLeadershipRequest request;
  if (!call.parse_request(request)) return;
  ask_cluster<LeadershipMoved>(call, MoveLeadership{request.to()}, respond_moved);
}

}  // namespace sg::actors
