// A program that was built with -DSCALEGRAPH_REPLICATION=OFF.
#include "server/cluster_node.hpp"

namespace sg::server {

struct ClusterNode::State {};

tl::expected<std::shared_ptr<persistence::MemberStore>, std::string> open_node(
    const config::Settings&, const persistence::StoreOptions&) {
  return tl::unexpected(
      std::string("this scalegraphd was built without replication: set cluster.node_id = 0, or "
                  "build it with -DSCALEGRAPH_REPLICATION=ON"));
}

void ClusterNode::configure(caf::actor_system_config&) {}
ClusterNode::ClusterNode() = default;
ClusterNode::~ClusterNode() = default;
bool ClusterNode::cannot_listen() const { return false; }
std::vector<supervisor::ChildSpec> ClusterNode::children(const actors::RuntimePtr&) { return {}; }
void ClusterNode::hand_over() {}
void ClusterNode::forget_actors() {}

}  // namespace sg::server
