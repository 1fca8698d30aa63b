// What the forwarder is asked and what it tells, beside Submit and Cancel, which it takes like a
// coordinator.
#pragma once

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ledger/submission.hpp"

namespace sg::actors {

// The gateway wants to know whom to hand its writes to, from here on.
struct FollowRoute {
  caf::actor follower;
};
// `writes`: the coordinator while this node leads, or the forwarder. `has_leader`: a leader is
// known and can be reached.
struct RouteChanged {
  caf::actor writes;
  bool has_leader = false;
};

// --- of operators ---

// Founds the cluster: its members are the nodes of cluster.seeds.
struct InitCluster {};
struct ClusterInitialised {
  bool existed = false;
  std::string problem;  // why it was not founded, and what would be right; empty: it is there
};

struct DescribeCluster {};
struct NodeState {
  std::uint64_t id = 0;
  std::string address;
  std::string role;
  std::optional<std::uint64_t> log_index;
  std::optional<ledger::Sequence> sequence;
  std::optional<std::uint64_t> free_bytes;
  bool is_connected = false;
  std::chrono::microseconds round_trip{0};
  std::string problem;
};
struct ClusterState {
  std::string name;
  std::string id;          // empty: it is not founded
  std::uint64_t node = 0;  // that was asked
  std::uint64_t leader = 0;
  std::uint64_t term = 0;
  std::uint32_t level = 0;
  std::vector<NodeState> nodes;
};

// To that node, or with 0 to the one that has the most of the log.
struct MoveLeadership {
  std::uint64_t to = 0;
};
struct LeadershipMoved {
  std::string problem;  // why it was not; empty: another node leads
};

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::FollowRoute)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::RouteChanged)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::InitCluster)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::ClusterInitialised)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::DescribeCluster)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::ClusterState)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::MoveLeadership)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::LeadershipMoved)
