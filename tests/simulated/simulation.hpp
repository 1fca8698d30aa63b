// The supervised tree without its gateway, on the deterministic scheduler and a memory disk.
// Nothing runs until run(), and a message that is held waits in its actor's mailbox with everything
// behind it: so a test builds the one interleaving that it is about.
//
//   Simulation house;
//   house.open_account("alice", 100);
//   house.start();
//   house.hold<Commit>("journal");
//   auto paid = house.submit(transfer({{"alice", -5}, {"bob", 5}}, "key"));
//   house.run();                        // up to the commit in the journal's mailbox
//   house.kill("coordinator");
//   house.release();
//   house.run();
#pragma once

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "actors/account_shard/messages.hpp"
#include "actors/children.hpp"
#include "actors/coordinator/messages.hpp"
#include "actors/journal/journal.hpp"
#include "actors/queries/messages.hpp"
#include "actors/runtime.hpp"
#include "persistence/memory/memory_disk.hpp"
#include "supervisor/supervisor.hpp"
#include "tests/support/late_store.hpp"
#include "tests/support/test_submission.hpp"

namespace sg::test {

using namespace sg::actors;

// A read that notes its answer; who drops it without one has answered UNAVAILABLE.
class TestQuery final : public Query {
 private:
  void on_answered() override {}
};
using TestQueryPtr = std::shared_ptr<TestQuery>;

// "open" while somebody still has it, "lost" when nobody does (its owner then answers UNAVAILABLE,
// outcome unknown), "committed 7", or "INSUFFICIENT_FUNDS", with " unknown" if the outcome is.
std::string answer_to(const TestSubmissionPtr& submission, std::size_t item = 0);
// The same of a balance: "open", "lost", "balance 5" or the reason.
std::string answer_to(const TestQueryPtr& query);

struct SimulationOptions {
  std::uint32_t shards = 2;
  // Off: a HandCoordinator stands in.
  bool coordinator = true;
  std::chrono::milliseconds key_retention = std::chrono::hours(24);
  // A group becomes durable when the test says so: late().complete_one().
  bool late_appends = false;
};

class Simulation {
 public:
  explicit Simulation(SimulationOptions options = {});
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  // --- before the start ---
  void open_account(const std::string& id, ledger::Amount balance, ledger::Amount floor = 0);
  void start();

  // --- callers ---
  TestSubmissionPtr submit(TestSubmissionPtr submission);
  TestQueryPtr ask(QueryAsk what);
  // As the shard and the journal tell it.
  std::string balance(const std::string& account);
  // Runs everything and says what became of it.
  std::string outcome(const TestSubmissionPtr& submission);

  // --- the scheduler ---
  // Everything but what is held, actors in turn.
  void run();
  // Holds `Message` back when it is the actor's turn to handle it; ids are those of the tree.
  template <class Message>
  void hold(std::string_view id) {
    holds_.push_back({std::string(id), &is_a<Message>});
  }
  template <class Message>
  void release(std::string_view id) {
    std::erase_if(holds_, [&](const Hold& h) { return h.id == id && h.match == &is_a<Message>; });
  }
  void release() { holds_.clear(); }
  template <class Message>
  bool next_is(std::string_view id) const {
    const auto* next = next_of(id);
    return next != nullptr && is_a<Message>(*next);
  }
  template <class Message>
  Message peek(std::string_view id) const {
    REQUIRE(next_is<Message>(id));
    return next_of(id)->content().get_as<Message>(0);
  }
  // Lets the actor handle this one message, held or not.
  template <class Message>
  void deliver(std::string_view id) {
    REQUIRE(next_is<Message>(id));
    run_once(id);
  }
  // All of it at once, as for a process that is stopped meanwhile.
  void pass(std::chrono::milliseconds time);
  // In steps, as for a process that runs.
  void run_for(std::chrono::milliseconds time);

  // --- what fails ---
  // The actor is dead when this returns; its supervisor hears of it in run().
  void kill(std::string_view id);

  caf::actor handle(std::string_view id) const { return handles_.at(std::string(id)); }
  std::string shard_id(std::size_t shard) const { return "account_shard/" + std::to_string(shard); }
  // The nth account name that lives on the shard.
  std::string name_on(std::size_t shard, int nth = 0) const;
  // An actor beside the tree; ended with the simulation.
  template <class Function, class... Args>
  caf::actor spawn(Function function, Args... args) {
    return adopt(system.spawn(std::move(function), std::move(args)...), "beside");
  }
  persistence::Store& store() { return *store_; }
  // Needs late_appends.
  LateStore& late() { return *late_; }
  persistence::MemoryDisk& disk() { return *disk_; }
  const RuntimePtr& runtime() const { return runtime_; }
  const caf::actor& root() const { return root_; }
  std::uint32_t shards() const { return options_.shards; }
  // No problems in the chain, and the balances that it tells add up to `sum`.
  void check_chain(ledger::Amount sum);

  ledger::TimeMs wall_clock = 1'700'000'000'000;
  ledger::SteadyTime steady_clock{};

 private:
  using Match = bool (*)(const caf::mailbox_element&);
  struct Hold {
    std::string id;
    Match match;
  };
  struct Config : caf::actor_system_config {
    Config();
  };

  template <class Message>
  static bool is_a(const caf::mailbox_element& element) {
    return element.content().match_elements<Message>();
  }
  caf::actor adopt(caf::actor actor, const std::string& id);
  const caf::mailbox_element* next_of(std::string_view id) const;
  bool is_held(caf::resumable* job) const;
  void run_once(std::string_view id);
  supervisor::ChildSpec spec(const std::string& id,
                             std::function<caf::actor(caf::event_based_actor*)> start);
  std::vector<supervisor::ChildSpec> specs();

  SimulationOptions options_;
  std::shared_ptr<persistence::MemoryDisk> disk_;
  std::shared_ptr<persistence::Store> store_;
  std::shared_ptr<LateStore> late_;  // between the actors and store_, or null
  RuntimePtr runtime_;
  Config config_;

 public:
  caf::actor_system system;

 private:
  caf::scheduler::test_coordinator* scheduler_;
  caf::actor root_;
  std::vector<Hold> holds_;
  std::map<std::string, caf::actor> handles_;  // last incarnation of each
  std::vector<caf::actor> all_;
  std::unordered_map<const caf::resumable*, std::string> ids_;
};

// Alice has 100 and lives on shard 0; bob has nothing and lives on shard 1.
struct TwoShards : Simulation {
  explicit TwoShards(SimulationOptions options = {});
  TestSubmissionPtr pay(ledger::Amount amount, std::string key = {}) const;
  TestSubmissionPtr pay_back(ledger::Amount amount, std::string key = {}) const;

  std::string alice = name_on(0);
  std::string bob = name_on(1);
};

}  // namespace sg::test
