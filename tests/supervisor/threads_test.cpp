#include <caf/all.hpp>
#include <catch2/catch.hpp>

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
