#include <catch2/catch.hpp>

#include "test_bed.hpp"

using namespace sg::supervisor;
using namespace sg::supervisor::test;

TEST_CASE("Children start from left to right, each when the one before is ready") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("a"), bed.worker("b", {.answers = {Answer::silence}}),
                             bed.worker("c", {.answers = {Answer::ok}})});
  auto up = bed.request<Ready>(root, Init{});
  bed.run();
  CHECK(bed.events == Lines{"+a", "+b"});
  CHECK_FALSE(up->has_value());

  caf::anon_send(bed.handles["b"], Ready{});
  bed.run();
  CHECK(bed.events == Lines{"+a", "+b", "+c"});
  CHECK(up->has_value());
  CHECK(bed.reports_of(Context::progress) == Lines{"a: ", "b: ", "c: "});
  CHECK(bed.ask<Ready>(root, Init{}).has_value());
}

TEST_CASE("A supervisor without children is ready at once") {
  TestBed bed;
  auto root = bed.supervise({});
  CHECK(bed.ask<Ready>(root, Init{}).has_value());
}

TEST_CASE("A child that cannot start stops what was started, in reverse") {
  struct Case {
    Answer answer;
    std::string reason;
  };
  const std::vector<Case> cases{
      {Answer::throw_in_start, "start_failed: no such device"},
      {Answer::error, "system_error(cannot_open_file)"},
      {Answer::end_first, "system_error(socket_disconnected)"},
  };
  for (const Case& one : cases) {
    INFO(one.reason);
    TestBed bed;
    auto root = bed.supervise({bed.worker("a"), bed.worker("b"),
                               bed.worker("c", {.answers = {one.answer}}), bed.worker("d")});
    REQUIRE(bed.root_end.has_value());
    CHECK(*bed.root_end == Errc::failed_to_start_child);
    CHECK(reason_text(bed.system, *bed.root_end) == "failed_to_start_child: c: " + one.reason);
    CHECK(bed.reports_of(Context::start_error) == Lines{"c: " + one.reason});
    CHECK(bed.reports_of(Context::shutdown_error).empty());
    std::erase(bed.events, "+c");
    std::erase(bed.events, "-c");
    CHECK(bed.events == Lines{"+a", "+b", "-b", "-a"});
    CHECK(bed.starts.count("d") == 0);
  }
}

TEST_CASE("Who asked Init of a supervisor that cannot start is told why") {
  TestBed bed;
  auto slow = bed.worker("a", {.answers = {Answer::silence}});
  auto root = bed.supervise({slow});
  auto up = bed.request<Ready>(root, Init{});
  bed.run();
  bed.end("a", caf::sec::runtime_error);
  CHECK_FALSE(up->has_value());
  CHECK(bed.last_error == Errc::failed_to_start_child);
}

TEST_CASE("A start without a handle, or with a sibling's, is a failed start") {
  TestBed bed;
  ChildSpec none{.id = "none", .start = [](caf::event_based_actor*) {
                   return caf::expected<caf::actor>{caf::actor{}};
                 }};
  bed.supervise({none});
  CHECK(bed.reports_of(Context::start_error) == Lines{"none: start_failed: start gave no handle"});

  bed.reports.clear();
  ChildSpec twin{.id = "twin", .start = [&](caf::event_based_actor*) {
                   return caf::expected<caf::actor>{bed.handles.at("a")};
                 }};
  bed.supervise({bed.worker("a"), twin});
  CHECK(bed.reports_of(Context::start_error) ==
        Lines{"twin: start_failed: start gave a sibling's handle"});
  CHECK_FALSE(bed.is_alive("a"));
}

TEST_CASE("A child that does not know Init has failed to start") {
  TestBed bed;
  ChildSpec mute{.id = "mute", .start = [](caf::event_based_actor* self) {
                   auto behavior = [](caf::event_based_actor* child) -> caf::behavior {
                     child->set_default_handler(caf::drop);
                     return {[](int) {}};
                   };
                   return caf::expected<caf::actor>{self->spawn(behavior)};
                 }};
  bed.supervise({mute});
  CHECK(bed.reports_of(Context::start_error) == Lines{"mute: system_error(unexpected_message)"});
  CHECK(bed.root_end == Errc::failed_to_start_child);
}

TEST_CASE("A child that ignores keeps its spec without a handle, a temporary one does not") {
  for (Answer answer : {Answer::ignore, Answer::ignore_in_start}) {
    TestBed bed;
    auto root = bed.supervise(
        {bed.worker("a", {.answers = {answer}}),
         bed.worker("t", {.restart = Restart::temporary, .answers = {answer}}), bed.worker("b")});
    auto list = bed.ask<ChildList>(root, WhichChildren{});
    REQUIRE(list.has_value());
    REQUIRE(list->children.size() == 2);
    CHECK(list->children[0].id == "a");
    CHECK(list->children[0].state == ChildState::stopped);
    CHECK_FALSE(list->children[0].handle);
    CHECK(list->children[1].state == ChildState::running);
    CHECK(bed.reports_of(Context::start_error).empty());
    CHECK(bed.ask<Ready>(root, Init{}).has_value());
  }
}

TEST_CASE("Faulty specs end the supervisor before anything starts") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("a"), bed.worker("a")});
  REQUIRE(bed.root_end.has_value());
  CHECK(reason_text(bed.system, *bed.root_end) == "bad_specification: duplicate child id: a");
  CHECK(bed.events.empty());
}

TEST_CASE("A sub-supervisor that cannot start fails its parent's start with its own reason") {
  TestBed bed;
  auto sub = supervisor_spec(bed.flags("sub"),
                             {bed.worker("a"), bed.worker("b", {.answers = {Answer::error}})});
  bed.supervise({bed.worker("first"), sub});
  REQUIRE(bed.root_end.has_value());
  CHECK(reason_text(bed.system, *bed.root_end) ==
        "failed_to_start_child: sub: failed_to_start_child: b: system_error(cannot_open_file)");
  CHECK_FALSE(bed.is_alive("a"));
  CHECK_FALSE(bed.is_alive("first"));
}

TEST_CASE("A child that crashes while a later one starts is restarted meanwhile") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("a"), bed.worker("b", {.answers = {Answer::silence}})});
  bed.end("a", caf::sec::runtime_error);
  CHECK(bed.starts["a"] == 2);
  CHECK(bed.is_alive("a"));
  auto up = bed.request<Ready>(root, Init{});
  caf::anon_send(bed.handles["b"], Ready{});
  bed.run();
  CHECK(up->has_value());
}

TEST_CASE("A supervisor is not up while a child that crashed meanwhile is still restarting") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("a", {.answers = {Answer::ready, Answer::silence}}),
                             bed.worker("b", {.answers = {Answer::silence}})});
  auto up = bed.request<Ready>(root, Init{});
  bed.end("a", caf::sec::runtime_error);
  caf::anon_send(bed.handles["b"], Ready{});
  bed.run();
  CHECK_FALSE(up->has_value());
  caf::anon_send(bed.handles["a"], Ready{});
  bed.run();
  CHECK(up->has_value());
}

TEST_CASE("A child that dies with Init unread gives its own reason") {
  TestBed bed;
  ChildSpec dead{.id = "dead", .start = [](caf::event_based_actor* self) {
                   auto handle = self->spawn([](caf::event_based_actor* child) {
                     child->quit(caf::sec::socket_disconnected);
                   });
                   return caf::expected<caf::actor>{handle};
                 }};
  bed.supervise({dead});
  CHECK(bed.reports_of(Context::start_error) == Lines{"dead: system_error(socket_disconnected)"});
}
