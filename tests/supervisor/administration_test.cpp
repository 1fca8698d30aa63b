// Children that come and go by request.
#include <catch2/catch.hpp>

#include "test_bed.hpp"

using namespace sg::supervisor;
using namespace sg::supervisor::test;
using namespace std::chrono_literals;

namespace {

template <class Reply, class Request>
caf::error error_of(TestBed& bed, const caf::actor& to, Request request) {
  bed.last_error = {};
  CHECK_FALSE(bed.ask<Reply>(to, request).has_value());
  return bed.last_error;
}

}  // namespace

TEST_CASE("child_adm: start, terminate, restart and delete a child") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("a")});
  const auto started = bed.ask<StartedChild>(root, StartChild{bed.worker("b")});
  REQUIRE(started.has_value());
  CHECK((started->id == "b" && started->handle == bed.handles["b"]));

  CHECK(error_of<StartedChild>(bed, root, StartChild{bed.worker("b")}) == Errc::already_started);
  CHECK(error_of<StartedChild>(bed, root, RestartChild{"b"}) == Errc::running);
  CHECK(error_of<caf::ok_atom>(bed, root, DeleteChild{"b"}) == Errc::running);

  CHECK(bed.ask<caf::ok_atom>(root, TerminateChild{"b"}).has_value());
  CHECK_FALSE(bed.is_alive("b"));
  CHECK(bed.ask<caf::ok_atom>(root, TerminateChild{"b"}).has_value());
  CHECK(error_of<StartedChild>(bed, root, StartChild{bed.worker("b")}) == Errc::already_present);
  CHECK(bed.ask<ChildCounts>(root, CountChildren{})->active == 1);

  CHECK(bed.ask<StartedChild>(root, RestartChild{"b"})->handle == bed.handles["b"]);
  CHECK(bed.is_alive("b"));
  CHECK(bed.ask<caf::ok_atom>(root, TerminateChild{"b"}).has_value());
  CHECK(bed.ask<caf::ok_atom>(root, DeleteChild{"b"}).has_value());
  CHECK(bed.ask<ChildCounts>(root, CountChildren{})->specs == 1);
  for (const auto* id : {"b", "never was"}) {
    CHECK(error_of<StartedChild>(bed, root, RestartChild{id}) == Errc::not_found);
    CHECK(error_of<caf::ok_atom>(bed, root, DeleteChild{id}) == Errc::not_found);
    CHECK(error_of<caf::ok_atom>(bed, root, TerminateChild{id}) == Errc::not_found);
    CHECK(error_of<ChildSpec>(bed, root, GetChildSpec{id}) == Errc::not_found);
  }
  CHECK(bed.reports_of(Context::child_terminated).empty());
  CHECK(bed.reports_of(Context::shutdown_error).empty());
}

TEST_CASE("A child that was added is restarted as the others are, and stopped before them") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("a")});
  (void)bed.ask<StartedChild>(root, StartChild{bed.worker("b")});
  bed.end("b", crash);
  CHECK(bed.starts["b"] == 2);
  bed.take_events();
  bed.stop(root);
  CHECK(bed.take_events() == Lines{"-b", "-a"});
}

TEST_CASE("child_adm: a start that fails is told, and leaves nothing behind") {
  TestBed bed;
  auto root = bed.supervise(bed.flags("root", 0), {});
  const auto answers = {Answer::error, Answer::end_first, Answer::throw_in_start};
  for (const Answer answer : answers) {
    const StartChild message{bed.worker("b", {.answers = {answer}})};
    CHECK(error_of<StartedChild>(bed, root, message));
    CHECK(bed.ask<ChildCounts>(root, CountChildren{})->specs == 0);
  }
  CHECK(bed.reports_of(Context::start_error).size() == 3);
  CHECK_FALSE(bed.root_end.has_value());  // nothing of it counted
}

TEST_CASE("extra_return: a child that ignores keeps its spec, unless it is temporary") {
  TestBed bed;
  auto root = bed.supervise({});
  for (const Answer answer : {Answer::ignore, Answer::ignore_in_start}) {
    const auto id = "b" + std::to_string(static_cast<int>(answer));
    const auto kept =
        bed.ask<StartedChild>(root, StartChild{bed.worker(id, {.answers = {answer}})});
    REQUIRE(kept.has_value());
    CHECK_FALSE(kept->handle);
  }
  const StartChild temporary{
      bed.worker("t", {.restart = Restart::temporary, .answers = {Answer::ignore}})};
  REQUIRE(bed.ask<StartedChild>(root, temporary).has_value());
  CHECK(bed.ask<ChildCounts>(root, CountChildren{})->specs == 2);
}

TEST_CASE("A restart by request that fails leaves the child down, with its spec") {
  TestBed bed;
  auto root =
      bed.supervise(bed.flags("root", 0),
                    {bed.worker("a", {.answers = {Answer::ready, Answer::error, Answer::ok}})});
  CHECK(bed.ask<caf::ok_atom>(root, TerminateChild{"a"}).has_value());
  CHECK(error_of<StartedChild>(bed, root, RestartChild{"a"}) == caf::sec::cannot_open_file);
  CHECK(bed.starts["a"] == 2);
  CHECK(bed.ask<StartedChild>(root, RestartChild{"a"}).has_value());
  CHECK(bed.is_alive("a"));
}

TEST_CASE("child_specs: a faulty spec is refused, and get_childspec gives the one that stands") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("a", {.restart = Restart::transient})});
  CHECK(error_of<StartedChild>(bed, root, StartChild{{.id = ""}}) == Errc::bad_specification);
  CHECK(error_of<StartedChild>(bed, root, StartChild{{.id = "x"}}) == Errc::bad_specification);
  const auto spec = bed.ask<ChildSpec>(root, GetChildSpec{"a"});
  REQUIRE(spec.has_value());
  CHECK((spec->id == "a" && spec->restart == Restart::transient));
}

TEST_CASE("temporary_normal: the spec of a temporary child goes when it is terminated") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("t", {.restart = Restart::temporary})});
  CHECK(bed.ask<caf::ok_atom>(root, TerminateChild{"t"}).has_value());
  CHECK(bed.ask<ChildCounts>(root, CountChildren{})->specs == 0);
  CHECK(bed.ask<StartedChild>(root, StartChild{bed.worker("t")}).has_value());
}

TEST_CASE("hanging_restart_loop: a child between two attempts can be terminated and deleted") {
  TestBed bed;
  auto root = bed.supervise(bed.flags("root", 1'000'000),
                            {bed.worker("a", {.answers = {Answer::ready, Answer::error},
                                              .backoff = Backoff{1s, 10s, 0}})});
  bed.end("a", crash);
  CHECK(error_of<StartedChild>(bed, root, RestartChild{"a"}) == Errc::restarting);
  CHECK(error_of<caf::ok_atom>(bed, root, DeleteChild{"a"}) == Errc::restarting);
  CHECK(error_of<StartedChild>(bed, root, StartChild{bed.worker("a")}) == Errc::already_started);
  CHECK(bed.ask<caf::ok_atom>(root, TerminateChild{"a"}).has_value());
  CHECK(bed.ask<caf::ok_atom>(root, DeleteChild{"a"}).has_value());
  bed.advance(20s);
  CHECK(bed.starts["a"] == 1);
}

TEST_CASE("A terminated child that outlasts its timeout is killed before the answer comes") {
  TestBed bed;
  auto root = bed.supervise(
      {bed.worker("a", {.shutdown = Shutdown::after(300ms), .ignores_shutdown = true})});
  const auto reply = bed.request<caf::ok_atom>(root, TerminateChild{"a"});
  bed.run();
  CHECK_FALSE(reply->has_value());
  bed.advance(300ms);
  CHECK(reply->has_value());
  CHECK(bed.reports_of(Context::shutdown_error) == Lines{"a: kill"});
}

TEST_CASE("A child that is terminated while its failed start ends is not started again") {
  TestBed bed;
  auto root =
      bed.supervise(bed.flags("root", 5),
                    {bed.worker("a", {.shutdown = Shutdown::after(300ms),
                                      .answers = {Answer::ready, Answer::error, Answer::ready},
                                      .ignores_shutdown = true})});
  bed.end("a", crash);  // the second start fails, and takes its time to end
  const auto reply = bed.request<caf::ok_atom>(root, TerminateChild{"a"});
  bed.run();
  bed.advance(300ms);
  CHECK(reply->has_value());
  CHECK(bed.starts["a"] == 2);
  CHECK(bed.ask<ChildList>(root, WhichChildren{})->children[0].state == ChildState::stopped);
}

TEST_CASE("A child with the id of one that was deleted is not mistaken for it") {
  TestBed bed;
  auto root = bed.supervise({});
  const auto spec = bed.worker("a", {.shutdown = Shutdown::after(500ms)});
  CHECK(bed.ask<StartedChild>(root, StartChild{spec}).has_value());
  CHECK(bed.ask<caf::ok_atom>(root, TerminateChild{"a"}).has_value());  // its timeout stays behind
  CHECK(bed.ask<caf::ok_atom>(root, DeleteChild{"a"}).has_value());
  bed.advance(400ms);
  const auto slow = bed.worker("a", {.shutdown = Shutdown::after(500ms), .ignores_shutdown = true});
  CHECK(bed.ask<StartedChild>(root, StartChild{slow}).has_value());
  const auto reply = bed.request<caf::ok_atom>(root, TerminateChild{"a"});
  bed.run();
  bed.advance(100ms);
  CHECK_FALSE(reply->has_value());
  bed.advance(400ms);
  CHECK(reply->has_value());
}

TEST_CASE("already_started_outside: a start that finds its actor running elsewhere has failed") {
  TestBed bed;
  auto root = bed.supervise(bed.flags("root", 0), {});
  (void)bed.ask<StartedChild>(root, StartChild{bed.worker("outside")});
  ChildSpec spec = bed.worker("b");
  spec.start = [](caf::event_based_actor*) -> caf::expected<caf::actor> {
    return make_error(Errc::already_started, "outside");
  };
  CHECK(error_of<StartedChild>(bed, root, StartChild{spec}) == Errc::already_started);
  CHECK(bed.ask<ChildCounts>(root, CountChildren{})->specs == 1);
  CHECK(bed.is_alive("outside"));
  CHECK(bed.reports_of(Context::start_error) == Lines{"b: already_started: outside"});
}

TEST_CASE("shutdown race: a child that ends by itself while it is told to is down, once") {
  TestBed bed;
  auto root = bed.supervise(bed.flags("root", 0), {bed.worker("a"), bed.worker("b")});
  const auto reply = bed.request<caf::ok_atom>(root, TerminateChild{"b"});
  const caf::error reason = GENERATE(caf::error{}, caf::error{caf::sec::runtime_error});
  SECTION("it is ahead of the request") { bed.end("b", reason); }
  SECTION("it is behind the request") {
    bed.run(2);  // who asks, and the supervisor: the child has not heard of it
    bed.end("b", reason);
  }
  bed.run();
  if (!bed.root_end) {
    CHECK(reply->has_value());
    CHECK(bed.starts["b"] == 1);
    CHECK_FALSE(bed.is_alive("b"));
    CHECK(bed.is_alive("a"));
  } else {
    // Seen as a crash, and the intensity allows none.
    CHECK(bed.reports_of(Context::child_terminated).size() == 1);
    CHECK(bed.last_error);
  }
}

TEST_CASE("Requests while a child starts are answered when the supervisor is up or stops") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("slow", {.answers = {Answer::silence}})});
  const auto added = bed.request<StartedChild>(root, StartChild{bed.worker("b")});
  bed.run();
  CHECK_FALSE(added->has_value());
  SECTION("up") {
    caf::anon_send(bed.handles["slow"], Ready{});
    bed.run();
    CHECK(added->has_value());
  }
  SECTION("stopped") {
    bed.stop(root);
    CHECK_FALSE(added->has_value());
    CHECK(bed.last_error);
    CHECK(bed.starts["b"] == 0);
  }
}

TEST_CASE("tree: children that were added are not known to a restarted supervisor") {
  TestBed bed;
  bed.supervise({supervisor_spec(bed.flags("sub", 0), {bed.worker("a")})});
  auto root = bed.supervise(bed.flags("root", 5),
                            {supervisor_spec(bed.flags("sub", 0), {bed.worker("x")})});
  const auto sub = bed.ask<ChildList>(root, WhichChildren{})->children[0].handle;
  (void)bed.ask<StartedChild>(sub, StartChild{bed.worker("y")});
  bed.end("x", crash);
  const auto again = bed.ask<ChildList>(root, WhichChildren{})->children[0].handle;
  CHECK(again != sub);
  CHECK(bed.ask<ChildCounts>(again, CountChildren{})->specs == 1);
  CHECK_FALSE(bed.is_alive("y"));
}

TEST_CASE("A request that waits for a regrouping is told when the supervisor stops instead") {
  TestBed bed;
  auto flags = bed.flags("root");
  flags.strategy = Strategy::one_for_all;
  auto root = bed.supervise(
      flags, {bed.worker("a"),
              bed.worker("b", {.shutdown = Shutdown::after(500ms), .ignores_shutdown = true})});
  bed.end("a", crash);
  const auto reply = bed.request<StartedChild>(root, StartChild{bed.worker("c")});
  bed.run();
  CHECK_FALSE(reply->has_value());
  CHECK_FALSE(bed.last_error);
  bed.stop(root);
  bed.advance(500ms);
  CHECK_FALSE(reply->has_value());
  CHECK(bed.last_error == Errc::shutdown);
  CHECK(bed.starts["c"] == 0);
}
