#include "tests/support/running_ledger.hpp"

#include <spdlog/spdlog.h>

#include <caf/all.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "actors/children.hpp"
#include "supervisor/messages.hpp"

namespace sg::test {
namespace {

constexpr ledger::TimeMs kStartTime = 1'700'000'000'000;

[[noreturn]] void give_up(const char* what) {
  spdlog::critical("the ledger under test: {}", what);
  std::abort();
}

}  // namespace

config::Settings ledger_settings() {
  config::Settings settings;
  settings.server.listen = {"127.0.0.1", 0};
  settings.ledger.shards = 3;
  return settings;
}

std::shared_ptr<persistence::Store> memory_store() {
  return memory_store(persistence::make_memory_disk());
}

std::shared_ptr<persistence::Store> memory_store(std::shared_ptr<persistence::MemoryDisk> disk,
                                                 const persistence::StoreOptions& options) {
  auto store = persistence::open_memory_store(std::move(disk), options);
  REQUIRE(store.has_value());
  return std::move(*store);
}

std::string on_shard(const std::string& name, std::size_t shard, std::size_t shards) {
  for (int i = 0;; ++i) {
    auto id = name + std::to_string(i);
    if (ledger::shard_of(id, shards) == shard) return id;
  }
}

LedgerTree::Config::Config(const config::Settings& settings) { actors::configure(*this, settings); }

LedgerTree::LedgerTree(const config::Settings& settings, std::shared_ptr<persistence::Store> store)
    : config_(settings),
      system_(config_),
      now_(std::make_shared<std::atomic<ledger::TimeMs>>(kStartTime)),
      seat_(std::make_shared<actors::GatewaySeat>()) {
  // What it logs of crashes that a test asked for would bury the test's own output.
  spdlog::set_level(spdlog::level::off);
  auto runtime = std::make_shared<actors::Runtime>();
  runtime->settings = settings;
  runtime->store = std::move(store);
  runtime->wall_clock = [now = now_] { return now->load(); };
  root_ = actors::spawn_tree(system_, runtime, actors::gateway_spec(runtime, seat_));
  if (await_listening()) port_ = seat_->port;
}

LedgerTree::~LedgerTree() { stop(); }

bool LedgerTree::await_listening() {
  caf::scoped_actor self(system_);
  self->monitor(root_);
  supervisor::Subscribe subscribe{caf::actor_cast<caf::actor>(self)};
  caf::anon_send(root_, subscribe);
  bool is_up = false;
  bool is_down = false;
  self->receive_while([&] { return !is_up && !is_down; })(
      [&](const supervisor::ChildUp& up) { is_up = up.id == actors::kGatewayId; },
      [](const supervisor::ChildDown&) {}, [&](const caf::down_msg&) { is_down = true; },
      caf::after(kPatience) >> [] { give_up("does not start"); });
  return is_up;
}

void LedgerTree::restart_child(const std::string& id) {
  caf::scoped_actor self(system_);
  supervisor::Subscribe subscribe{caf::actor_cast<caf::actor>(self)};
  caf::anon_send(root_, subscribe);
  std::uint64_t killed = 0;
  bool is_up = false;
  self->receive_while([&] { return !is_up; })(
      [&](const supervisor::ChildUp& up) {
        if (up.id != id) return;
        is_up = killed != 0 && up.incarnation > killed;
        if (killed != 0) return;
        killed = up.incarnation;
        caf::anon_send_exit(up.handle, caf::exit_reason::kill);
      },
      [](const supervisor::ChildDown&) {},
      caf::after(kPatience) >> [] { give_up("a child does not come back"); });
}

caf::actor LedgerTree::find_child(const caf::actor& supervisor, const std::string& id) {
  caf::scoped_actor self(system_);
  supervisor::ChildList list;
  self->request(supervisor, kPatience, supervisor::WhichChildren{})
      .receive([&](supervisor::ChildList& children) { list = std::move(children); },
               [](caf::error&) { give_up("a supervisor does not answer"); });
  for (const auto& child : list.children) {
    if (child.id == id) return child.handle;
    if (child.type == supervisor::ChildType::supervisor && child.handle) {
      if (auto found = find_child(child.handle, id)) return found;
    }
  }
  return nullptr;
}

void LedgerTree::kill_child(const std::string& id) {
  const auto child = find_child(root_, id);
  REQUIRE(child);
  caf::scoped_actor self(system_);
  self->monitor(child);
  caf::anon_send_exit(child, caf::exit_reason::kill);
  self->receive([](const caf::down_msg&) {},
                caf::after(kPatience) >> [] { give_up("a child outlives its kill"); });
}

bool LedgerTree::stop() {
  if (stopped_) return true;
  stopped_ = true;
  caf::scoped_actor self(system_);
  self->monitor(root_);
  caf::anon_send_exit(root_, caf::exit_reason::user_shutdown);
  bool as_asked = false;
  self->receive(
      [&](const caf::down_msg& down) { as_asked = down.reason == caf::exit_reason::user_shutdown; },
      caf::after(kPatience) >> [] { give_up("does not stop"); });
  root_ = nullptr;
  return as_asked;
}

RunningLedger::RunningLedger(const config::Settings& settings,
                             std::shared_ptr<persistence::Store> store)
    : tree(settings, std::move(store)), client(tree.port()) {
  REQUIRE(tree.port() != 0);
}

}  // namespace sg::test
