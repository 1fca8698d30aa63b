// What operators ask of a node of a cluster. The replica and the links know the answers.
#include <algorithm>

#include "actors/forwarding/forwarder.hpp"

namespace sg::actors {
namespace {

using replication::NodeId;

constexpr std::chrono::seconds kMoveWithin{2};

bool contains(const std::vector<NodeId>& ids, NodeId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::string hex(const persistence::ClusterId& id) {
  if (id == persistence::ClusterId{}) return {};
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const auto byte : id) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

std::string role_of(NodeId node, const MemberState& member) {
  if (node == member.status.leader) return "leader";
  if (contains(member.membership.voters, node)) return "follower";
  if (contains(member.membership.learners, node)) return "learner";
  return "not a member";
}

ClusterState compose(const config::Cluster& settings, const MemberState& member,
                     const LinkStates& links) {
  ClusterState state;
  state.name = settings.name;
  state.node = settings.node_id;
  state.id = hex(member.identity.cluster);
  state.leader = member.status.leader;
  state.term = member.status.term;
  state.level = member.level;
  for (const auto& seed : settings.seeds) {
    NodeState node;
    node.id = seed.id;
    node.address = to_string(seed.at);
    node.role = role_of(seed.id, member);
    if (seed.id == settings.node_id) {
      node.log_index = member.applied;
      node.sequence = member.durable;
      node.free_bytes = member.free_bytes;
      node.is_connected = true;
    }
    for (const auto& progress : member.progress) {
      if (progress.node == seed.id && seed.id != settings.node_id)
        node.log_index = progress.matched;
    }
    for (const auto& link : links.links) {
      if (link.node != seed.id) continue;
      node.is_connected = link.is_up;
      node.round_trip = link.round_trip;
      node.sequence = link.sequence;
      node.free_bytes = link.free_bytes;
      node.problem = link.problem;
    }
    state.nodes.push_back(std::move(node));
  }
  return state;
}

}  // namespace

caf::result<ClusterInitialised> Forwarder::init() {
  auto promise = self_->make_response_promise<ClusterInitialised>();
  std::vector<NodeId> founders;
  for (const auto& seed : runtime_->settings.cluster.seeds) founders.push_back(seed.id);
  self_->request(replica_.handle(), caf::infinite, FoundCluster{std::move(founders)})
      .then(
          [promise](const ClusterFounded& done) mutable {
            promise.deliver(ClusterInitialised{done.existed, done.problem});
          },
          [promise](const caf::error&) mutable {
            promise.deliver(ClusterInitialised{
                false, "the replica restarted meanwhile: ask for the cluster's status"});
          });
  return promise;
}

caf::result<ClusterState> Forwarder::describe() {
  auto promise = self_->make_response_promise<ClusterState>();
  const auto fail = [promise](const caf::error& error) mutable { promise.deliver(error); };
  self_->request(replica_.handle(), caf::infinite, DescribeMember{})
      .then(
          [this, promise, fail](const MemberState& member) {
            self_->request(links_.handle(), caf::infinite, DescribeLinks{})
                .then(
                    [this, promise, member](const LinkStates& links) mutable {
                      promise.deliver(compose(runtime_->settings.cluster, member, links));
                    },
                    fail);
          },
          fail);
  return promise;
}

caf::result<LeadershipMoved> Forwarder::move_leadership(NodeId to) {
  const auto& cluster = runtime_->settings.cluster;
  if (leader_ != cluster.node_id) {
    return LeadershipMoved{leader_ == 0 ? "no node leads"
                                        : "node " + std::to_string(leader_) + " leads: ask it"};
  }
  const bool is_known = to == 0 || std::any_of(cluster.seeds.begin(), cluster.seeds.end(),
                                               [to](const auto& seed) { return seed.id == to; });
  if (!is_known || to == cluster.node_id) {
    return LeadershipMoved{"node " + std::to_string(to) +
                           (is_known ? " leads already" : " is not a node of this cluster")};
  }
  replica_.send(HandOver{to});
  auto promise = self_->make_response_promise();
  moves_.emplace_back(promise, runtime_->steady_clock() + kMoveWithin);
  return promise;
}

void Forwarder::look_at_moves() {
  const bool has_moved = leader_ != 0 && leader_ != runtime_->settings.cluster.node_id;
  const auto now = runtime_->steady_clock();
  std::erase_if(moves_, [&](auto& move) {
    if (!has_moved && now < move.second) return false;
    move.first.deliver(
        LeadershipMoved{has_moved ? "" : "no other node has taken the leadership in time"});
    return true;
  });
}

}  // namespace sg::actors
