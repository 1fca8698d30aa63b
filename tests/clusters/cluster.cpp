#include "tests/clusters/cluster.hpp"

#include <algorithm>
#include <utility>

#include "actors/coordinator/messages.hpp"
#include "actors/member/member_children.hpp"
#include "actors/queries/messages.hpp"
#include "persistence/member_opening.hpp"
#include "replication/member_log.hpp"

namespace sg::test {
namespace {

using namespace std::chrono_literals;

constexpr ledger::Amount kMostAtFirst = 400;

}  // namespace

std::vector<std::string> accounts_of(const Scenario& scenario) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < scenario.workload.accounts; ++i)
    ids.push_back("a" + std::to_string(i));
  return ids;
}

Cluster::Cluster(World& world, Faults& faults, std::size_t nodes,
                 std::function<void(std::string)> breach)
    : world_(world), faults_(faults), breach_(std::move(breach)) {
  election_timeout_ = std::chrono::milliseconds(world.random.pick(std::vector<int>{40, 100, 200}));
  if (world.random.below(4) == 0) first_level_ = persistence::kOldestFormat;
  for (NodeId id = 1; id <= nodes; ++id) founders_.voters.push_back(id);
  for (std::size_t i = 0; i < nodes; ++i) add_node();
}

Cluster::~Cluster() {
  network_.drop_all();
  for (const auto& node : nodes_) {
    faults_.aim_at(nullptr, *node->machine);
    node->replica = nullptr;
    node->process.reset();
  }
}

persistence::Level Cluster::some_level() {
  return world_.random.below(2) == 0 ? first_level_ : persistence::kKnownLevel;
}

ClusterNode& Cluster::add_node() {
  auto& node = *nodes_.emplace_back(std::make_unique<ClusterNode>());
  node.id = nodes_.size();
  node.known = some_level();
  node.machine = node.id == 1 ? &world_.machine() : &world_.add_machine();
  node.machine->clock_is_ahead_ms = world_.random.between(-500, 500);
  node.plan = plan_for(node);
  const bool had_begun = faults_.begin(false);
  found(node);
  faults_.begin(had_begun);
  return node;
}

// All nodes begin with the same chain, as the members of a group that was a single ledger before.
void Cluster::found(ClusterNode& node) {
  Random random(accounts_seed_);
  {
    auto store = persistence::open_memory_store(node.machine->disk, {});
    auto group = (*store)->begin_group(1'700'000'000'000, 0);
    for (const auto& id : accounts_of(world_.scenario)) {
      ledger::NewAccount account;
      account.id = id;
      account.initial_balance = random.between(0, kMostAtFirst);
      account.floor = random.below(4) == 0 ? -random.between(0, kMostAtFirst) : 0;
      group.add(account);
      group.end_unit();
    }
    if (!(*store)->append_now(std::move(group))) breach_("the accounts cannot be opened");
  }
  const auto medium = persistence::make_memory_medium(node.machine->disk);
  const auto founded =
      persistence::found_group(*medium, {}, node.id, replication::encode(founders_), first_level_);
  if (!founded) breach_("node " + std::to_string(node.id) + ": " + founded.error().message);
  node.machine->disk->disown();
}

ProcessPlan Cluster::plan_for(ClusterNode& node) {
  ProcessPlan plan;
  plan.open =
      [this,
       &node](Machine& machine) -> persistence::StoreResult<std::shared_ptr<persistence::Store>> {
    auto store = std::make_shared<persistence::MemberStore>(
        persistence::make_memory_medium(machine.disk), store_options(world_.scenario), node.known);
    if (auto opened = store->reopen(); !opened) return tl::unexpected(opened.error());
    return store;
  };
  plan.equip = [](actors::Runtime& runtime) {
    runtime.member = std::dynamic_pointer_cast<persistence::MemberStore>(runtime.store);
  };
  plan.first = [this, &node](const actors::RuntimePtr& runtime) {
    actors::MemberOptions options;
    options.node = node.id;
    options.election_timeout = election_timeout_;
    options.send = [this, &node](replication::Message message) {
      transmit(node.id, std::move(message));
    };
    options.random = [this](std::uint64_t bound) { return world_.random.below(bound); };
    options.changed = [&node](const replication::Status& status) { node.status = status; };
    auto children = actors::member_children(runtime, std::move(options));
    auto& replica = children.back();
    replica.start = [&node, start = replica.start](caf::event_based_actor* parent) {
      auto started = start(parent);
      node.status = {};
      node.told.clear();
      if (started) node.replica = *started;
      return started;
    };
    return children;
  };
  plan.ends = [this, &node](const std::string& why) {
    const bool is_wrong = why.find("does not go on") != std::string::npos ||
                          why.find("is at level") != std::string::npos ||
                          why.find("Raft engine") != std::string::npos;
    if (is_wrong) breach_("node " + std::to_string(node.id) + " ends itself: " + why);
  };
  return plan;
}

void Cluster::start(ClusterNode& node) {
  std::string refused;
  // Nodes get a new program one after another.
  if (++node.starts > 1) node.known = std::max(node.known, some_level());
  node.status = {};
  faults_.aim_at(nullptr, *node.machine);
  world_.trace.say([&] { return "node " + std::to_string(node.id) + " starts"; });
  try {
    node.process = Process::start(world_, *node.machine, node.plan, refused);
  } catch (const InjectedCrash&) {
    // It ended while it was starting.
    node.machine->disk->crash(node.machine->disk->unsynced());
    node.machine->disk->disown();
    return;
  }
  if (node.process) {
    ++processes_;
    return;
  }
  node.machine->disk->disown();
  world_.trace.say([&] { return "the store does not open: " + refused; });
  // Whatever goes wrong with the disk, it is not damaged.
  const bool told_to = refused.find("told to fail") != std::string::npos ||
                       refused.find("is full") != std::string::npos;
  if (!told_to) breach_("node " + std::to_string(node.id) + ": " + refused);
}

void Cluster::bury_dead() {
  for (const auto& node : nodes_) {
    if (!node->process || !node->process->is_over()) continue;
    note_durable();
    faults_.aim_at(nullptr, *node->machine);
    node->replica = nullptr;
    clients_->mute(true);
    node->process.reset();
    clients_->mute(false);
    node->status = {};
  }
}

void Cluster::thaw() {
  for (const auto& node : nodes_) node->frozen_until = 0;
}

persistence::MemberStore& Cluster::store_of(const ClusterNode& node) const {
  return dynamic_cast<persistence::MemberStore&>(node.process->store());
}

replication::Membership Cluster::membership_of(const ClusterNode& node) const {
  return replication::membership_of(store_of(node));
}

ClusterNode* Cluster::leader() {
  ClusterNode* found = nullptr;
  for (const auto& node : nodes_) {
    if (!is_up(*node) || !node->status.leads()) continue;
    if (found == nullptr || node->status.term > found->status.term) found = node.get();
  }
  return found;
}

void Cluster::pass_time() {
  for (const auto& node : nodes_) {
    if (!is_up(*node) || is_frozen(*node)) continue;
    faults_.aim_at(node->process.get(), *node->machine);
    node->process->pass_time();
  }
}

bool Cluster::step(bool kill) {
  ++now_;
  note_durable();
  follow_forwarded();
  std::set<NodeId> frozen;
  std::vector<ClusterNode*> runnable;
  for (const auto& node : nodes_) {
    if (is_frozen(*node)) {
      frozen.insert(node->id);
    } else if (is_up(*node)) {
      runnable.push_back(node.get());
    }
  }
  // Of three steps one is the network's, if it has something that is due.
  if (world_.random.below(3) == 0 && network_.deliver_one(now_, false, frozen)) return true;
  while (!runnable.empty()) {
    const auto chosen = world_.random.below(runnable.size());
    ClusterNode& node = *runnable[chosen];
    faults_.aim_at(node.process.get(), *node.machine);
    world_.trace.mix(node.id);
    world_.trace.say([&] { return "node " + std::to_string(node.id) + ":"; });
    if (node.process->step(kill)) return true;
    runnable.erase(runnable.begin() + static_cast<std::ptrdiff_t>(chosen));
  }
  return network_.deliver_one(now_, true, frozen);
}

void Cluster::transmit(NodeId from, replication::Message message) {
  const NodeId to = message.to;
  if (to == 0 || to > nodes_.size()) return;
  network_.send(from, to, now_, [this, to, message = std::move(message)] {
    auto& node = *nodes_[to - 1];
    if (!is_up(node) || !node.replica) return;
    introduce(*nodes_[message.from - 1], node);
    caf::anon_send(node.replica, actors::Deliver{message});
  });
}

void Cluster::introduce(ClusterNode& node, ClusterNode& to) {
  if (std::exchange(to.told[node.id], node.known) == node.known) return;
  caf::anon_send(to.replica, actors::NodeKnows{node.id, node.known, {}, {}, {}});
}

// --- Service ---

// A node that knows no leader says that it does not serve, and clients move on.
ClusterNode& Cluster::door() {
  auto& node = any();
  // One that comes to a frozen node waits until it goes on: with what it knows by then.
  for (const auto& one : nodes_) {
    if (is_frozen(*one) && world_.random.below(4) == 0) return *one;
  }
  const auto* leading = is_healthy_ ? leader() : nullptr;
  if (leading == nullptr) return node;
  // One that was removed knows an old leader, or none.
  const auto serves = [leading](const ClusterNode& one) {
    return one.status.leader == leading->id && one.status.term == leading->status.term;
  };
  if (serves(node)) return node;
  return **std::find_if(nodes_.begin(), nodes_.end(),
                        [&](const auto& one) { return serves(*one); });
}

// As a gateway and a forwarder do with commands while some node would not know their records.
void Cluster::hand_to(const ClusterNode& node, const TestSubmissionPtr& submission,
                      std::uint64_t term) {
  const auto transfers = submission->transfers();
  const bool is_command = submission->key_request() != nullptr ||
                          std::any_of(transfers.begin(), transfers.end(),
                                      [](const auto& one) { return one.details != nullptr; });
  if (!is_command || store_of(node).knows_commands()) {
    caf::anon_send(node.process->desk(), actors::Submit{{submission}, term});
    return;
  }
  for (std::size_t i = 0; i < submission->results.size(); ++i) {
    const auto outcome =
        ledger::has_any_key(*submission) ? ledger::Outcome::unknown : ledger::Outcome::none;
    submission->results[i].state = ledger::ItemResult::State::refused;
    submission->results[i].error = std::make_shared<const ledger::Error>(ledger::Error{
        ledger::Reason::cluster_upgrading, "some node does not know commands", {}, outcome});
  }
  submission->answer();
}

void Cluster::submit(TestSubmissionPtr submission) {
  auto& origin = door();
  // Dropped: its caller finds nobody there. A node that is frozen reads it later.
  if (!is_up(origin)) return;
  forward(origin, submission);
}

void Cluster::forward(ClusterNode& origin, const TestSubmissionPtr& submission) {
  const auto leader = origin.status.leader;
  if (leader == 0 || leader == origin.id || leader > nodes_.size()) {
    return hand_to(origin, submission, 0);
  }
  const auto term = origin.status.term;
  forwarded_.push_back({origin.id, origin.starts, term, submission});
  auto& to = *nodes_[leader - 1];
  // A connection to this process: it ends with it.
  network_.call(origin.id, leader, now_, [this, &to, start = to.starts, submission, term] {
    if (!is_up(to) || to.starts != start) return;
    hand_to(to, submission, term);
  });
}

// A node that knows of a new leader sends again what has keys. Of all else it says that the outcome
// is unknown.
void Cluster::follow_forwarded() {
  for (std::size_t i = 0; i < forwarded_.size();) {
    const auto [origin_id, start, term, weak] = forwarded_[i];
    const auto submission = weak.lock();
    auto& origin = *nodes_[origin_id - 1];
    const bool is_over =
        !submission || submission->answered() || origin.starts != start || !is_up(origin);
    const bool is_due = !is_over && origin.status.term > term && origin.status.leader != 0;
    if (!is_over && !is_due) {
      ++i;
      continue;
    }
    forwarded_.erase(forwarded_.begin() + static_cast<std::ptrdiff_t>(i));
    if (!is_due) continue;
    const auto transfers = submission->transfers();
    const bool has_keys = !transfers.empty() &&
                          std::all_of(transfers.begin(), transfers.end(), [](const auto& transfer) {
                            return !transfer.idempotency_key.empty();
                          });
    if (!has_keys) {
      clients_->close(*submission);
    } else if (const auto again = clients_->copy(*submission)) {
      forward(origin, again);
    }
  }
}

void Cluster::cancel(const TestSubmissionPtr& submission) {
  for (const auto& node : nodes_) {
    if (is_up(*node)) caf::anon_send(node->process->desk(), actors::Cancel{submission});
  }
}

ledger::Sequence Cluster::ask(std::shared_ptr<actors::Query> query) {
  auto& random = world_.random;
  auto& node = door();
  auto must_show = durable();
  switch (random.below(8)) {
    case 0:
      must_show = random.below(must_show + 1);
      query->freshness = actors::ReadAtLeast{must_show};
      break;
    case 1: {
      const auto bound = std::chrono::milliseconds(random.between(0, 300));
      query->freshness = actors::StaleRead{bound};
      must_show = 0;
      // Of what happened at the moment of the bound itself a round may have seen a part.
      for (const auto& [time, sequence] : history_) {
        if (time < world_.steady - bound) must_show = sequence;
      }
      break;
    }
    default:
      break;
  }
  if (is_up(node)) {
    caf::anon_send(node.process->desk(), actors::AnswerQueries{{std::move(query)}});
  }
  return must_show;
}

ledger::Sequence Cluster::durable() const {
  for (const auto& node : nodes_) {
    if (node->process) durable_ = std::max(durable_, node->process->store().durable());
  }
  return durable_;
}

void Cluster::note_durable() {
  const auto before = durable_;
  if (durable() != before || history_.empty()) history_.emplace_back(world_.steady, durable_);
}

}  // namespace sg::test
