#include "tests/simulation/simulation.hpp"

#include <spdlog/spdlog.h>

#include <optional>
#include <string>
#include <utility>

#include "ledger/invariant.hpp"
#include "tests/simulation/clients.hpp"
#include "tests/simulation/faults.hpp"
#include "tests/simulation/judge.hpp"
#include "tests/simulation/process.hpp"

namespace sg::test {
namespace {

using namespace std::chrono_literals;

// Of the phase without faults: a ledger at rest needs a few thousand.
constexpr std::size_t kPatience = 400'000;
constexpr std::size_t kStepsOfOperation = 8;
constexpr Ppm kClientActs = 20 * kPercent;
constexpr std::int64_t kLongestPause_ms = 30;
// When nobody has anything to do: what waits for a time gets it.
constexpr auto kIdle = 50ms;
// Longer than any lock is waited for, a failed indexer, or an actor that hangs.
constexpr auto kLongIdle = 60s;
constexpr ledger::Amount kMostAtFirst = 400;
// Of an account that is nearly full.
constexpr ledger::Amount kNearlyFull = 100;

class Simulation {
 public:
  explicit Simulation(const RunOptions& options)
      : world_(options.seed, options.verbose),
        faults_(world_),
        clients_(world_, log_, open_accounts()) {
    faults::set_defect(options.defect);
    faults::set_handler([this](faults::Point point) { faults_.at(point); });
  }
  ~Simulation() {
    faults_.stop();
    if (process_) clients_.disconnect();
    process_.reset();
    faults::set_handler(nullptr);
    faults::set_defect(faults::Defect::none);
  }
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  RunReport run();

 private:
  std::vector<std::string> open_accounts();
  bool run_with_faults();
  bool run_to_rest();
  bool come_to_rest();
  bool work_without_faults();
  void start_process();
  void connect() {
    clients_.connect(std::make_shared<DeskService>(process_->desk(), process_->store()));
  }
  void step();
  void end_of_process();
  void breach(std::string text) { report_.breaches.push_back(std::move(text)); }

  RunReport report_;
  const std::uint64_t invariants_broken_ = ledger::invariants_broken();
  World world_;
  ClientLog log_;
  Faults faults_;
  Clients clients_;
  ProcessPlan plan_ = single_ledger(world_.scenario);
  std::unique_ptr<Process> process_;
  bool is_healthy_ = false;  // nothing is left of the faults
};

std::vector<std::string> Simulation::open_accounts() {
  auto store = persistence::open_memory_store(world_.machine().disk, {});
  auto& random = world_.random;
  std::vector<std::string> ids;
  auto group = (*store)->begin_group(world_.wall, 0);
  for (std::size_t i = 0; i < world_.scenario.workload.accounts; ++i) {
    ledger::NewAccount account;
    account.id = "a" + std::to_string(i);
    account.initial_balance = random.between(0, kMostAtFirst);
    account.floor = random.below(4) == 0 ? -random.between(0, kMostAtFirst) : 0;
    if (random.below(16) == 0) {
      account.initial_balance = static_cast<ledger::Amount>(ledger::kMaxAmount) - kNearlyFull;
    }
    group.add(account);
    group.end_unit();
    ids.push_back(account.id);
  }
  if (!(*store)->append_now(std::move(group))) breach("the accounts cannot be opened");
  return ids;
}

void Simulation::start_process() {
  std::string refused;
  try {
    process_ = Process::start(world_, world_.machine(), plan_, refused);
  } catch (const InjectedCrash&) {
    // It ended while it was starting.
    world_.machine().disk->crash(world_.machine().disk->unsynced());
    return;
  }
  if (!process_) {
    world_.trace.say([&] { return "the store does not open: " + refused; });
    // Whatever goes wrong with the disk, it is not damaged.
    const bool told_to = refused.find("told to fail") != std::string::npos ||
                         refused.find("is full") != std::string::npos;
    if (!told_to) breach(refused);
    return;
  }
  ++report_.processes;
  faults_.aim_at(process_.get(), world_.machine());
  connect();
}

void Simulation::end_of_process() {
  clients_.disconnect();
  process_.reset();
  faults_.aim_at(nullptr, world_.machine());
}

void Simulation::step() {
  ++report_.steps;
  if (process_ && process_->is_over()) end_of_process();
  if (!process_) {
    start_process();
    return;
  }
  auto& random = world_.random;
  faults_.step();
  if (process_->is_over()) return;
  if (random.chance(kClientActs)) clients_.act();
  if (random.chance(world_.scenario.time)) {
    world_.pass(std::chrono::milliseconds(random.between(1, kLongestPause_ms)));
  }
  process_->pass_time();
  if (!process_->step(faults_.kills())) world_.pass(kIdle);
  // The tree is started anew as often as it takes: its first child is the last to be there.
  if (!process_->is_over()) connect();
}

bool Simulation::run_with_faults() {
  start_process();
  faults_.begin();
  for (std::size_t i = 0; i < world_.scenario.steps && report_.breaches.empty(); ++i) step();
  return report_.breaches.empty();
}

// Everybody is told, and nothing moves any more.
bool Simulation::come_to_rest() {
  std::chrono::milliseconds idle{0};
  for (std::size_t i = 0; i < kPatience; ++i) {
    ++report_.steps;
    if (process_ && process_->is_over()) {
      if (is_healthy_) breach("the process ended without a fault");
      end_of_process();
    }
    if (!process_) {
      start_process();
      if (!process_) {
        breach("it does not start");
        return false;
      }
    }
    process_->pass_time();
    if (process_->step(false)) {
      idle = 0ms;
      continue;
    }
    connect();
    const bool asked = clients_.finish();
    if (!asked && idle >= kIdle && !process_->hangs_one()) {
      if (process_->admitted() > 0) {
        breach("all calls have ended, and " + std::to_string(process_->admitted()) +
               " of them are still counted");
      }
      return true;
    }
    if (idle >= kLongIdle) break;
    world_.pass(kIdle);
    idle += kIdle;
  }
  breach("it does not come to rest: " + clients_.state());
  return false;
}

// Clients still give up what they asked for, but no lock is waited for in vain.
bool Simulation::work_without_faults() {
  const auto operations = world_.scenario.workload.operations_after;
  clients_.go_on(operations);
  for (std::size_t i = 0; i < operations * kStepsOfOperation; ++i) {
    if (process_->is_over()) return true;
    clients_.act();
    for (std::size_t k = world_.random.below(kStepsOfOperation); k > 0; --k) {
      if (!process_->step(false)) break;
    }
    connect();
  }
  return come_to_rest();
}

bool Simulation::run_to_rest() {
  faults_.stop();
  clients_.behave();
  clients_.knock();
  if (!come_to_rest()) return false;
  is_healthy_ = true;
  clients_.expect_health();
  if (!work_without_faults()) return false;
  clients_.ask_again();
  clients_.read_all();
  if (!come_to_rest()) return false;
  const auto balances = process_->store().load_balances();
  const auto accounts = process_->store().accounts({}, kPatience);
  if (!balances || !accounts) {
    breach("balances or accounts cannot be read");
    return false;
  }
  for (const auto& account : *accounts) {
    clients_.probe(account.id, balances->at(account.number), account.floor);
  }
  if (!come_to_rest()) return false;
  clients_.read_all();
  return come_to_rest();
}

RunReport Simulation::run() {
  if (run_with_faults() && run_to_rest()) {
    process_->end(true);
    end_of_process();
    // Not one unsynced write is left.
    world_.machine().disk->crash(0, false);
    auto store = persistence::open_memory_store(world_.machine().disk, {});
    if (store) {
      for (auto& text : judge(**store, log_)) breach(std::move(text));
    } else {
      breach(store.error().message);
    }
  }
  for (auto& text : judge_invariants(invariants_broken_)) breach(std::move(text));
  for (const auto& answer : log_.answers) {
    ++(answer.committed ? report_.committed : report_.refused);
  }
  report_.unknown = log_.unknown;
  report_.trace = world_.trace.hash();
  return report_;
}

}  // namespace

RunReport simulate(const RunOptions& options) {
  spdlog::set_level(options.verbose ? spdlog::level::debug : spdlog::level::off);
  return Simulation(options).run();
}

}  // namespace sg::test
