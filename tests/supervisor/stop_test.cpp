#include <catch2/catch.hpp>

#include "test_bed.hpp"

using namespace sg::supervisor;
using namespace sg::supervisor::test;
using namespace std::chrono_literals;

TEST_CASE("order_of_children: started from left to right, stopped from right to left") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("a"), bed.worker("b"), bed.worker("c")});
  bed.stop(root);
  CHECK(bed.events == Lines{"+a", "+b", "+c", "-c", "-b", "-a"});
  CHECK(bed.root_end == caf::exit_reason::user_shutdown);
  CHECK(bed.reports_of(Context::shutdown_error).empty());
}

TEST_CASE("A child is asked only when the one to its right is down") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("a"), bed.worker("b", {.ignores_shutdown = true})});
  bed.stop(root);
  CHECK(bed.is_alive("a"));
  auto list = bed.ask<ChildList>(root, WhichChildren{});
  REQUIRE(list.has_value());
  CHECK(list->children[0].state == ChildState::running);
  CHECK(list->children[1].state == ChildState::stopping);
}

TEST_CASE("A child that outlasts its timeout is killed and reported") {
  TestBed bed;
  auto root = bed.supervise(
      {bed.worker("a", {.shutdown = Shutdown::after(100ms), .ignores_shutdown = true})});
  bed.stop(root);
  bed.advance(99ms);
  CHECK(bed.is_alive("a"));
  bed.advance(1ms);
  CHECK_FALSE(bed.is_alive("a"));
  CHECK(bed.reports_of(Context::shutdown_error) == Lines{"a: kill"});
  CHECK(bed.root_end == caf::exit_reason::user_shutdown);
}

TEST_CASE("A worker has 5000 ms by default") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("a", {.ignores_shutdown = true})});
  bed.stop(root);
  bed.advance(4999ms);
  CHECK(bed.is_alive("a"));
  bed.advance(1ms);
  CHECK_FALSE(bed.is_alive("a"));
}

TEST_CASE("brutal_kill does not ask") {
  TestBed bed;
  auto root = bed.supervise(
      {bed.worker("a", {.shutdown = Shutdown::brutal_kill(), .ignores_shutdown = true})});
  bed.stop(root);
  CHECK_FALSE(bed.is_alive("a"));
  CHECK(bed.reports_of(Context::shutdown_error).empty());
  CHECK(bed.root_end.has_value());
}

TEST_CASE("infinity waits") {
  TestBed bed;
  auto root = bed.supervise(
      {bed.worker("a", {.shutdown = Shutdown::infinity(), .ignores_shutdown = true})});
  bed.stop(root);
  bed.advance(24h);
  CHECK(bed.is_alive("a"));
  CHECK_FALSE(bed.root_end.has_value());
  bed.end("a", caf::exit_reason::user_shutdown);
  CHECK(bed.root_end == caf::exit_reason::user_shutdown);
}

TEST_CASE("An unexpected reason of a child that was told to stop is a shutdown_error") {
  TestBed bed;
  auto root = bed.supervise(
      {bed.worker("a", {.shutdown = Shutdown::infinity(), .ignores_shutdown = true})});
  bed.stop(root);
  bed.end("a", caf::sec::runtime_error);
  CHECK(bed.reports_of(Context::shutdown_error) == Lines{"a: system_error(runtime_error)"});
  CHECK(bed.starts["a"] == 1);
}

TEST_CASE("A child that crashes while others are being stopped is not restarted") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("a"), bed.worker("b", {.shutdown = Shutdown::infinity(),
                                                               .ignores_shutdown = true})});
  bed.stop(root);
  bed.end("a", caf::sec::runtime_error);
  CHECK(bed.starts["a"] == 1);
  CHECK(bed.reports_of(Context::shutdown_error) == Lines{"a: system_error(runtime_error)"});
  bed.end("b", caf::exit_reason::user_shutdown);
  CHECK(bed.root_end.has_value());
}

TEST_CASE("A stop during start ends the child that was starting and starts no other") {
  TestBed bed;
  auto root = bed.supervise(
      {bed.worker("a"), bed.worker("b", {.answers = {Answer::silence}}), bed.worker("c")});
  auto up = bed.request<Ready>(root, Init{});
  bed.stop(root);
  CHECK(bed.events == Lines{"+a", "+b", "-b", "-a"});
  CHECK(bed.root_end == caf::exit_reason::user_shutdown);
  CHECK_FALSE(up->has_value());
  CHECK(bed.last_error == caf::exit_reason::user_shutdown);
}

TEST_CASE("A stop during a restart ends the child that was restarting") {
  TestBed bed;
  auto root = bed.supervise(
      {bed.worker("a", {.answers = {Answer::ready, Answer::silence}}), bed.worker("b")});
  bed.end("a", caf::sec::runtime_error);
  REQUIRE(bed.starts["a"] == 2);
  bed.stop(root);
  CHECK_FALSE(bed.is_alive("a"));
  CHECK(bed.root_end == caf::exit_reason::user_shutdown);
}

TEST_CASE("A stop waits for a child whose start has just failed") {
  TestBed bed;
  auto root =
      bed.supervise({bed.worker("a", {.answers = {Answer::error}, .ignores_shutdown = true})});
  CHECK(bed.is_alive("a"));
  bed.stop(root);
  CHECK_FALSE(bed.root_end.has_value());
  bed.advance(5s);
  CHECK_FALSE(bed.is_alive("a"));
  CHECK(bed.reports_of(Context::start_error) == Lines{"a: system_error(cannot_open_file)"});
  CHECK(bed.root_end == caf::exit_reason::user_shutdown);
}

TEST_CASE("Any exit message of its parent stops a supervisor, a stranger's does not") {
  TestBed bed;
  caf::actor parent;
  caf::actor sub;
  parent = bed.system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    sub = spawn_supervisor(self, bed.flags("sub"), {bed.worker("a")});
    return {[=, &sub](const End& end) { self->send_exit(sub, end.reason); }};
  });
  bed.run();
  bed.stop(sub, caf::exit_reason::out_of_workers);
  CHECK(bed.is_alive("a"));
  caf::anon_send(parent, End{caf::sec::runtime_error});
  bed.run();
  CHECK_FALSE(bed.is_alive("a"));
  bed.stop(parent);
}

TEST_CASE("A supervisor that is killed leaves no orphan, in no depth, and shut ears do not help") {
  TestBed bed;
  auto sub = supervisor_spec(bed.flags("sub"), {bed.worker("b", {.ignores_shutdown = true})});
  auto root = bed.supervise({bed.worker("a", {.ignores_shutdown = true}), sub,
                             bed.worker("c", {.answers = {Answer::silence}})});
  bed.stop(root, caf::exit_reason::kill);
  CHECK_FALSE(bed.is_alive("a"));
  CHECK_FALSE(bed.is_alive("b"));
  CHECK_FALSE(bed.is_alive("c"));
}

TEST_CASE("A supervisor that is killed while it stops leaves no orphan") {
  TestBed bed;
  auto root = bed.supervise(
      {bed.worker("a", {.shutdown = Shutdown::infinity(), .ignores_shutdown = true})});
  bed.stop(root);
  REQUIRE(bed.is_alive("a"));
  bed.stop(root, caf::exit_reason::kill);
  CHECK_FALSE(bed.is_alive("a"));
}

TEST_CASE("child_unlink: a child that unlinks itself does not hang the stop") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("a"), bed.worker("b")});
  auto* child = caf::actor_cast<caf::abstract_actor*>(bed.handles["a"]);
  dynamic_cast<caf::monitorable_actor*>(child)->unlink_from(root);
  bed.stop(bed.handles["a"], caf::exit_reason::kill);
  CHECK(bed.starts["a"] == 2);
  bed.stop(root);
  CHECK(bed.root_end.has_value());
}

TEST_CASE("A killed supervisor tells who asked it for something") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("a", {.answers = {Answer::silence}})});
  auto up = bed.request<Ready>(root, Init{});
  bed.run();
  bed.stop(root, caf::exit_reason::kill);
  CHECK_FALSE(up->has_value());
  CHECK(bed.last_error == caf::sec::request_receiver_down);
}

TEST_CASE("A child between two attempts is not started again once the stop has begun") {
  // Left of a child that takes its time to stop, and right of it.
  for (bool is_left : {true, false}) {
    TestBed bed;
    auto failing = bed.worker("f", {.answers = {Answer::ready, Answer::throw_in_start}});
    auto slow = bed.worker("s", {.shutdown = Shutdown::infinity(), .ignores_shutdown = true});
    auto root = bed.supervise(bed.flags("root", 1'000'000),
                              is_left ? std::vector{failing, slow} : std::vector{slow, failing});
    caf::anon_send(bed.handles["f"], End{caf::sec::runtime_error});
    bed.run(100);
    const int starts = bed.starts["f"];
    bed.stop(root);
    CHECK(bed.starts["f"] == starts + 1);  // the attempt that stood before the stop in the mailbox
    auto list = bed.ask<ChildList>(root, WhichChildren{});
    REQUIRE(list.has_value());
    CHECK(list->children.at(is_left ? 0 : 1).state == ChildState::stopped);
  }
}

TEST_CASE("The stop timeout of an earlier incarnation does not shorten that of a later one") {
  TestBed bed;
  const auto second = Shutdown::after(1000ms);
  auto spec = bed.worker("a", {.shutdown = second, .answers = {Answer::ready, Answer::error}});
  auto stubborn = bed.worker("a", {.shutdown = second, .ignores_shutdown = true});
  spec.start = [&, first = spec.start](caf::event_based_actor* self) {
    return bed.starts["a"] < 2 ? first(self) : stubborn.start(self);
  };
  auto root = bed.supervise(bed.flags("root", 5), {spec});
  bed.end("a", caf::sec::runtime_error);  // the restart fails and is stopped: a timeout at 1000 ms
  REQUIRE(bed.starts["a"] == 3);
  bed.advance(500ms);
  bed.stop(root);
  bed.advance(999ms);
  CHECK(bed.is_alive("a"));
  bed.advance(1ms);
  CHECK_FALSE(bed.is_alive("a"));
}
