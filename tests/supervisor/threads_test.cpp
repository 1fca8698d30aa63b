#include <atomic>
#include <caf/all.hpp>
#include <catch2/catch.hpp>
#include <future>
#include <stdexcept>

#include "supervisor/supervisor.hpp"

using namespace sg::supervisor;

namespace {

// Ready at once; any string ends it.
caf::behavior worker(caf::event_based_actor* self) {
  return {
      [](Init) { return Ready{}; },
      [=](const std::string&) { self->quit(caf::sec::runtime_error); },
  };
}

std::vector<ChildSpec> workers(int count) {
  std::vector<ChildSpec> specs;
  for (int i = 0; i != count; ++i) {
    specs.push_back({.id = std::to_string(i), .start = [](caf::event_based_actor* self) {
                       return caf::expected<caf::actor>{self->spawn(worker)};
                     }});
  }
  return specs;
}

ChildList which_children(caf::scoped_actor& self, const caf::actor& supervisor) {
  ChildList list;
  self->request(supervisor, caf::infinite, WhichChildren{})
      .receive([&](ChildList& reply) { list = std::move(reply); },
               [](caf::error&) { FAIL("no children"); });
  return list;
}

}  // namespace

TEST_CASE("On real threads children that crash at once all come back, and a stop ends them all") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  constexpr int count = 20;
  auto root = spawn_supervisor(system, {.name = "root", .intensity = count}, workers(count));
  caf::anon_send(root, Subscribe{self});
  auto await_up = [&](int children) {
    int up = 0;
    self->receive_while([&] { return up < children; })([&](const ChildUp&) { ++up; },
                                                       [](const ChildDown&) {});
  };
  await_up(count);
  for (const ChildInfo& child : which_children(self, root).children) {
    caf::anon_send(child.handle, std::string{"end"});
  }
  await_up(count);
  CHECK(which_children(self, root).children.size() == count);
  self->monitor(root);
  caf::anon_send_exit(root, caf::exit_reason::user_shutdown);
  bool is_down = false;
  self->receive_while([&] { return !is_down; })(
      [&](const caf::down_msg& down) {
        CHECK(down.reason == caf::exit_reason::user_shutdown);
        is_down = true;
      },
      [](const ChildDown&) {}, [](const ChildUp&) {});
}

TEST_CASE("On real threads a supervisor killed while it starts leaves no actor behind") {
  for (int i = 0; i != 50; ++i) {
    caf::actor_system_config config;
    caf::actor_system system{config};
    auto root =
        spawn_supervisor(system, {.name = "root"}, {supervisor_spec({.name = "sub"}, workers(10))});
    caf::anon_send_exit(root, caf::exit_reason::kill);
    system.await_all_actors_done();  // a hang is an orphan
  }
}

namespace {

// A child whose handler does not return until it is let go.
struct Hanging {
  std::promise<void> let_go;
  std::shared_future<void> may_return = let_go.get_future().share();
  std::shared_ptr<std::promise<void>> entered = std::make_shared<std::promise<void>>();
  std::shared_ptr<std::atomic<bool>> acted = std::make_shared<std::atomic<bool>>(false);

  ChildSpec spec(Shutdown shutdown, Liveness liveness) const {
    return {.id = "a",
            .start = [wait = may_return, in = entered, acted = acted](
                         caf::event_based_actor* supervisor) -> caf::expected<caf::actor> {
              return supervisor->spawn<caf::detached>(
                  [wait, in, acted](caf::event_based_actor*) -> caf::behavior {
                    return {[](Init) { return Ready{}; },
                            [wait, in](const std::string&) {
                              in->set_value();
                              wait.wait();
                            },
                            [did = acted](int) { did->store(true); }};
                  });
            },
            .shutdown = shutdown,
            .liveness = liveness};
  }
  // Returns the child when it hangs.
  caf::actor hang(caf::scoped_actor& self, const caf::actor& root) const {
    caf::actor child;
    caf::anon_send(root, Subscribe{caf::actor_cast<caf::actor>(self)});
    self->receive([&](const ChildUp& up) { child = up.handle; });
    caf::anon_send(child, std::string{"hang"});
    entered->get_future().wait();
    return child;
  }
};

}  // namespace

TEST_CASE("On real threads a child that hangs and hears no kill does not hold up the stop") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  Hanging hanging;
  auto root = spawn_supervisor(
      system, {.name = "root"},
      {hanging.spec(Shutdown::brutal_kill(), {.period = std::chrono::seconds{1}})});
  hanging.hang(self, root);
  self->monitor(root);
  caf::anon_send_exit(root, caf::exit_reason::user_shutdown);
  bool is_down = false;
  self->receive_while([&] { return !is_down; })([&](const caf::down_msg&) { is_down = true; },
                                                [](const ChildDown&) {});
  CHECK(is_down);
  hanging.let_go.set_value();
}

TEST_CASE("On real threads a writer that hangs while it is stopped ends the process") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  Hanging hanging;
  auto fatal = std::make_shared<std::promise<std::string>>();
  Flags flags{.name = "root"};
  flags.fatal = [fatal](const Report& report) {
    fatal->set_value(report.offender.id);
    throw std::runtime_error("it must not return");
  };
  const Liveness liveness{std::chrono::milliseconds{200}, Liveness::Unanswered::end_process};
  auto root = spawn_supervisor(system, flags, {hanging.spec(Shutdown::infinity(), liveness)});
  hanging.hang(self, root);
  caf::anon_send_exit(root, caf::exit_reason::user_shutdown);
  CHECK(fatal->get_future().get() == "a");
  hanging.let_go.set_value();
}

TEST_CASE("On real threads a child that was left behind does nothing more when it wakes") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  Hanging hanging;
  auto root =
      spawn_supervisor(system, {.name = "root"},
                       {hanging.spec(Shutdown::brutal_kill(), {std::chrono::milliseconds{200}})});
  const auto old = hanging.hang(self, root);
  caf::anon_send(old, 1);
  bool is_replaced = false;
  self->receive_while([&] { return !is_replaced; })(
      [&](const ChildUp& up) { is_replaced = up.handle != old; }, [](const ChildDown&) {});
  self->monitor(old);
  hanging.let_go.set_value();
  bool is_down = false;
  self->receive_while([&] { return !is_down; })([&](const caf::down_msg&) { is_down = true; },
                                                [](const ChildUp&) {}, [](const ChildDown&) {});
  CHECK_FALSE(*hanging.acted);
  caf::anon_send_exit(root, caf::exit_reason::user_shutdown);
}
