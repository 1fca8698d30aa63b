// How a cluster begins. The node that is asked becomes the only member of a new group, and elects
// itself. It writes into the log which stores the founders have, and then proposes the others as
// voters, in one joint change: they learn all of it from the log. A leader that dies in between
// finds in its store who is to belong to the group.

#include <algorithm>
#include <random>

#include "actors/member/member.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

using replication::MemberChange;
using replication::Membership;
using replication::NodeId;

namespace {

persistence::ClusterId new_cluster() {
  std::random_device device;
  persistence::ClusterId id{};
  for (auto& byte : id) byte = static_cast<std::uint8_t>(device());
  return id;
}

ClusterFounded refused(std::string why) { return {false, std::move(why)}; }

}  // namespace

caf::result<ClusterFounded> MemberActor::found(const FoundCluster& asked) {
  const auto& store = *runtime_->member;
  if (store.identity().cluster != persistence::ClusterId{}) return ClusterFounded{true, {}};
  if (!replica_ || founding_.pending()) return refused("this node is busy: try again");
  std::string away;
  for (const NodeId node : asked.founders) {
    if (levels_.of(node) != 0) continue;
    away.append(away.empty() ? "" : ", ").append(std::to_string(node));
  }
  if (!away.empty()) {
    return refused("no connection yet to node " + away +
                   " of cluster.seeds: start all nodes first, and look at their logs");
  }
  for (const NodeId node : asked.founders) {
    if (node == options_.node) continue;
    const auto& other = others_[node];
    if (other.cluster != persistence::ClusterId{}) {
      return refused("node " + std::to_string(node) +
                     " belongs to a cluster already: its founding may not be over, or its store is "
                     "another cluster's");
    }
    const auto& base = other.base;
    if (base == persistence::ChainEnd{} || base == store.base()) continue;
    return refused(
        "the store of node " + std::to_string(node) + " has " + std::to_string(base.sequence) +
        " records of its own: found the cluster on that node, or give it an empty store");
  }
  drop();
  log_writer_.request(FoundGroup{new_cluster(), Membership{.voters = asked.founders},
                                 Membership{.voters = {options_.node}}});
  is_founding_ = true;
  founding_ = self_->make_response_promise();
  return founding_;
}

void MemberActor::founded(replication::Replica& replica) {
  if (membership_.voters == std::vector<NodeId>{options_.node}) {
    replica.campaign();
    if (options_.identity_changed) options_.identity_changed();
    return;
  }
  if (!founding_.pending()) return;
  const bool exists = runtime_->member->identity().cluster != persistence::ClusterId{};
  founding_.deliver(exists ? ClusterFounded{true, {}}
                           : refused("the store could not be written: see the log of the node"));
}

bool MemberActor::is_founding_alone() const {
  const auto identity = runtime_->member->identity();
  if (identity.founders.empty()) return false;
  const auto founders = replication::decode_membership(identity.founders);
  if (!founders || founders->voters.size() < 2) return false;
  const auto& before = membership_.is_joint() ? membership_.voters_outgoing : membership_.voters;
  return before == std::vector<NodeId>{options_.node};
}

void MemberActor::settle_members() {
  if (founding_.pending() && membership_.voters.size() > 0 && !membership_.is_joint()) {
    const auto founders = replication::decode_membership(runtime_->member->identity().founders);
    if (founders && founders->voters.size() == membership_.voters.size()) {
      founding_.deliver(ClusterFounded{});
    }
  }
  if (!replica_->status().leads() || !is_settled()) return;
  if (membership_.is_joint()) return propose_change({});
  if (membership_.voters.size() != 1) return;
  const auto founders = replication::decode_membership(runtime_->member->identity().founders);
  if (!founders) return;
  if (!settle_stores(founders->voters)) return;
  std::vector<MemberChange> changes;
  for (const NodeId node : founders->voters) {
    if (node == options_.node) continue;
    changes.push_back({MemberChange::Kind::add_voter, node});
  }
  if (!changes.empty()) propose_change(changes);
}

// Before they are members: whoever counts a node's word knows by then which store it gave it on.
// What is written is not asked for again, so a founder that starts anew ends what it began.
bool MemberActor::settle_stores(const std::vector<NodeId>& founders) {
  const auto& store = *runtime_->member;
  std::vector<persistence::OwnedStore> stores;
  for (const NodeId node : founders) {
    const auto owned = store.store_of(node);
    if (!owned) return false;  // it comes later
    if (*owned) continue;
    const auto& other = others_[node];
    const bool is_self = node == options_.node;
    // It may be copying the chain that the log begins on.
    const bool is_ready =
        is_self || (other.store != persistence::StoreId{} && other.base == store.base() &&
                    levels_.of(node) >= store.level());
    if (!is_ready) return await_founder(node);
    stores.push_back({node, is_self ? store.identity().store : other.store});
  }
  if (stores.empty()) return true;
  (void)propose_setting(persistence::encode_stores(stores));
  return false;
}

bool MemberActor::await_founder(NodeId node) {
  if (std::exchange(awaited_founder_, node) != node) {
    log(Module::replica)
        .info(
            "the founding waits for node {}: it has to be connected, and to have the "
            "chain that this node has",
            node);
  }
  return false;
}

MemberState MemberActor::describe() const {
  const auto& store = *runtime_->member;
  MemberState state;
  if (replica_) {
    state.status = replica_->status();
    if (state.status.leads()) state.progress = replica_->progress();
  }
  state.membership = membership_;
  state.applied = applied_;
  state.identity = store.identity();
  state.level = store.level();
  state.known_level = store.known_level();
  state.durable = store.durable();
  state.free_bytes = store.free_bytes();
  return state;
}

}  // namespace sg::actors
