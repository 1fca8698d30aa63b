// Several nodes, each with the real tree on its own deterministic scheduler, with its own disk; and
// the network between them. Each step one actor of one node handles one message, or one message
// arrives.
//
// To the clients the cluster is a Service, as the gateways of its nodes will be: a call comes to
// any node, which hands it to its own coordinator or forwards it to the leader that it knows. A
// call with keys is sent again when there is a new leader; another one is not, and its caller is
// told that the outcome is unknown.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/member/member.hpp"
#include "tests/clusters/network.hpp"
#include "tests/simulation/clients.hpp"
#include "tests/simulation/faults.hpp"
#include "tests/simulation/process.hpp"

namespace sg::test {

struct ClusterNode {
  NodeId id = 0;
  Machine* machine = nullptr;
  ProcessPlan plan;
  std::unique_ptr<Process> process;  // null: it is down
  std::uint64_t starts = 0;
  caf::actor replica;
  replication::Status status;                           // as its replica told it last
  persistence::Level known = persistence::kKnownLevel;  // of its program, which may be an older one
  std::map<NodeId, persistence::Level> told;            // its replica, of other nodes
  std::uint64_t frozen_until = 0;
};

class Cluster final : public Service, public std::enable_shared_from_this<Cluster> {
 public:
  // With the accounts that every node begins with.
  Cluster(World& world, Faults& faults, std::size_t nodes, std::function<void(std::string)> breach);
  ~Cluster() override;

  // --- time ---
  // One step of somebody. False when nobody has anything to do.
  bool step(bool kill);
  void pass_time();
  std::uint64_t now() const { return now_; }

  // --- nodes ---
  std::vector<std::unique_ptr<ClusterNode>>& nodes() { return nodes_; }
  ClusterNode& any() { return *nodes_[world_.random.below(nodes_.size())]; }
  bool is_up(const ClusterNode& node) const { return node.process && !node.process->is_over(); }
  bool is_frozen(const ClusterNode& node) const { return node.frozen_until > now_; }
  void start(ClusterNode& node);
  // Destroys processes that have ended.
  void bury_dead();
  void freeze(ClusterNode& node, std::uint64_t steps) { node.frozen_until = now_ + steps; }
  void thaw();
  persistence::MemberStore& store_of(const ClusterNode& node) const;
  // The member that leads in the highest term. Null: none that is up.
  ClusterNode* leader();
  // A node that knows the founders and belongs to the group once it is added.
  ClusterNode& add_node();
  // A node connects to another one.
  void introduce(ClusterNode& node, ClusterNode& to);
  replication::Membership membership_of(const ClusterNode& node) const;
  Network& network() { return network_; }
  std::uint64_t processes() const { return processes_; }

  // --- Service ---
  void serve(Clients& clients) { clients_ = &clients; }
  // All faults are over: calls come to nodes that serve.
  void expect_health() { is_healthy_ = true; }
  void submit(TestSubmissionPtr submission) override;
  void cancel(const TestSubmissionPtr& submission) override;
  ledger::Sequence ask(std::shared_ptr<actors::Query> query) override;
  ledger::Sequence durable() const override;

 private:
  // A call that a node has forwarded and has no answer to.
  struct Forwarded {
    NodeId origin = 0;
    std::uint64_t start = 0;  // of the origin's process
    replication::Term term = 0;
    std::weak_ptr<TestSubmission> submission;
  };

  // Where the next call comes in.
  ClusterNode& door();
  void found(ClusterNode& node);
  // The level of an older program, or of this one.
  persistence::Level some_level();
  ProcessPlan plan_for(ClusterNode& node);
  void transmit(NodeId from, replication::Message message);
  void forward(ClusterNode& origin, const TestSubmissionPtr& submission);
  // `term`: of the leader that it is meant for; 0: of none.
  void hand_to(const ClusterNode& node, const TestSubmissionPtr& submission, std::uint64_t term);
  void follow_forwarded();
  void note_durable();

  World& world_;
  Faults& faults_;
  std::function<void(std::string)> breach_;
  Network network_{world_.random};
  std::vector<std::unique_ptr<ClusterNode>> nodes_;
  std::uint64_t accounts_seed_ = world_.random.next();
  replication::Membership founders_;
  // A level that is left for another one while nodes get a new program, or the first of all.
  persistence::Level first_level_ = persistence::kFirstLevel;
  std::chrono::milliseconds election_timeout_{200};
  std::uint64_t now_ = 0;
  std::uint64_t processes_ = 0;
  Clients* clients_ = nullptr;
  bool is_healthy_ = false;
  std::vector<Forwarded> forwarded_;
  mutable ledger::Sequence durable_ = 0;
  std::vector<std::pair<ledger::SteadyTime, ledger::Sequence>> history_;
};

// The ids of the accounts that every node of the scenario begins with.
std::vector<std::string> accounts_of(const Scenario& scenario);

}  // namespace sg::test
