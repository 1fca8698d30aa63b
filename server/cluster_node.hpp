// What scalegraphd needs beside the tree of a single ledger to be a node of a cluster. A program
// that was built without replication has it too, and refuses to be one (no_cluster_node.cpp).
#pragma once

#include <caf/actor_system_config.hpp>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "actors/runtime.hpp"
#include "persistence/member_store.hpp"
#include "supervisor/child_spec.hpp"

namespace sg::server {

// The store of this node, which is made if there is none. A store that stood alone becomes a
// member's, and is not opened without [cluster] again. The error says what is wrong.
tl::expected<std::shared_ptr<persistence::MemberStore>, std::string> open_node(
    const config::Settings& settings, const persistence::StoreOptions& options);

class ClusterNode {
 public:
  // Before the actor system is made.
  static void configure(caf::actor_system_config& config);

  ClusterNode();
  ~ClusterNode();
  // The children that come before those of a single ledger. Needs: runtime->member is open.
  std::vector<supervisor::ChildSpec> children(const actors::RuntimePtr& runtime);
  // Another node could not be listened for at the first start.
  bool cannot_listen() const;
  // If this node leads: hands its office over, and waits until another leads, for at most half a
  // second. From any thread.
  void hand_over();
  // Before the actor system ends, which waits until nobody holds an actor with a thread of its own.
  void forget_actors();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sg::server
