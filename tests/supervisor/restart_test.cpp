#include <catch2/catch.hpp>

#include "test_bed.hpp"

using namespace sg::supervisor;
using namespace sg::supervisor::test;
using namespace std::chrono_literals;

TEST_CASE("{permanent, transient, temporary} x {normal, shutdown, abnormal}") {
  struct Case {
    Restart restart;
    caf::error reason;
    bool is_restarted;
    bool is_reported;
    std::size_t specs_after;
  };
  const caf::error normal{};
  const caf::error shutdown = caf::exit_reason::user_shutdown;
  const std::vector<Case> cases{
      {Restart::permanent, normal, true, true, 1},
      {Restart::permanent, shutdown, true, true, 1},
      {Restart::permanent, crash, true, true, 1},
      {Restart::transient, normal, false, false, 1},
      {Restart::transient, shutdown, false, false, 1},
      {Restart::transient, crash, true, true, 1},
      {Restart::temporary, normal, false, false, 0},
      {Restart::temporary, shutdown, false, false, 0},
      {Restart::temporary, crash, false, true, 0},
  };
  for (const Case& one : cases) {
    INFO(to_string(one.restart) << " " << to_string(one.reason));
    TestBed bed;
    auto root = bed.supervise({bed.worker("a", {.restart = one.restart})});
    bed.end("a", one.reason);
    CHECK(bed.starts["a"] == (one.is_restarted ? 2 : 1));
    CHECK(bed.reports_of(Context::child_terminated).size() == (one.is_reported ? 1 : 0));
    CHECK(bed.ask<ChildList>(root, WhichChildren{})->children.size() == one.specs_after);
    CHECK_FALSE(bed.root_end.has_value());
  }
}

TEST_CASE("one_for_one restarts the child that ended and no other") {
  TestBed bed;
  bed.supervise({bed.worker("a"), bed.worker("b"), bed.worker("c")});
  bed.take_events();
  bed.end("b", crash);
  CHECK(bed.take_events() == Lines{"-b", "+b"});
  CHECK(bed.reports_of(Context::child_terminated) == Lines{"b: system_error(runtime_error)"});
  CHECK(bed.reports.back().incarnation == 2);
  CHECK(bed.reports.back().context == Context::progress);
}

TEST_CASE("normal ends need not count in the restart window") {
  TestBed bed;
  auto spec = bed.worker("a");
  spec.normal_end_counts = false;
  bed.supervise(bed.flags("root", 2), {spec, bed.worker("b")});
  for (int i = 0; i < 10; ++i) bed.end("a", caf::error{});
  REQUIRE_FALSE(bed.root_end.has_value());
  CHECK(bed.starts["a"] == 11);
  bed.end("a", crash);
  bed.end("a", caf::error{});
  bed.end("a", crash);
  REQUIRE_FALSE(bed.root_end.has_value());
  bed.end("a", crash);
  CHECK(bed.root_end.has_value());
}

TEST_CASE("one_for_one with intensity 2: the third crash ends the supervisor") {
  TestBed bed;
  bed.supervise(bed.flags("root", 2), {bed.worker("a"), bed.worker("b"), bed.worker("c")});
  bed.end("b", crash);
  bed.end("a", crash);
  REQUIRE_FALSE(bed.root_end.has_value());
  bed.take_events();
  bed.end("b", crash);
  CHECK(bed.take_events() == Lines{"-b", "-c", "-a"});
  CHECK(bed.reports_of(Context::shutdown) == Lines{"b: reached_max_restart_intensity"});
  REQUIRE(bed.root_end.has_value());
  CHECK(*bed.root_end == Errc::shutdown);
}

TEST_CASE("Intensity 0 does not survive the first crash") {
  TestBed bed;
  bed.supervise(bed.flags("root", 0), {bed.worker("a")});
  bed.end("a", crash);
  CHECK(bed.starts["a"] == 1);
  CHECK(bed.root_end == Errc::shutdown);
}

TEST_CASE("multiple_restarts: four crashes 2.1 s apart survive an intensity of 1 in 1 s") {
  TestBed bed;
  bed.supervise(bed.flags("root", 1, 1s), {bed.worker("a")});
  for (int i = 0; i != 4; ++i) {
    bed.end("a", crash);
    bed.advance(2100ms);
  }
  CHECK(bed.starts["a"] == 5);
  CHECK_FALSE(bed.root_end.has_value());
  bed.end("a", crash);
  bed.advance(1000ms);  // still inside: the bound counts
  bed.end("a", crash);
  CHECK(bed.root_end.has_value());
}

TEST_CASE("one_for_one_escalation: a restart that always fails uses up the intensity") {
  TestBed bed;
  bed.supervise(bed.flags("root", 4),
                {bed.worker("a"), bed.worker("b", {.answers = {Answer::ready, Answer::error}})});
  bed.take_events();
  bed.end("b", crash);
  CHECK(bed.starts["b"] == 1 + 4);
  CHECK(bed.reports_of(Context::start_error).size() == 4);
  CHECK(bed.reports_of(Context::shutdown) == Lines{"b: reached_max_restart_intensity"});
  CHECK(bed.root_end == Errc::shutdown);
  CHECK_FALSE(bed.is_alive("a"));
}

TEST_CASE("A restart that fails once is tried again") {
  for (Answer failure : {Answer::error, Answer::throw_in_start, Answer::end_first}) {
    TestBed bed;
    auto root =
        bed.supervise(bed.flags("root", 3),
                      {bed.worker("a", {.answers = {Answer::ready, failure, Answer::ready}})});
    bed.end("a", crash);
    CHECK(bed.starts["a"] == 3);
    CHECK(bed.reports_of(Context::start_error).size() == 1);
    auto list = bed.ask<ChildList>(root, WhichChildren{});
    CHECK(list->children.at(0).state == ChildState::running);
    CHECK(list->children.at(0).handle == bed.handles["a"]);
  }
}

TEST_CASE("hanging_restart_loop: between attempts requests are answered and a stop is obeyed") {
  TestBed bed;
  auto root = bed.supervise(
      bed.flags("root", 1'000'000),
      {bed.worker("a"), bed.worker("b", {.answers = {Answer::ready, Answer::throw_in_start}})});
  caf::anon_send(bed.handles["b"], End{crash});
  bed.run(200);
  REQUIRE(bed.starts["b"] > 10);  // it loops

  auto list = bed.request<ChildList>(root, WhichChildren{});
  bed.run(50);
  REQUIRE(list->has_value());
  CHECK((*list)->children.at(1).state == ChildState::restarting);

  caf::anon_send_exit(root, caf::exit_reason::user_shutdown);
  bed.run(50);
  CHECK(bed.root_end == caf::exit_reason::user_shutdown);
  CHECK_FALSE(bed.is_alive("a"));
}

TEST_CASE("A sub-supervisor that gives up is restarted with new children by its parent") {
  TestBed bed;
  auto root = bed.supervise({supervisor_spec(bed.flags("sub", 0), {bed.worker("a")})});
  bed.end("a", crash);
  CHECK(bed.reports_of(Context::child_terminated) ==
        Lines{"a: system_error(runtime_error)", "sub: shutdown: reached_max_restart_intensity"});
  CHECK(bed.starts["a"] == 2);
  CHECK(bed.is_alive("a"));
  bed.end("a", crash);  // the parent's intensity is 1
  CHECK(bed.root_end == Errc::shutdown);
}

TEST_CASE("A transient sub-supervisor that gives up stays down") {
  TestBed bed;
  auto sub = supervisor_spec(bed.flags("sub", 0), {bed.worker("a")});
  sub.restart = Restart::transient;
  auto root = bed.supervise({sub});
  bed.end("a", crash);
  CHECK(bed.starts["a"] == 1);
  CHECK(bed.ask<ChildCounts>(root, CountChildren{})->active == 0);
  CHECK_FALSE(bed.root_end.has_value());
}

TEST_CASE("A child that is killed does not take its supervisor along, even if it was linked") {
  TestBed bed;
  auto spec = bed.worker("a");
  spec.start = [start = spec.start](caf::event_based_actor* self) {
    auto handle = start(self);
    self->link_to(*handle);
    return handle;
  };
  bed.supervise({spec});
  bed.stop(bed.handles["a"], caf::exit_reason::kill);
  CHECK_FALSE(bed.root_end.has_value());
  CHECK(bed.starts["a"] == 2);
}

TEST_CASE("A report handler that throws changes nothing") {
  TestBed bed;
  auto flags = bed.flags("root");
  flags.report = [](const Report&) { throw std::runtime_error("log is full"); };
  bed.supervise(flags, {bed.worker("a")});
  bed.end("a", crash);
  CHECK(bed.starts["a"] == 2);
  CHECK_FALSE(bed.root_end.has_value());
}

TEST_CASE("A child that links itself to its supervisor does not stop it with its own shutdown") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("a"), bed.worker("b")});
  auto* child = caf::actor_cast<caf::abstract_actor*>(bed.handles["a"]);
  dynamic_cast<caf::monitorable_actor*>(child)->link_to(root);
  bed.end("a", caf::exit_reason::user_shutdown);
  CHECK_FALSE(bed.root_end.has_value());
  CHECK(bed.starts["a"] == 2);
}

TEST_CASE("An error that comes as a message does not end a supervisor") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("a")});
  caf::anon_send(root, caf::make_error(caf::sec::runtime_error));
  bed.run();
  CHECK_FALSE(bed.root_end.has_value());
}
