#include "tests/faults/faulty_ledger.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <caf/all.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>

#include "actors/children.hpp"
#include "supervisor/messages.hpp"

namespace sg::test {
namespace {

// Nothing that a test waits for takes longer: a hang is a failure.
constexpr std::chrono::seconds kPatience{20};
// Checkpoints and chunks of history while the load runs, not only after it.
constexpr std::size_t kCheckpointInterval = 5000;
constexpr std::size_t kIndexChunk = 2000;

[[noreturn]] void give_up(const std::string& what) {
  spdlog::set_level(spdlog::level::info);
  spdlog::critical("the ledger under test: {}", what);
  std::abort();
}

config::Settings settings_of(std::size_t intensity) {
  config::Settings settings;
  settings.server.listen = {"127.0.0.1", 0};
  settings.server.drain_timeout = std::chrono::milliseconds{500};
  settings.ledger.shards = 2;
  settings.storage.checkpoint_interval = kCheckpointInterval;
  settings.storage.index_chunk = kIndexChunk;
  settings.supervisor.intensity = intensity;
  settings.supervisor.period = std::chrono::seconds{60};
  return settings;
}

}  // namespace

FaultyLedger::Config::Config(const config::Settings& settings) {
  actors::configure(*this, settings);
}

FaultyLedger::FaultyLedger(std::size_t intensity)
    : settings_(settings_of(intensity)),
      config_(std::make_unique<Config>(settings_)),
      system_(std::make_unique<caf::actor_system>(*config_)) {
  // What it logs of the faults that a test asked for would bury the test's own output.
  spdlog::set_level(spdlog::level::off);
  auto runtime = std::make_shared<actors::Runtime>();
  runtime->settings = settings_;
  runtime->store = open();
  metrics_ = runtime->metrics;
  root_ = actors::spawn_tree(*system_, runtime, actors::gateway_spec(runtime, seat_));
  await_gateway();
}

FaultyLedger::~FaultyLedger() {
  if (root_) caf::anon_send_exit(root_, caf::exit_reason::user_shutdown);
}

std::unique_ptr<persistence::Store> FaultyLedger::open() const {
  persistence::StoreOptions options;
  options.index_chunk = kIndexChunk;
  auto store = persistence::open_store(directory_.path() / "store", options);
  if (!store) give_up(store.error().message);
  return std::move(*store);
}

void FaultyLedger::await_gateway() {
  caf::scoped_actor self(*system_);
  self->monitor(root_);
  caf::anon_send(root_, supervisor::Subscribe{caf::actor_cast<caf::actor>(self)});
  bool is_up = false;
  self->receive_while([&] { return !is_up; })(
      [&](const supervisor::ChildUp& up) { is_up = up.id == actors::kGatewayId; },
      [](const supervisor::ChildDown&) {},
      [](const caf::down_msg&) { give_up("the tree does not start"); },
      caf::after(kPatience) >> [] { give_up("the gateway does not start"); });
}

void FaultyLedger::collect(const caf::actor& supervisor, std::vector<Child>& children) {
  caf::scoped_actor self(*system_);
  supervisor::ChildList list;
  self->request(supervisor, kPatience, supervisor::WhichChildren{})
      .receive([&](supervisor::ChildList& reply) { list = std::move(reply); },
               [](caf::error&) { give_up("a supervisor does not answer"); });
  for (const auto& child : list.children) {
    children.push_back({child.id, child.handle, supervisor});
    if (child.type == supervisor::ChildType::supervisor && child.handle) {
      collect(child.handle, children);
    }
  }
}

std::vector<FaultyLedger::Child> FaultyLedger::children() {
  std::vector<Child> all;
  collect(root_, all);
  return all;
}

std::vector<std::string> FaultyLedger::ids() {
  std::vector<std::string> all;
  for (const auto& child : children()) all.push_back(child.id);
  return all;
}

caf::actor FaultyLedger::handle(const std::string& id) {
  for (const auto& child : children()) {
    if (child.id == id) return child.handle;
  }
  give_up("no child " + id);
}

void FaultyLedger::fail(const std::string& id, Fault fault) {
  const auto victim = handle(id);
  if (fault == Fault::kill) return caf::anon_send_exit(victim, caf::exit_reason::kill);
  // A supervisor heeds nobody's errors but its parent's.
  if (id == actors::kShardsId) {
    return caf::anon_send_exit(victim, caf::exit_reason::user_shutdown);
  }
  const caf::error reason = caf::sec::runtime_error;
  victim->enqueue(nullptr, caf::make_message_id(),
                  caf::make_message(caf::exit_msg{victim.address(), reason}), nullptr);
}

std::uint64_t FaultyLedger::await_restart(const std::string& id,
                                          const std::function<void()>& cause) {
  const auto all = children();
  const auto child =
      std::find_if(all.begin(), all.end(), [&](const auto& c) { return c.id == id; });
  if (child == all.end() || !child->handle) give_up("no child " + id);
  caf::scoped_actor self(*system_);
  caf::anon_send(child->supervisor, supervisor::Subscribe{caf::actor_cast<caf::actor>(self)});
  cause();
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  self->receive_while([&] { return after == 0; })(
      [&](const supervisor::ChildUp& up) {
        if (up.id == id) (up.handle == child->handle ? before : after) = up.incarnation;
      },
      [](const supervisor::ChildDown&) {},
      caf::after(kPatience) >> [&] { give_up(id + " does not come back"); });
  return after - before;
}

caf::error FaultyLedger::await_end() {
  caf::scoped_actor self(*system_);
  self->monitor(root_);
  caf::error reason;
  self->receive([&](const caf::down_msg& down) { reason = down.reason; },
                caf::after(kPatience) >> [] { give_up("the tree does not end"); });
  root_ = nullptr;
  return reason;
}

std::unique_ptr<persistence::Store> FaultyLedger::stop_and_reopen() {
  if (root_) caf::anon_send_exit(root_, caf::exit_reason::user_shutdown);
  root_ = nullptr;
  system_.reset();  // waits for every actor; the last of them closes the store
  return open();
}

}  // namespace sg::test
