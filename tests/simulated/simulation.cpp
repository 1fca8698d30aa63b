#include "tests/simulated/simulation.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <numeric>

#include "actors/account_shard/account_shard.hpp"
#include "actors/actor_errors.hpp"
#include "actors/coordinator/coordinator.hpp"
#include "actors/indexer/indexer.hpp"
#include "actors/journal/journal.hpp"
#include "actors/queries/queries.hpp"

namespace sg::test {
namespace {

constexpr std::size_t kMaxMessages = 200'000;  // a loop must not hang a test
constexpr int kIntensity = 1000;

std::string text_of(const ledger::Error& error) {
  std::string text{to_string(error.reason)};
  if (error.outcome == ledger::Outcome::unknown) text += " unknown";
  return text;
}

caf::resumable* job_of(const caf::actor& actor) {
  return dynamic_cast<caf::resumable*>(caf::actor_cast<caf::abstract_actor*>(actor));
}

}  // namespace

std::string answer_to(const TestSubmissionPtr& submission, std::size_t item) {
  if (!submission->answered()) return submission.use_count() == 1 ? "lost" : "open";
  const auto& result = submission->results[item];
  if (result.error) return text_of(*result.error);
  return "committed " + std::to_string(result.sequence);
}

std::string answer_to(const TestQueryPtr& query) {
  if (!query->answered()) return query.use_count() == 1 ? "lost" : "open";
  if (!query->result) return text_of(query->result.error());
  const auto* balance = std::get_if<Balance>(&*query->result);
  return balance == nullptr ? "another answer" : "balance " + std::to_string(balance->balance);
}

Simulation::Config::Config() {
  set("scheduler.policy", caf::atom("testing"));
  supervisor::register_messages(*this);
  add_error_category(store_category, render_store_error);
}

Simulation::Simulation(SimulationOptions options)
    : options_(options),
      disk_(persistence::make_memory_disk()),
      system(config_),
      scheduler_(dynamic_cast<caf::scheduler::test_coordinator*>(&system.scheduler())) {
  persistence::StoreOptions store_options;
  store_options.key_retention_ms = options.key_retention.count();
  // What it logs of the faults that a test asked for would bury the test's own output.
  spdlog::set_level(spdlog::level::off);
  auto store = persistence::open_memory_store(disk_, store_options);
  REQUIRE(store);
  store_ = std::move(*store);
  auto runtime = std::make_shared<Runtime>();
  runtime->settings.ledger.shards = options.shards;
  if (options.late_appends) late_ = std::make_shared<LateStore>(store_);
  runtime->store = late_ ? late_ : store_;
  runtime->detached = false;
  runtime->wall_clock = [this] { return wall_clock; };
  runtime->steady_clock = [this] { return steady_clock; };
  runtime_ = runtime;
}

Simulation::~Simulation() {
  release();
  if (root_) caf::anon_send_exit(root_, caf::exit_reason::kill);
  scheduler_->run(kMaxMessages);
  for (const auto& actor : all_) caf::anon_send_exit(actor, caf::exit_reason::kill);
  scheduler_->run(kMaxMessages);
}

void Simulation::open_account(const std::string& id, ledger::Amount balance, ledger::Amount floor) {
  auto group = store_->begin_group(wall_clock, 0);
  ledger::NewAccount account;
  account.id = id;
  account.initial_balance = balance;
  account.floor = floor;
  group.add(account);
  group.end_unit();
  REQUIRE(store_->append_now(std::move(group)));
}

supervisor::ChildSpec Simulation::spec(const std::string& id,
                                       std::function<caf::actor(caf::event_based_actor*)> start) {
  supervisor::ChildSpec spec;
  spec.id = id;
  spec.start = [this, id, start = std::move(start)](caf::event_based_actor* parent) {
    return caf::expected<caf::actor>{adopt(start(parent), id)};
  };
  return spec;
}

std::vector<supervisor::ChildSpec> Simulation::specs() {
  const auto worker = [this](std::string_view id, auto function) {
    return spec(std::string(id), [this, function](caf::event_based_actor* parent) {
      return parent->spawn(function, runtime_, caf::actor_cast<caf::actor>(parent));
    });
  };
  const auto shards_spec = spec(std::string(kShardsId), [this](caf::event_based_actor* parent) {
    const auto root = caf::actor_cast<caf::actor>(parent);
    std::vector<supervisor::ChildSpec> shards;
    for (std::uint32_t i = 0; i < options_.shards; ++i) {
      shards.push_back(spec(shard_id(i), [this, root, i](caf::event_based_actor* supervisor) {
        return caf::actor{
            supervisor->spawn(account_shard, runtime_, root, i, runtime_->next_incarnation())};
      }));
    }
    return supervisor::spawn_supervisor(
        parent, {.name = std::string(kShardsId), .intensity = kIntensity}, std::move(shards));
  });
  std::vector<supervisor::ChildSpec> children;
  children.push_back(spec(
      std::string(kJournalId), [this, restarted = false](caf::event_based_actor* parent) mutable {
        return caf::actor{
            parent->spawn(journal, runtime_, caf::actor{}, std::exchange(restarted, true))};
      }));
  children.push_back(shards_spec);
  if (options_.coordinator) {
    children.push_back(spec(std::string(kCoordinatorId), [this](caf::event_based_actor* parent) {
      return caf::actor{parent->spawn(coordinator, runtime_, caf::actor_cast<caf::actor>(parent),
                                      runtime_->next_incarnation())};
    }));
  }
  children.push_back(worker(kQueriesId, queries));
  children.push_back(worker(kIndexerId, indexer));
  return children;
}

void Simulation::start() {
  root_ = supervisor::spawn_supervisor(system, {.name = "root", .intensity = kIntensity}, specs());
  adopt(root_, "root");
  run();
}

caf::actor Simulation::adopt(caf::actor actor, const std::string& id) {
  handles_[id] = actor;
  ids_[job_of(actor)] = id;
  all_.push_back(actor);
  return actor;
}

const caf::mailbox_element* Simulation::next_of(std::string_view id) const {
  auto* job = job_of(handle(id));
  if (std::find(scheduler_->jobs.begin(), scheduler_->jobs.end(), job) == scheduler_->jobs.end()) {
    return nullptr;
  }
  return dynamic_cast<caf::scheduled_actor*>(job)->mailbox().peek();
}

bool Simulation::is_held(caf::resumable* job) const {
  const auto id = ids_.find(job);
  if (id == ids_.end() || holds_.empty()) return false;
  const auto* next = dynamic_cast<caf::scheduled_actor*>(job)->mailbox().peek();
  return next != nullptr && std::any_of(holds_.begin(), holds_.end(), [&](const Hold& hold) {
           return hold.id == id->second && hold.match(*next);
         });
}

void Simulation::run() {
  auto& jobs = scheduler_->jobs;
  auto messages = kMaxMessages;
  for (std::size_t held = 0; held < jobs.size(); --messages) {
    REQUIRE(messages > 0);
    auto* job = jobs.front();
    if (is_held(job)) {
      ++held;
    } else {
      held = 0;
      scheduler_->run_once();
    }
    // Actors in turn: one that sends itself messages must not starve the others.
    if (!jobs.empty() && jobs.front() == job)
      std::rotate(jobs.begin(), jobs.begin() + 1, jobs.end());
  }
}

void Simulation::run_once(std::string_view id) {
  REQUIRE(scheduler_->prioritize(handle(id)));
  scheduler_->run_once();
}

void Simulation::pass(std::chrono::milliseconds time) {
  steady_clock += time;
  wall_clock += time.count();
  scheduler_->advance_time(time);
  run();
}

void Simulation::run_for(std::chrono::milliseconds time) {
  constexpr std::chrono::milliseconds kStep{500};
  for (; time > kStep; time -= kStep) pass(kStep);
  pass(time);
}

void Simulation::kill(std::string_view id) {
  bool is_dead = false;
  const auto victim = handle(id);
  victim->attach_functor([&is_dead] { is_dead = true; });
  // Ahead of what waits in the mailbox, as a crash in the handler of the message before would be.
  victim->enqueue(nullptr, caf::make_message_id(caf::message_priority::high),
                  caf::make_message(caf::exit_msg{{}, caf::exit_reason::kill}), nullptr);
  while (!is_dead) run_once(id);
}

TestSubmissionPtr Simulation::submit(TestSubmissionPtr submission) {
  submission->stamp_keys(persistence::stamp);
  caf::anon_send(handle(kCoordinatorId), Submit{{submission}});
  return submission;
}

TestQueryPtr Simulation::ask(QueryAsk what) {
  auto query = std::make_shared<TestQuery>();
  query->ask = std::move(what);
  caf::anon_send(handle(kQueriesId), AnswerQueries{{query}});
  return query;
}

std::string Simulation::balance(const std::string& account) {
  const auto query = ask(BalanceOf{account});
  run();
  return answer_to(query);
}

std::string Simulation::outcome(const TestSubmissionPtr& submission) {
  submit(submission);
  run();
  return answer_to(submission);
}

std::string Simulation::name_on(std::size_t shard, int nth) const {
  for (int i = 0;; ++i) {
    auto name = "account" + std::to_string(i);
    if (ledger::shard_of(name, options_.shards) == shard && nth-- == 0) return name;
  }
}

void Simulation::check_chain(ledger::Amount sum) {
  const auto report = store_->verify([](const persistence::VerifyProgress&) { return true; });
  REQUIRE(report);
  CHECK(report->problems.empty());
  const auto& balances = report->balances;
  CHECK(std::accumulate(balances.begin(), balances.end(), ledger::Amount{0}) == sum);
}

TwoShards::TwoShards(SimulationOptions options) : Simulation(options) {
  open_account(alice, 100);
  open_account(bob, 0);
  start();
}

TestSubmissionPtr TwoShards::pay(ledger::Amount amount, std::string key) const {
  return transfer({{alice, -amount}, {bob, amount}}, std::move(key));
}

TestSubmissionPtr TwoShards::pay_back(ledger::Amount amount, std::string key) const {
  return transfer({{bob, -amount}, {alice, amount}}, std::move(key));
}

}  // namespace sg::test
