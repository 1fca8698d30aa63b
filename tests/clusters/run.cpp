#include "tests/clusters/run.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>

#include "ledger/invariant.hpp"
#include "tests/clusters/cluster.hpp"
#include "tests/simulation/judge.hpp"

namespace sg::test {
namespace {

using namespace std::chrono_literals;
using replication::MemberChange;

// Steps of the phase without faults, for a cluster at rest.
constexpr std::size_t kPatience = 600'000;
constexpr std::size_t kStepsOfOperation = 30;
constexpr Ppm kClientActs = 10 * kPercent;
constexpr std::int64_t kLongestPause_ms = 8;
constexpr auto kIdle = 5ms;
constexpr auto kLongIdle = 60s;
constexpr std::size_t kMostNodes = 5;

// What goes wrong between the nodes. Each chance is of a step.
struct ClusterFaults {
  Ppm cut = 0;
  Ppm heal = 0;
  Ppm freeze = 0;
  Ppm freeze_leader = 0;  // for so long that another one leads
  Ppm restart = 0;        // of a node that is down
  Ppm hand_over = 0;
  Ppm change = 0;  // of the membership
};

// The scenario of a single node, as far as it suits several, and what may go wrong between them.
ClusterFaults adapt(World& world, Network::Options& network) {
  auto& s = world.scenario;
  auto& random = world.random;
  const auto sometimes = [&](Ppm most) {
    return random.below(2) == 0 ? 0 : most >> random.below(4);
  };
  s.late = 0;
  s.workload.operations *= 4;
  s.steps = static_cast<std::size_t>(random.between(2000, 8000));
  s.time = static_cast<Ppm>(random.between(4, 12)) * kPercent;
  s.faults.pause = 0;  // Cluster::freeze()
  // Time flies while an actor hangs, for all nodes.
  if (random.below(4) != 0) s.faults.hang = 0;
  s.faults.end /= 2;
  s.faults.end_at_point /= 2;
  network.loss_ppm = random.below(2) == 0 ? 0 : static_cast<Ppm>(random.between(0, 5)) * kPercent;
  network.repeat_ppm = random.below(2) == 0 ? 0 : 5 * kPercent;
  network.most_delay = random.pick(std::vector<std::int64_t>{0, 10, 10, 100});
  network.most_call_delay = random.pick(std::vector<std::int64_t>{0, 100, 3000});
  ClusterFaults faults;
  faults.cut = sometimes(kPercent / 2);
  faults.heal = kPercent / 4;
  faults.freeze = sometimes(kPercent / 4);
  faults.restart = 10 * kPercent;
  faults.hand_over = sometimes(kPercent / 2);
  faults.change = sometimes(kPercent / 4);
  s.faults.stall = sometimes(50 * kPercent);
  // Some things show only where nothing else goes wrong.
  switch (random.below(7)) {
    case 0:  // leaders that change, and calls that hang on the way
      s.faults = {};
      s.workload.keyed = 100 * kPercent;
      s.workload.accounts = static_cast<std::size_t>(random.between(2, 4));
      s.workload.give_up = s.workload.lost = s.workload.batch = s.workload.create = 0;
      s.workload.duplicate = s.workload.mismatch = s.workload.read = 0;
      s.workload.operations = 1000;
      s.workload.clients = 6;
      s.workload.outstanding = 4;
      s.steps = 12'000;
      faults.cut = faults.freeze = faults.change = 0;
      faults.hand_over = kPercent;
      network.loss_ppm = 0;
      network.most_delay = 10;
      network.most_call_delay = 3000;
      break;
    case 1:  // leaders that are stopped or cut off, and are asked
      s.faults = {};
      s.workload.read = 20 * kPercent;
      s.workload.accounts = static_cast<std::size_t>(random.between(2, 4));
      s.workload.operations = 1000;
      s.workload.keyed = random.below(2) == 0 ? 0 : 100 * kPercent;
      s.steps = 12'000;
      faults.change = faults.hand_over = 0;
      faults.cut = faults.heal = kPercent / 4;
      faults.freeze = kPercent / 4;
      network.most_delay = 10;
      if (random.below(2) == 0) break;
      faults.cut = faults.freeze = 0;
      faults.freeze_leader = kPercent / 20;
      s.workload.create = 20 * kPercent;
      s.workload.batch = 0;
      break;
    case 2:  // coordinators and journals of leaders
      s.faults = {};
      s.intensity = 1000;
      s.faults.kill = kPercent / 4;
      s.faults.throw_at_commit = 10 * kPercent;
      s.workload.keyed = 100 * kPercent;
      s.workload.give_up = 10 * kPercent;
      s.workload.operations = 1000;
      s.workload.clients = 6;
      s.workload.outstanding = 4;
      faults.cut = faults.freeze = faults.change = 0;
      // A retry has to come before what it repeats is on a majority.
      s.time = kPercent;
      network.most_delay = 400;
      network.most_call_delay = 0;
      break;
    case 3:  // rows that the store has already, and the journal not yet
      s.faults = {};
      s.faults.stall = 50 * kPercent;
      s.workload.create = 30 * kPercent;
      s.workload.read = 60 * kPercent;
      s.workload.list = 80 * kPercent;
      s.workload.operations = 1000;
      s.workload.clients = 6;
      s.workload.outstanding = 4;
      faults.cut = faults.freeze = faults.change = faults.hand_over = 0;
      network.loss_ppm = 0;
      network.most_delay = 10;
      break;
    default:
      break;
  }
  return faults;
}

class ClusterRun {
 public:
  explicit ClusterRun(const RunOptions& options)
      : world_(options.seed, options.verbose), faults_(world_) {
    Network::Options network;
    cluster_faults_ = adapt(world_, network);
    const auto nodes = world_.random.below(3) == 0 ? 5 : 3;
    cluster_ = std::make_shared<Cluster>(world_, faults_, nodes,
                                         [this](std::string text) { breach(std::move(text)); });
    log_.has_nodes = true;
    clients_ = std::make_unique<Clients>(world_, log_, accounts_of(world_.scenario));
    cluster_->serve(*clients_);
    cluster_->network().options = network;
    faults::set_defect(options.defect);
    faults::set_handler([this](faults::Point point) { faults_.at(point); });
  }
  ~ClusterRun() {
    faults_.stop();
    clients_->disconnect();
    cluster_.reset();
    faults::set_handler(nullptr);
    faults::set_defect(faults::Defect::none);
  }
  ClusterRun(const ClusterRun&) = delete;
  ClusterRun& operator=(const ClusterRun&) = delete;

  RunReport run();

 private:
  void breach(std::string text) { report_.breaches.push_back(std::move(text)); }
  bool holds() const { return report_.breaches.empty(); }
  void run_with_faults();
  void disturb();
  void change_members();
  void work();
  bool run_to_rest();
  // All are up and have the same, one of them leads, and all calls have ended.
  bool come_to_rest();
  bool is_level();
  void judge_all();

  RunReport report_;
  const std::uint64_t invariants_broken_ = ledger::invariants_broken();
  World world_;
  ClientLog log_;
  Faults faults_;
  ClusterFaults cluster_faults_;
  std::shared_ptr<Cluster> cluster_;
  std::unique_ptr<Clients> clients_;
};

void ClusterRun::disturb() {
  auto& random = world_.random;
  auto& node = cluster_->any();
  faults_.aim_at(cluster_->is_up(node) ? node.process.get() : nullptr, *node.machine);
  faults_.step();
  cluster_->bury_dead();
  if (!node.process && random.chance(cluster_faults_.restart)) cluster_->start(node);
  auto& other = cluster_->any();
  if (random.chance(cluster_faults_.cut)) {
    world_.trace.say([&] { return "fault: a cut at node " + std::to_string(node.id); });
    if (random.below(2) == 0) {
      cluster_->network().cut(node.id, other.id);
    } else {
      for (const auto& one : cluster_->nodes()) {
        cluster_->network().cut(node.id, one->id);
        cluster_->network().cut(one->id, node.id);
      }
    }
  }
  if (random.chance(cluster_faults_.heal)) cluster_->network().heal();
  if (random.chance(cluster_faults_.freeze)) {
    world_.trace.say([&] { return "fault: node " + std::to_string(node.id) + " freezes"; });
    cluster_->freeze(node, static_cast<std::uint64_t>(random.between(20, 1500)));
  }
  if (random.chance(cluster_faults_.freeze_leader)) {
    if (auto* leader = cluster_->leader(); leader != nullptr && !cluster_->is_frozen(*leader)) {
      world_.trace.say(
          [&] { return "fault: the leader, " + std::to_string(leader->id) + ", freezes"; });
      cluster_->freeze(*leader, static_cast<std::uint64_t>(random.between(500, 3000)));
    }
  }
  if (random.chance(cluster_faults_.hand_over) && cluster_->is_up(node)) {
    caf::anon_send(node.replica, actors::HandOver{});
  }
  if (random.chance(cluster_faults_.change)) change_members();
}

void ClusterRun::change_members() {
  auto* leader = cluster_->leader();
  if (leader == nullptr) return;
  auto& random = world_.random;
  const auto now = cluster_->membership_of(*leader);
  std::vector<MemberChange> changes;
  changes.reserve(3);
  if (!now.is_joint()) {
    if (cluster_->nodes().size() < kMostNodes && random.below(2) == 0) {
      auto& added = cluster_->add_node();
      cluster_->introduce(added, *leader);
      changes.push_back(
          {random.below(2) == 0 ? MemberChange::Kind::add_learner : MemberChange::Kind::add_voter,
           added.id});
    }
    if (!now.learners.empty() && random.below(2) == 0) {
      changes.push_back({MemberChange::Kind::add_voter, now.learners.front()});
    }
    if (now.voters.size() > 2 && random.below(3) == 0) {
      changes.push_back({MemberChange::Kind::remove, random.pick(now.voters)});
    }
    if (changes.empty()) return;
  }
  world_.trace.say([] { return "the membership is to change"; });
  caf::anon_send(leader->replica, actors::ChangeMembers{std::move(changes)});
}

void ClusterRun::work() {
  auto& random = world_.random;
  if (random.chance(kClientActs)) clients_->act();
  if (random.chance(world_.scenario.time)) {
    world_.pass(std::chrono::milliseconds(random.between(1, kLongestPause_ms)));
  }
  cluster_->pass_time();
  if (!cluster_->step(faults_.kills())) world_.pass(kIdle);
  cluster_->bury_dead();
}

void ClusterRun::run_with_faults() {
  for (const auto& node : cluster_->nodes()) cluster_->start(*node);
  clients_->connect(cluster_);
  faults_.begin();
  for (std::size_t i = 0; i < world_.scenario.steps && holds(); ++i) {
    ++report_.steps;
    disturb();
    work();
  }
}

bool ClusterRun::is_level() {
  auto* leader = cluster_->leader();
  if (leader == nullptr) return false;
  const auto membership = cluster_->membership_of(*leader);
  if (membership.is_joint()) {
    caf::anon_send(leader->replica, actors::ChangeMembers{});
    return false;
  }
  const auto& head = cluster_->store_of(*leader).head();
  const auto level = cluster_->store_of(*leader).level();
  auto known = persistence::kKnownLevel;  // by all members
  const bool is_even =
      std::all_of(cluster_->nodes().begin(), cluster_->nodes().end(), [&](const auto& node) {
        const auto is_in = [&](const auto& ids) {
          return std::find(ids.begin(), ids.end(), node->id) != ids.end();
        };
        if (!is_in(membership.voters) && !is_in(membership.learners)) return true;
        known = std::min(known, node->known);
        return cluster_->is_up(*node) && node->status.term == leader->status.term &&
               node->status.leader == leader->id &&
               cluster_->store_of(*node).head().hash == head.hash &&
               cluster_->store_of(*node).level() == level;
      });
  return is_even && level >= known;
}

bool ClusterRun::come_to_rest() {
  std::chrono::milliseconds level{0};
  std::chrono::milliseconds waited{0};
  for (std::size_t i = 0; i < kPatience && holds(); ++i) {
    ++report_.steps;
    cluster_->bury_dead();
    for (const auto& node : cluster_->nodes()) {
      if (!node->process) cluster_->start(*node);
    }
    cluster_->pass_time();
    if (cluster_->step(false)) continue;
    const bool asked = clients_->finish();
    world_.pass(kIdle);
    waited += kIdle;
    level = !asked && is_level() ? level + kIdle : 0ms;
    // As long as a few elections take.
    if (level >= 2s) return true;
    if (waited >= kLongIdle) break;
  }
  if (holds()) breach("the cluster does not come to rest: " + clients_->state());
  return false;
}

bool ClusterRun::run_to_rest() {
  faults_.stop();
  clients_->behave();
  cluster_->network().heal();
  cluster_->network().options = {};
  cluster_->thaw();
  if (!come_to_rest()) return false;
  clients_->expect_health();
  cluster_->expect_health();
  const auto operations = world_.scenario.workload.operations_after;
  clients_->go_on(operations);
  for (std::size_t i = 0; i < operations * kStepsOfOperation && holds(); ++i) {
    ++report_.steps;
    if (world_.random.below(kStepsOfOperation) == 0) clients_->act();
    cluster_->pass_time();
    if (!cluster_->step(false)) world_.pass(1ms);
  }
  if (!come_to_rest()) return false;
  clients_->ask_again();
  clients_->read_all();
  return come_to_rest();
}

void ClusterRun::judge_all() {
  auto* leader = cluster_->leader();
  const auto& best = cluster_->store_of(*leader);
  for (auto& text : judge(best, log_)) breach(std::move(text));
  for (const auto& node : cluster_->nodes()) {
    if (node.get() == leader || !cluster_->is_up(*node)) continue;
    const auto& store = cluster_->store_of(*node);
    const auto name = "node " + std::to_string(node->id) + ": ";
    const auto report = store.verify({});
    if (!report) {
      breach(name + report.error().message);
      continue;
    }
    for (const auto& problem : report->problems) breach(name + problem);
  }
}

RunReport ClusterRun::run() {
  run_with_faults();
  if (holds() && run_to_rest()) judge_all();
  for (auto& text : judge_invariants(invariants_broken_)) breach(std::move(text));
  for (const auto& answer : log_.answers) {
    ++(answer.committed ? report_.committed : report_.refused);
  }
  report_.processes = cluster_->processes();
  report_.unknown = log_.unknown;
  report_.trace = world_.trace.hash();
  return report_;
}

}  // namespace

RunReport simulate_cluster(const RunOptions& options) {
  spdlog::set_level(options.verbose ? spdlog::level::debug : spdlog::level::off);
  return ClusterRun(options).run();
}

}  // namespace sg::test
