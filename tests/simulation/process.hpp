// One life of the ledger's process: the store opened on the world's disk, and the real tree on the
// deterministic scheduler. Each step one actor handles one message; which one, the dice say.
#pragma once

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/gateway/door/admissions.hpp"
#include "actors/runtime.hpp"
#include "supervisor/child_spec.hpp"
#include "tests/simulation/fiber.hpp"
#include "tests/simulation/world.hpp"
#include "tests/support/late_store.hpp"

namespace sg::test {

// Thrown where the process ends in the middle of a handler.
struct ProcessEnded {};

// What a process is, beside its machine and the scenario.
struct ProcessPlan {
  // Opens the store on the machine's disk.
  std::function<persistence::StoreResult<std::shared_ptr<persistence::Store>>(Machine&)> open;
  // Changes what every actor is given. Null: nothing is changed.
  std::function<void(actors::Runtime&)> equip;
  // The children before all others. Null: there are none.
  std::function<std::vector<supervisor::ChildSpec>(const actors::RuntimePtr&)> first;
  // Told why the process ends itself. Null: nobody is.
  std::function<void(const std::string& why)> ends;
};
// A ledger that stands alone.
ProcessPlan single_ledger(const Scenario& scenario);
persistence::StoreOptions store_options(const Scenario& scenario);

class Process {
 public:
  // Throws what a fault point throws; `refused` when the store does not open.
  static std::unique_ptr<Process> start(World& world, Machine& machine, const ProcessPlan& plan,
                                        std::string& refused);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // The tree has ended, or end() was called: there is nothing to do but to destroy it.
  bool is_over() const { return *root_ended_ || ended_; }
  // The process ends here and now: the disk is as a power failure leaves it, or as the page cache.
  void end(bool power_fails);

  // Lets one actor handle one message, or dies in its place (`kill`). False when none has any.
  bool step(bool kill);
  // Not run for so many steps: the actor whose turn it is.
  void starve_next(std::size_t steps) { starve_for_ = steps; }
  // Called in a handler: it hangs where it is, for so many steps of the others. One at a time.
  void hang(std::size_t steps);
  // The same, so shortly that no time passes.
  void stall(std::size_t steps);
  bool hangs_one() const { return hung_ != nullptr; }
  bool stalls() const { return hung_ != nullptr && is_stall_; }
  void pass_time();

  const caf::actor& desk() const { return desk_; }
  // Calls that are in flight, as the desk counts them.
  std::size_t admitted() const { return admissions_->calls(); }
  persistence::Store& store() { return *store_; }

 private:
  struct Config : caf::actor_system_config {
    Config();
  };

  Process(World& world, Machine& machine, const ProcessPlan& plan,
          std::shared_ptr<persistence::Store> store);
  void spawn();
  void suspend(std::size_t steps);
  std::size_t choose_job();
  bool holds_back(caf::resumable& job);
  void note_step(caf::resumable& job, bool kill);
  void run_front();
  void wake();
  bool is_group_due();
  void complete_group();

  World& world_;
  Machine& machine_;
  const ProcessPlan& plan_;
  std::shared_ptr<LateStore> late_;            // null: groups are durable at once
  std::shared_ptr<persistence::Store> store_;  // late_ if there is one
  Config config_;
  caf::actor_system system_;
  caf::scheduler::test_coordinator* scheduler_;
  actors::RuntimePtr runtime_;
  caf::actor root_;
  caf::actor desk_;
  std::shared_ptr<actors::Admissions> admissions_;  // of the present desk
  std::shared_ptr<bool> root_ended_ = std::make_shared<bool>(false);
  bool ended_ = false;
  // Actors, by id; 0: none.
  caf::actor_id last_ = 0;
  caf::actor_id starved_ = 0;
  std::size_t starve_for_ = 0;
  std::unique_ptr<Fiber> fiber_ = std::make_unique<Fiber>();
  std::unique_ptr<Fiber> hung_;
  std::size_t hangs_for_ = 0;
  bool is_stall_ = false;
};

}  // namespace sg::test
