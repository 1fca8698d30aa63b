// one_for_all, rest_for_one and simple_one_for_one.
#include <caf/exit_reason.hpp>
#include <catch2/catch.hpp>

#include "test_bed.hpp"

using namespace sg::supervisor;
using namespace sg::supervisor::test;
using namespace std::chrono_literals;

namespace {

Flags with(Flags flags, Strategy strategy) {
  flags.strategy = strategy;
  return flags;
}

// Instances of one worker; the argument is what the instance is called in the bed.
ChildSpec template_of(TestBed& bed, WorkerOptions options = {}) {
  ChildSpec spec = bed.worker("pool", options);
  spec.start = {};
  spec.start_instance = [&bed, options](caf::event_based_actor* supervisor,
                                        const caf::message& argument) {
    return bed.worker(argument.get_as<std::string>(0), options).start(supervisor);
  };
  return spec;
}

StartInstance instance(const std::string& name) { return {caf::make_message(name)}; }

}  // namespace

TEST_CASE("one_for_all: all are stopped in reverse and started anew") {
  TestBed bed;
  auto root = bed.supervise(with(bed.flags("root", 2), Strategy::one_for_all),
                            {bed.worker("a"), bed.worker("b"), bed.worker("c")});
  bed.take_events();
  bed.end("b", crash);
  CHECK(bed.take_events() == Lines{"-b", "-c", "-a", "+a", "+b", "+c"});
  CHECK(bed.reports_of(Context::child_terminated) == Lines{"b: system_error(runtime_error)"});
  CHECK(bed.reports_of(Context::shutdown_error).empty());
  bed.end("a", crash);
  CHECK(bed.take_events() == Lines{"-a", "-c", "-b", "+a", "+b", "+c"});
  bed.end("c", crash);
  CHECK(bed.take_events() == Lines{"-c", "-b", "-a"});
  CHECK(bed.root_end == Errc::shutdown);
}

TEST_CASE("one_for_all starts those that had ended for good, and forgets the temporary ones") {
  TestBed bed;
  auto root = bed.supervise(with(bed.flags("root", 2), Strategy::one_for_all),
                            {bed.worker("a"), bed.worker("b", {.restart = Restart::transient}),
                             bed.worker("t", {.restart = Restart::temporary})});
  bed.end("b", {});
  bed.take_events();
  bed.end("a", crash);
  CHECK(bed.take_events() == Lines{"-a", "-t", "+a", "+b"});
  CHECK(bed.ask<ChildCounts>(root, CountChildren{})->specs == 2);
}

TEST_CASE("one_for_all_escalation: a restart that always fails uses up the intensity") {
  TestBed bed;
  bed.supervise(with(bed.flags("root", 4), Strategy::one_for_all),
                {bed.worker("a"), bed.worker("b", {.answers = {Answer::ready, Answer::error}}),
                 bed.worker("c")});
  bed.end("b", crash);
  CHECK(bed.starts["b"] == 5);
  CHECK(bed.starts["a"] == 5);  // with each attempt
  CHECK(bed.starts["c"] == 1);  // never reached
  CHECK(bed.root_end == Errc::shutdown);
}

TEST_CASE("rest_for_one: the child and those to its right are stopped and started anew") {
  TestBed bed;
  bed.supervise(with(bed.flags("root", 3), Strategy::rest_for_one),
                {bed.worker("a"), bed.worker("b"), bed.worker("c"), bed.worker("d")});
  bed.take_events();
  bed.end("b", crash);
  CHECK(bed.take_events() == Lines{"-b", "-d", "-c", "+b", "+c", "+d"});
  bed.end("d", crash);
  CHECK(bed.take_events() == Lines{"-d", "+d"});
  bed.end("a", crash);
  CHECK(bed.take_events() == Lines{"-a", "-d", "-c", "-b", "+a", "+b", "+c", "+d"});
}

TEST_CASE("rest_for_one_other_child_fails_restart: the failed one is tried again from there on") {
  TestBed bed;
  bed.supervise(
      with(bed.flags("root", 3), Strategy::rest_for_one),
      {bed.worker("a"), bed.worker("b", {.answers = {Answer::ready, Answer::error, Answer::ready}}),
       bed.worker("c")});
  bed.take_events();
  bed.end("a", crash);
  // a is up again when b fails, so only b and c follow.
  CHECK(bed.take_events() == Lines{"-a", "-c", "-b", "+a", "+b", "-b", "+b", "+c"});
  CHECK(bed.is_alive("a"));
  CHECK(bed.is_alive("c"));
  CHECK_FALSE(bed.root_end.has_value());
}

TEST_CASE("A crash while another group is restarted waits for its turn, and so does a request") {
  TestBed bed;
  auto root = bed.supervise(
      with(bed.flags("root", 5), Strategy::rest_for_one),
      {bed.worker("a"), bed.worker("b"),
       bed.worker("c", {.shutdown = Shutdown::after(100ms), .ignores_shutdown = true})});
  bed.take_events();
  bed.end("b", crash);
  // c takes its time to stop; meanwhile a crashes.
  const auto reply = bed.request<StartedChild>(root, StartChild{bed.worker("new")});
  bed.end("a", crash);
  CHECK(bed.take_events() == Lines{"-b", "-a"});
  bed.advance(100ms);
  bed.advance(100ms);
  CHECK(bed.take_events() ==
        Lines{"-c", "+b", "+c", "+new", "-new", "-c", "-b", "+a", "+b", "+c", "+new"});
  REQUIRE(reply->has_value());
  CHECK(bed.is_alive("new"));
  CHECK_FALSE(bed.root_end.has_value());
}

TEST_CASE("A child that crashes while the supervisor starts does not stop a group from coming up") {
  TestBed bed;
  auto root = bed.supervise(with(bed.flags("root", 5), Strategy::one_for_all),
                            {bed.worker("a"), bed.worker("b", {.answers = {Answer::silence}})});
  bed.end("a", crash);
  caf::anon_send(bed.handles["b"], Ready{});
  bed.run();
  // Both were stopped and started anew; the new b is silent as the old one was.
  CHECK(bed.starts["a"] == 2);
  CHECK(bed.starts["b"] == 2);
  caf::anon_send(bed.handles["b"], Ready{});
  bed.run();
  CHECK(bed.ask<TreeNode>(root, GetTree{})->state == ChildState::running);
}

TEST_CASE("A stop ends a group restart, whatever it was at") {
  TestBed bed;
  auto root = bed.supervise(
      with(bed.flags("root", 5), Strategy::one_for_all),
      {bed.worker("a"), bed.worker("b", {.answers = {Answer::ready, Answer::silence}}),
       bed.worker("c")});
  SECTION("when it stops") {
    bed.stop(root);
    root = bed.supervise(
        with(bed.flags("root", 5), Strategy::one_for_all),
        {bed.worker("a"), bed.worker("b"),
         bed.worker("c", {.shutdown = Shutdown::after(1s), .ignores_shutdown = true})});
    bed.end("a", crash);
    CHECK(bed.is_alive("c"));
  }
  SECTION("when it starts") { bed.end("a", crash); }
  bed.stop(root);
  bed.advance(1s);
  CHECK_FALSE(bed.is_alive("a"));
  CHECK_FALSE(bed.is_alive("b"));
  CHECK_FALSE(bed.is_alive("c"));
}

TEST_CASE("simple_one_for_one: instances of a template come and go") {
  TestBed bed;
  auto root = bed.supervise(with(bed.flags("pool", 5), Strategy::simple_one_for_one),
                            {template_of(bed, {.restart = Restart::transient})});
  CHECK(bed.ask<ChildCounts>(root, CountChildren{})->specs == 0);
  const auto x = bed.ask<StartedChild>(root, instance("x"));
  const auto y = bed.ask<StartedChild>(root, instance("y"));
  REQUIRE((x && y));
  CHECK(x->id == "pool/1");
  CHECK(y->id == "pool/2");
  CHECK(y->handle == bed.handles["y"]);
  bed.end("x", crash);
  CHECK(bed.starts["x"] == 2);
  bed.end("x", {});
  CHECK(bed.ask<ChildCounts>(root, CountChildren{})->specs == 1);
  CHECK(bed.ask<caf::ok_atom>(root, TerminateChild{"pool/2"}).has_value());
  CHECK_FALSE(bed.is_alive("y"));
  CHECK(bed.ask<ChildCounts>(root, CountChildren{})->specs == 0);
  CHECK_FALSE(bed.root_end.has_value());
}

TEST_CASE("simple_one_for_one knows only what instances can do") {
  TestBed bed;
  auto root =
      bed.supervise(with(bed.flags("pool"), Strategy::simple_one_for_one), {template_of(bed)});
  (void)bed.ask<StartedChild>(root, instance("x"));
  CHECK_FALSE(bed.ask<StartedChild>(root, StartChild{bed.worker("a")}).has_value());
  CHECK(bed.last_error == Errc::wrong_strategy);
  bed.last_error = {};
  CHECK_FALSE(bed.ask<caf::ok_atom>(root, DeleteChild{"pool/1"}).has_value());
  CHECK(bed.last_error == Errc::wrong_strategy);
  bed.last_error = {};
  CHECK_FALSE(bed.ask<StartedChild>(root, RestartChild{"pool/1"}).has_value());
  CHECK(bed.last_error == Errc::wrong_strategy);
  CHECK(bed.ask<ChildSpec>(root, GetChildSpec{"pool/1"})->id == "pool");

  bed.supervise(with(bed.flags("faulty"), Strategy::simple_one_for_one), {bed.worker("a")});
  CHECK(bed.root_end == Errc::bad_specification);
}

// A template has no start function of its own, so a supervisor of children cannot start it.
TEST_CASE("Only simple_one_for_one takes a template") {
  TestBed bed;
  bed.supervise(bed.flags("faulty"), {template_of(bed)});
  CHECK(bed.root_end == Errc::bad_specification);
  auto root = bed.supervise(bed.flags("sound"), {bed.worker("a")});
  CHECK_FALSE(bed.ask<StartedChild>(root, StartChild{template_of(bed)}).has_value());
  CHECK(bed.last_error == Errc::bad_specification);
}

TEST_CASE("simple_one_for_one_escalation: instances share the window, and are stopped at once") {
  TestBed bed;
  auto root = bed.supervise(
      with(bed.flags("pool", 1), Strategy::simple_one_for_one),
      {template_of(bed, {.shutdown = Shutdown::after(1s), .ignores_shutdown = true})});
  for (const auto* name : {"x", "y", "z"}) (void)bed.ask<StartedChild>(root, instance(name));
  bed.end("x", crash);
  bed.end("y", crash);
  CHECK_FALSE(bed.root_end.has_value());
  bed.advance(1s);  // one timeout for both that are left
  CHECK(bed.root_end == Errc::shutdown);
}
