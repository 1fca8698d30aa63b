#include "tests/simulation/process.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "actors/actor_errors.hpp"
#include "actors/journal/journal.hpp"
#include "actors/tree/tree.hpp"
#include "tests/simulation/desk.hpp"

namespace sg::test {
namespace {

constexpr std::size_t kMaxMessagesOfEnd = 100'000;
// More than all clients together ever ask for: none is refused.
constexpr std::size_t kMaxInFlight = 1'000'000;
constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

std::string name_of(const caf::mailbox_element& element) {
  const auto& content = element.content();
  if (content.empty()) return "nothing";
  const auto [number, type] = content.type(0);
  return type != nullptr ? type->name() : "type " + std::to_string(number);
}

caf::actor_id id_of(caf::resumable* job) { return dynamic_cast<caf::scheduled_actor*>(job)->id(); }

// What the power leaves of a write. The log's checksums make the last three one: it ends there.
enum class Remains { whole, torn, absent, corrupt };

// How many of so many writes are whole before the first that is not.
std::size_t whole_writes(Random& random, std::size_t written) {
  std::size_t whole = 0;
  while (whole < written && static_cast<Remains>(random.below(4)) == Remains::whole) ++whole;
  return whole;
}

// The log goes on only after a record that is whole. In half of the cases it lies in two files, of
// which any part may be left, so that a later write may be there without an earlier one.
persistence::MemoryDisk::Survivors survivors_of(Random& random, std::size_t written) {
  if (random.below(2) == 0) return {whole_writes(random, written)};
  persistence::MemoryDisk::Survivors left;
  left.younger_from = random.below(written + 1);
  left.of_older = random.below(left.younger_from + 1);
  left.of_younger = random.below(written - left.younger_from + 1);
  return left;
}

}  // namespace

persistence::StoreOptions store_options(const Scenario& scenario) {
  persistence::StoreOptions options;
  options.index_chunk = scenario.index_chunk;
  options.link_secret = 1;
  return options;
}

ProcessPlan single_ledger(const Scenario& scenario) {
  return {[options = store_options(scenario)](Machine& machine) {
            return persistence::open_memory_store(machine.disk, options).map([](auto&& store) {
              return std::shared_ptr(std::move(store));
            });
          },
          {},
          {},
          {}};
}

Process::Config::Config() {
  set("scheduler.policy", caf::atom("testing"));
  supervisor::register_messages(*this);
  add_error_category(actors::store_category, actors::render_store_error);
}

std::unique_ptr<Process> Process::start(World& world, Machine& machine, const ProcessPlan& plan,
                                        std::string& refused) {
  auto store = plan.open(machine);
  if (!store) {
    refused = store.error().message;
    return nullptr;
  }
  std::unique_ptr<Process> process(new Process(world, machine, plan, std::move(*store)));
  process->spawn();
  return process;
}

Process::Process(World& world, Machine& machine, const ProcessPlan& plan,
                 std::shared_ptr<persistence::Store> store)
    : world_(world),
      machine_(machine),
      plan_(plan),
      late_(world.scenario.late > 0 ? std::make_shared<LateStore>(store) : nullptr),
      store_(late_ ? late_ : std::move(store)),
      system_(config_),
      scheduler_(dynamic_cast<caf::scheduler::test_coordinator*>(&system_.scheduler())) {
  machine_.owed = {};
}

Process::~Process() {
  if (!ended_) end(false);
  if (hung_) wake();
  caf::anon_send_exit(root_, caf::exit_reason::kill);
  desk_ = nullptr;
  root_ = nullptr;
  scheduler_->run(kMaxMessagesOfEnd);
  system_.await_actors_before_shutdown(false);
}

void Process::spawn() {
  auto runtime = std::make_shared<actors::Runtime>();
  const auto& scenario = world_.scenario;
  runtime->settings.ledger.shards = scenario.shards;
  runtime->settings.ledger.lock_timeout = scenario.lock_timeout;
  runtime->settings.storage.checkpoint_interval = scenario.checkpoint_interval;
  runtime->settings.supervisor.intensity = scenario.intensity;
  runtime->settings.supervisor.liveness_period = scenario.liveness;
  runtime->store = store_;
  runtime->detached = false;
  runtime->wall_clock = [this] { return world_.wall + machine_.clock_is_ahead_ms; };
  runtime->steady_clock = [this] { return world_.steady; };
  runtime->report = [this](const supervisor::Report& report) {
    world_.trace.say([&] { return "  " + supervisor::to_string(report); });
  };
  runtime->end_process = [this](const std::string& why) {
    world_.trace.say([&] { return "the process ends itself: " + why; });
    if (plan_.ends) plan_.ends(why);
    end(false);
    throw ProcessEnded{};
  };
  if (plan_.equip) plan_.equip(*runtime);
  runtime_ = runtime;

  supervisor::ChildSpec door;
  door.id = "desk";
  door.start = [this](caf::event_based_actor* parent) {
    admissions_ = std::make_shared<actors::Admissions>(kMaxInFlight, kNoLimit);
    desk_ = parent->spawn(desk_actor, caf::actor_cast<caf::actor>(parent), admissions_);
    return caf::expected<caf::actor>{desk_};
  };
  auto first = plan_.first ? plan_.first(runtime_) : std::vector<supervisor::ChildSpec>{};
  root_ = actors::spawn_tree(system_, runtime_, std::move(door), std::move(first));
  root_->attach_functor([ended = root_ended_] { *ended = true; });
}

void Process::end(bool power_fails) {
  if (ended_) return;
  ended_ = true;
  auto& random = world_.random;
  if (!power_fails) {
    world_.trace.say([] { return "the process is killed"; });
    machine_.disk->crash(machine_.disk->unsynced());
    return machine_.disk->disown();
  }
  const auto written = machine_.disk->unsynced();
  const auto left = survivors_of(random, written);
  const bool keep_mark = random.below(2) == 0;
  world_.trace.say([&] {
    const auto in_older = std::min(left.younger_from, written);
    return "the power fails: of unsynced writes " + std::to_string(left.of_older) + " of " +
           std::to_string(in_older) + " are whole in the older file, " +
           std::to_string(left.of_younger) + " of " + std::to_string(written - in_older) +
           " in the younger one" + (keep_mark ? "" : ", the mark is an old one");
  });
  machine_.disk->crash(left, keep_mark);
  machine_.disk->disown();
}

std::size_t Process::choose_job() {
  auto& random = world_.random;
  const auto& jobs = scheduler_->jobs;
  if (last_ != starved_ && random.chance(world_.scenario.burst)) {
    const auto again =
        std::find_if(jobs.begin(), jobs.end(), [this](auto* job) { return id_of(job) == last_; });
    if (again != jobs.end()) return static_cast<std::size_t>(again - jobs.begin());
  }
  auto chosen = random.below(jobs.size());
  if (id_of(jobs[chosen]) == starved_) chosen = (chosen + 1) % jobs.size();
  return chosen;
}

// The journal between a commit and its flush: what others do meanwhile is where unsynced state
// shows.
bool Process::holds_back(caf::resumable& job) {
  constexpr std::size_t kLongest = 60;
  const auto* next = dynamic_cast<caf::scheduled_actor&>(job).mailbox().peek();
  if (next == nullptr || starve_for_ > 0) return false;
  const auto& content = next->content();
  const bool is_between =
      content.match_elements<actors::Commit>() || content.match_elements<actors::Flush>();
  if (!is_between || !world_.random.chance(world_.scenario.faults.hold_back)) return false;
  starved_ = id_of(&job);
  starve_for_ = 1 + world_.random.below(kLongest);
  return true;
}

void Process::note_step(caf::resumable& job, bool kill) {
  auto& actor = dynamic_cast<caf::scheduled_actor&>(job);
  const auto* next = actor.mailbox().peek();
  const auto name = next == nullptr ? std::string("nothing") : name_of(*next);
  world_.trace.mix(actor.id());
  world_.trace.mix(name);
  world_.trace.say(
      [&] { return (kill ? "kill " : "run ") + std::to_string(actor.id()) + " before " + name; });
}

void Process::run_front() {
  last_ = id_of(scheduler_->jobs.front());
  if (fiber_->run([this] { scheduler_->run_once(); })) return;
  hung_ = std::exchange(fiber_, std::make_unique<Fiber>());
}

void Process::hang(std::size_t steps) {
  is_stall_ = false;
  suspend(steps);
}

void Process::stall(std::size_t steps) {
  is_stall_ = true;
  suspend(steps);
}

void Process::suspend(std::size_t steps) {
  hangs_for_ = steps;
  fiber_->suspend();
  if (is_over()) throw ProcessEnded{};
}

void Process::wake() {
  world_.trace.say([] { return "who hung goes on"; });
  hung_->resume();
  hung_.reset();
}

// When nobody has anything to do, one always is.
bool Process::is_group_due() {
  return late_ && late_->under_way() > 0 &&
         (scheduler_->jobs.empty() || world_.random.chance(world_.scenario.late));
}

void Process::complete_group() {
  world_.trace.mix("group");
  world_.trace.say([] { return "the oldest group under way is written"; });
  try {
    late_->complete_one();
  } catch (const std::exception&) {
    // A fault point threw: the journal was told that the group failed.
  } catch (const ProcessEnded&) {
    // Nobody is there to be told anything.
  }
}

bool Process::step(bool kill) {
  auto& jobs = scheduler_->jobs;
  if (hung_ && --hangs_for_ == 0) {
    wake();
    return true;
  }
  if (is_group_due()) {
    complete_group();
    return true;
  }
  if (jobs.empty()) return false;
  const auto chosen = choose_job();
  std::swap(jobs.front(), jobs[chosen]);
  auto* job = jobs.front();
  if (jobs.size() > 1 && holds_back(*job)) {
    std::swap(jobs.front(), jobs.back());
    job = jobs.front();
  }
  note_step(*job, kill);
  if (starve_for_ > 0) {
    if (starved_ == 0) starved_ = id_of(job);
    if (--starve_for_ == 0) starved_ = 0;
  }
  if (kill) {
    const caf::strong_actor_ptr victim{dynamic_cast<caf::scheduled_actor*>(job)->ctrl()};
    victim->enqueue(nullptr, caf::make_message_id(caf::message_priority::high),
                    caf::make_message(caf::exit_msg{{}, caf::exit_reason::kill}), nullptr);
  }
  run_front();
  return true;
}

void Process::pass_time() {
  const auto time = std::exchange(machine_.owed, std::chrono::milliseconds{0});
  if (time.count() > 0) scheduler_->advance_time(time);
}

}  // namespace sg::test
