#include <catch2/catch.hpp>

#include "test_bed.hpp"

using namespace sg::supervisor;
using namespace sg::supervisor::test;
using namespace std::chrono_literals;

namespace {

// Writes down what a supervisor tells it.
caf::actor spawn_listener(caf::actor_system& system, Lines& lines) {
  return system.spawn([&lines](caf::event_based_actor*) -> caf::behavior {
    return {
        [&lines](const ChildUp& up) {
          lines.push_back(up.supervisor + " up " + up.id + " " + std::to_string(up.incarnation));
        },
        [&lines](const ChildDown& down) {
          lines.push_back(down.supervisor + " down " + down.id + " " +
                          std::to_string(down.incarnation) + " " + to_string(down.reason));
        },
    };
  });
}

}  // namespace

TEST_CASE("which_children lists them in start order with state and handle") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("a"), bed.worker("b", {.restart = Restart::transient}),
                             supervisor_spec(bed.flags("sub"), {}),
                             bed.worker("c", {.answers = {Answer::silence}})});
  bed.end("b", {});
  auto list = bed.ask<ChildList>(root, WhichChildren{});
  REQUIRE(list.has_value());
  REQUIRE(list->children.size() == 4);
  const auto& c = list->children;
  CHECK((c[0].id == "a" && c[0].state == ChildState::running && c[0].handle == bed.handles["a"]));
  CHECK((c[1].id == "b" && c[1].state == ChildState::stopped && !c[1].handle));
  CHECK(c[1].restart == Restart::transient);
  CHECK((c[2].type == ChildType::supervisor && c[2].handle));
  CHECK((c[3].state == ChildState::starting && c[3].handle == bed.handles["c"]));
}

TEST_CASE("count_children counts specs, the living, supervisors and workers") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("a"), bed.worker("b", {.restart = Restart::transient}),
                             bed.worker("t", {.restart = Restart::temporary}),
                             supervisor_spec(bed.flags("sub"), {bed.worker("x")})});
  auto counts = bed.ask<ChildCounts>(root, CountChildren{});
  REQUIRE(counts.has_value());
  CHECK((counts->specs == 4 && counts->active == 4));
  CHECK((counts->supervisors == 1 && counts->workers == 3));
  bed.end("b", {});
  bed.end("t", {});
  counts = bed.ask<ChildCounts>(root, CountChildren{});
  CHECK((counts->specs == 3 && counts->active == 2 && counts->workers == 2));
}

TEST_CASE("A subscriber is told who runs, and of each change") {
  TestBed bed;
  Lines told;
  auto root = bed.supervise({bed.worker("a"), bed.worker("b")});
  auto listener = spawn_listener(bed.system, told);
  caf::anon_send(root, Subscribe{listener});
  bed.run();
  CHECK(std::exchange(told, {}) == Lines{"root up a 1", "root up b 1"});

  bed.end("b", crash);
  CHECK(std::exchange(told, {}) == Lines{"root down b 1 " + to_string(crash), "root up b 2"});

  caf::anon_send(root, Subscribe{listener});  // repeats, but does not double
  bed.run();
  CHECK(std::exchange(told, {}) == Lines{"root up a 1", "root up b 2"});
  bed.stop(root);
  const auto shutdown = to_string(caf::make_error(caf::exit_reason::user_shutdown));
  CHECK(told == Lines{"root down b 2 " + shutdown, "root down a 1 " + shutdown});
  bed.stop(listener);
}

TEST_CASE("A subscriber hears of a child only once it is ready") {
  TestBed bed;
  Lines told;
  auto root = bed.supervise(
      bed.flags("root", 3),
      {bed.worker("a", {.answers = {Answer::ready, Answer::error, Answer::silence}})});
  auto listener = spawn_listener(bed.system, told);
  caf::anon_send(root, Subscribe{listener});
  bed.run();
  told.clear();
  bed.end("a", crash);
  CHECK(std::exchange(told, {}) == Lines{"root down a 1 " + to_string(crash)});
  caf::anon_send(bed.handles["a"], Ready{});
  bed.run();
  CHECK(told == Lines{"root up a 3"});
  bed.stop(listener);
}

TEST_CASE("Who unsubscribes, or dies, is told no more") {
  TestBed bed;
  Lines told;
  auto root = bed.supervise(bed.flags("root", 5), {bed.worker("a")});
  auto listener = spawn_listener(bed.system, told);
  caf::anon_send(root, Subscribe{listener});
  bed.run();
  caf::anon_send(root, Unsubscribe{listener});
  bed.run();
  told.clear();
  bed.end("a", crash);
  CHECK(told.empty());
  caf::anon_send(root, Subscribe{listener});
  bed.run();
  bed.stop(listener);
  const auto references = listener->ctrl()->strong_refs.load();
  CHECK(references == 1);  // ours: the supervisor has dropped its own
}

TEST_CASE("A child that subscribes and unsubscribes is still supervised") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("a")});
  caf::anon_send(root, Subscribe{bed.handles["a"]});
  bed.run();
  caf::anon_send(root, Unsubscribe{bed.handles["a"]});
  bed.run();
  bed.end("a", crash);
  CHECK(bed.starts["a"] == 2);
}

TEST_CASE("The tree shows supervisors below supervisors") {
  TestBed bed;
  auto leafs = supervisor_spec(bed.flags("leafs"), {bed.worker("x"), bed.worker("y")});
  auto root = bed.supervise({bed.worker("a"), supervisor_spec(bed.flags("mid"), {leafs}),
                             bed.worker("z", {.answers = {Answer::silence}})});
  bed.end("x", crash);
  bed.advance(1500ms);
  auto tree = bed.ask<TreeNode>(root, GetTree{});
  REQUIRE(tree.has_value());
  CHECK((tree->id == "root" && tree->state == ChildState::starting));
  REQUIRE(tree->children.size() == 3);
  CHECK(tree->children[0].uptime_ms == 1500);
  CHECK(tree->children[2].state == ChildState::starting);
  const TreeNode& mid = tree->children[1];
  CHECK((mid.id == "mid" && mid.type == ChildType::supervisor));
  REQUIRE(mid.children.size() == 1);
  REQUIRE(mid.children[0].children.size() == 2);
  const TreeNode& x = mid.children[0].children[0];
  CHECK((x.id == "x" && x.state == ChildState::running && x.incarnation == 2));
  CHECK((x.restarts_in_window == 1 && x.last_exit == "system_error(runtime_error)" &&
         x.uptime_ms == 1500));
  CHECK(mid.children[0].children[1].restarts_in_window == 0);
  bed.advance(3501ms);
  tree = bed.ask<TreeNode>(root, GetTree{});
  CHECK(tree->children[1].children[0].children[0].restarts_in_window == 0);
}

TEST_CASE("A sub-supervisor that ends while the tree is asked does not hang the answer") {
  TestBed bed;
  // Takes GetTree and never answers.
  ChildSpec mute{.id = "mute",
                 .start =
                     [&](caf::event_based_actor* self) {
                       auto handle =
                           self->spawn([](caf::event_based_actor* child) -> caf::behavior {
                             auto kept = std::make_shared<caf::response_promise>();
                             return {[](Init) { return Ready{}; },
                                     [=](GetTree) { *kept = child->make_response_promise(); }};
                           });
                       bed.handles["mute"] = handle;
                       return caf::expected<caf::actor>{handle};
                     },
                 .restart = Restart::transient,
                 .type = ChildType::supervisor};
  auto root = bed.supervise({bed.worker("a"), mute});
  auto tree = bed.request<TreeNode>(root, GetTree{});
  bed.run();
  REQUIRE_FALSE(tree->has_value());
  bed.stop(bed.handles["mute"]);
  REQUIRE(tree->has_value());
  CHECK((*tree)->children.at(1).children.empty());
}

TEST_CASE("Many children start, crash and stop in order") {
  constexpr int count = 500;
  TestBed bed;
  std::vector<ChildSpec> specs;
  for (int i = 0; i != count; ++i) specs.push_back(bed.worker("w" + std::to_string(i)));
  auto root = bed.supervise(bed.flags("root", count), specs);
  CHECK(bed.ask<ChildCounts>(root, CountChildren{})->active == count);
  for (int i = 0; i != count; ++i) caf::anon_send(bed.handles["w" + std::to_string(i)], End{crash});
  bed.run();
  CHECK(bed.ask<ChildCounts>(root, CountChildren{})->active == count);
  bed.stop(root);
  CHECK(bed.root_end == caf::exit_reason::user_shutdown);
  CHECK(bed.events.back() == "-w0");
}
