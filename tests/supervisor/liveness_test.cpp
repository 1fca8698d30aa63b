// Beyond OTP: back-off between restarts, and children that hang.
#include <caf/exit_reason.hpp>
#include <catch2/catch.hpp>

#include "test_bed.hpp"

using namespace sg::supervisor;
using namespace sg::supervisor::test;
using namespace std::chrono_literals;

TEST_CASE("A back-off doubles the wait up to its maximum, and begins anew after a quiet time") {
  TestBed bed;
  bed.supervise(bed.flags("root", 1'000),
                {bed.worker("a", {.backoff = Backoff{100ms, 1000ms, 0}}), bed.worker("b")});
  int starts = 1;
  for (const auto wait : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    bed.end("a", crash);
    bed.advance(wait - 1ms);
    CHECK(bed.starts["a"] == starts);
    bed.advance(1ms);
    CHECK(bed.starts["a"] == ++starts);
  }
  bed.advance(550ms);
  bed.end("a", crash);
  bed.advance(100ms);
  CHECK(bed.starts["a"] == ++starts);
  bed.advance(549ms);
  bed.end("a", crash);
  bed.advance(199ms);
  CHECK(bed.starts["a"] == starts);
  CHECK(bed.starts["b"] == 1);
}

TEST_CASE("A start that fails waits longer each time; jitter adds its share") {
  TestBed bed;
  Flags flags = bed.flags("root", 1'000);
  flags.random = [] { return 0.5; };
  bed.supervise(flags, {bed.worker("a", {.answers = {Answer::ready, Answer::error},
                                         .backoff = Backoff{100ms, 10'000ms, 0.2}})});
  bed.end("a", crash);
  for (int attempt = 0; attempt < 5; ++attempt) {
    const auto wait = 110ms * (1 << attempt);
    bed.advance(wait - 1ms);
    CHECK(bed.starts["a"] == 1 + attempt);
    bed.advance(1ms);
    CHECK(bed.starts["a"] == 2 + attempt);
  }
}

TEST_CASE("A stop during a back-off is obeyed at once") {
  TestBed bed;
  auto root = bed.supervise({bed.worker("a", {.backoff = Backoff{1s, 10s, 0}})});
  bed.end("a", crash);
  bed.stop(root);
  CHECK(bed.root_end.has_value());
  bed.advance(20s);
  CHECK(bed.starts["a"] == 1);
}

TEST_CASE("Faulty back-offs and periods are named") {
  TestBed bed;
  const auto fault = [&](WorkerOptions options) {
    return check_child_specs(std::vector{bed.worker("a", options)}).has_value();
  };
  CHECK(fault({.backoff = Backoff{0ms, 1s, 0}}));
  CHECK(fault({.backoff = Backoff{2s, 1s, 0}}));
  CHECK(fault({.backoff = Backoff{1s, 2s, -0.1}}));
  CHECK(fault({.liveness = Liveness{.period = 0ms}}));
  CHECK_FALSE(fault({.backoff = Backoff{}, .liveness = Liveness{}}));
}

TEST_CASE("A child that hangs is abandoned, reported and replaced; the old one is told to go") {
  TestBed bed;
  auto root =
      bed.supervise({bed.worker("a", {.liveness = Liveness{.period = 1s}}), bed.worker("b")});
  for (int i = 0; i < 5; ++i) bed.advance(1s);
  CHECK(bed.starts["a"] == 1);
  const auto old = bed.handles["a"];
  caf::anon_send(old, Hang{});
  bed.run();
  bed.advance(1s);  // asked
  CHECK(bed.starts["a"] == 1);
  bed.advance(1s);  // not answered
  CHECK(bed.starts["a"] == 2);
  CHECK(bed.handles["a"] != old);
  CHECK(bed.ends_of[old.id()] == caf::error{caf::exit_reason::kill});
  CHECK(bed.reports_of(Context::child_terminated) ==
        Lines{"a: unresponsive: no answer within 1000 ms: abandoned"});
  CHECK(bed.starts["b"] == 1);
  CHECK(bed.ask<ChildList>(root, WhichChildren{})->children[0].handle == bed.handles["a"]);
  for (int i = 0; i < 3; ++i) bed.advance(1s);
  CHECK(bed.starts["a"] == 2);
}

TEST_CASE("A supervisor that was late itself gives a child one more period to answer") {
  TestBed bed;
  bed.supervise({bed.worker("a", {.liveness = Liveness{.period = 1s}})});
  caf::anon_send(bed.handles["a"], Hang{});
  bed.run();
  bed.advance(1s);      // asked
  bed.advance(1600ms);  // as after a pause of the machine
  CHECK(bed.starts["a"] == 1);
  bed.advance(1s);
  CHECK(bed.starts["a"] == 2);
}

TEST_CASE("Hanging counts as a crash: it is restarted within the intensity only") {
  TestBed bed;
  bed.supervise(bed.flags("root", 0), {bed.worker("a", {.liveness = Liveness{.period = 1s}})});
  caf::anon_send(bed.handles["a"], Hang{});
  bed.run();
  bed.advance(1s);
  bed.advance(1s);
  CHECK(bed.root_end == Errc::shutdown);
}

TEST_CASE(
    "A child that hangs whenever it is started ends its supervisor, however long that takes") {
  TestBed bed;
  ChildSpec hangs = bed.worker("a", {.liveness = Liveness{.period = 100s}});
  int starts = 0;
  std::vector<caf::response_promise> unanswered;
  hangs.start = [&](caf::event_based_actor* supervisor) -> caf::expected<caf::actor> {
    const bool is_first = ++starts == 1;
    return supervisor->spawn([&, is_first](caf::event_based_actor* self) -> caf::behavior {
      return {
          [&, self, is_first](Init) -> caf::result<Ready> {
            if (is_first) return Ready{};
            unanswered.push_back(self->make_response_promise());
            return caf::delegated<Ready>{};
          },
          [&, self](Probe) -> caf::result<Alive> {
            unanswered.push_back(self->make_response_promise());
            return caf::delegated<Alive>{};
          },
      };
    });
  };
  bed.supervise(bed.flags("root", 5, 10s), {hangs});
  for (int i = 0; i < 20; ++i) bed.advance(100s);
  CHECK(starts == 3);  // the window alone would go on for ever
  CHECK(bed.reports_of(Context::shutdown) == Lines{"a: hangs whenever it is started"});
  CHECK(bed.root_end == Errc::shutdown);
}

TEST_CASE("Children that hang again and again end their supervisor, whatever the window says") {
  TestBed bed;
  bed.supervise(bed.flags("root", 2, 1s), {bed.worker("a", {.liveness = Liveness{.period = 10s}})});
  for (int hang = 0; hang < 3; ++hang) {
    CHECK_FALSE(bed.root_end.has_value());
    caf::anon_send(bed.handles["a"], Hang{});
    bed.run();
    bed.advance(10s);
    bed.advance(10s);
  }
  CHECK(bed.reports_of(Context::shutdown) == Lines{"a: too many children hang"});
  CHECK(bed.root_end == Errc::shutdown);
}

TEST_CASE("A supervisor whose child hangs whenever it starts hangs itself, to its own") {
  TestBed bed;
  ChildSpec child = bed.worker("a", {.liveness = Liveness{.period = 10s}});
  int starts = 0;
  std::vector<caf::response_promise> unanswered;
  child.start = [&](caf::event_based_actor* supervisor) -> caf::expected<caf::actor> {
    ++starts;
    return supervisor->spawn([&](caf::event_based_actor* self) -> caf::behavior {
      const auto keep = [&, self] { unanswered.push_back(self->make_response_promise()); };
      return {[keep](Init) -> caf::result<Ready> {
                keep();
                return caf::delegated<Ready>{};
              },
              [keep](Probe) -> caf::result<Alive> {
                keep();
                return caf::delegated<Alive>{};
              }};
    });
  };
  auto good = bed.worker("good");
  ChildSpec sub = supervisor_spec(bed.flags("sub", 3), {child});
  bool works = true;
  sub.start = [&, hanging = sub.start](caf::event_based_actor* supervisor) {
    return works ? good.start(supervisor) : hanging(supervisor);
  };
  bed.supervise(bed.flags("root", 5, 1s), {sub});
  works = false;
  bed.end("good", crash);
  for (int i = 0; i < 40; ++i) bed.advance(10s);
  CHECK(bed.root_end == Errc::shutdown);
  CHECK(starts == 2);
}

TEST_CASE("Where hanging must end the process, the fatal handler is called with the report") {
  struct Ended {};
  TestBed bed;
  Lines fatal;
  Flags flags = bed.flags("root");
  flags.fatal = [&](const Report& report) {
    fatal.push_back(report.offender.id + ": " + report.reason);
    throw Ended{};  // it must not return, and must not end this process either
  };
  auto root = bed.supervise(
      flags, {bed.worker("a", {.liveness = Liveness{1s, Liveness::Unanswered::end_process}})});
  caf::anon_send(bed.handles["a"], Hang{});
  bed.run();
  bed.advance(1s);
  bed.advance(1s);
  CHECK(fatal == Lines{"a: unresponsive: no answer within 1000 ms: abandoned"});
  CHECK(bed.starts["a"] == 1);
}

TEST_CASE("The tree shows how many messages wait behind a child's probe") {
  TestBed bed;
  auto root =
      bed.supervise({bed.worker("a", {.liveness = Liveness{.period = 1s}}), bed.worker("b")});
  CHECK(bed.ask<TreeNode>(root, GetTree{})->children[0].mailbox == -1);
  bed.advance(1s);
  CHECK(bed.ask<TreeNode>(root, GetTree{})->children[0].mailbox == 0);
  CHECK(bed.ask<TreeNode>(root, GetTree{})->children[1].mailbox == -1);
}

TEST_CASE("Who does not know the probe is alive all the same") {
  TestBed bed;
  ChildSpec deaf = bed.worker("deaf", {.liveness = Liveness{.period = 1s}});
  int starts = 0;
  deaf.start = [&starts](caf::event_based_actor* supervisor) -> caf::expected<caf::actor> {
    ++starts;
    return supervisor->spawn(
        [](caf::event_based_actor*) -> caf::behavior { return {[](Init) { return Ready{}; }}; });
  };
  bed.supervise({deaf});
  for (int i = 0; i < 4; ++i) bed.advance(1s);
  CHECK(starts == 1);
}
