#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <catch2/catch.hpp>

#include "supervisor/exit_rule.hpp"
#include "supervisor/report.hpp"
#include "supervisor/supervisor.hpp"

using namespace sg::supervisor;
using std::chrono::milliseconds;

namespace {

ChildSpec spec(std::string id) {
  return {.id = std::move(id),
          .start = [](caf::event_based_actor*) { return caf::expected<caf::actor>{caf::actor{}}; }};
}

}  // namespace

TEST_CASE("A spec needs an id, a start function and nothing else") {
  const std::vector<ChildSpec> specs{spec("a"), spec("b")};
  CHECK(check_child_specs(specs) == std::nullopt);
  CHECK(specs[0].restart == Restart::permanent);
  CHECK(specs[0].type == ChildType::worker);
  CHECK(check_child_specs({}) == std::nullopt);
}

TEST_CASE("Faulty specs are named") {
  ChildSpec no_start{.id = "a", .start = {}};
  ChildSpec negative = spec("a");
  negative.shutdown = Shutdown::after(milliseconds{-1});
  CHECK(check_child_specs(std::vector{spec("")}) == "a child has no id");
  CHECK(check_child_specs(std::vector{spec("a"), spec("b"), spec("a")}) == "duplicate child id: a");
  CHECK(check_child_specs(std::vector{no_start}) == "child has no start function: a");
  CHECK(check_child_specs(std::vector{negative}) == "child has a negative shutdown timeout: a");
}

TEST_CASE("Faulty flags are named") {
  CHECK(check_flags({.name = "root"}) == std::nullopt);
  CHECK(check_flags({.name = "root", .intensity = 0}) == std::nullopt);
  CHECK(check_flags({.name = "root", .intensity = -1}) == "intensity is negative");
  CHECK(check_flags({.name = "root", .period = milliseconds{0}}) == "period is not positive");
}

TEST_CASE(
    "A worker has 5000 ms to stop and a supervisor has all the time, unless they say otherwise") {
  ChildSpec worker = spec("w");
  ChildSpec supervisor = spec("s");
  supervisor.type = ChildType::supervisor;
  CHECK(shutdown_of(worker) == Shutdown::after(milliseconds{5000}));
  CHECK(shutdown_of(supervisor) == Shutdown::infinity());
  worker.shutdown = Shutdown::brutal_kill();
  CHECK(shutdown_of(worker) == Shutdown::brutal_kill());
}

TEST_CASE("Reasons are normal, shutdown or abnormal") {
  CHECK(exit_kind({}) == ExitKind::normal);
  CHECK(exit_kind(caf::exit_reason::normal) == ExitKind::normal);
  CHECK(exit_kind(caf::exit_reason::user_shutdown) == ExitKind::shutdown);
  CHECK(exit_kind(Errc::shutdown) == ExitKind::shutdown);
  CHECK(exit_kind(make_error(Errc::failed_to_start_child, "a")) == ExitKind::shutdown);
  CHECK(exit_kind(Errc::start_failed) == ExitKind::abnormal);
  CHECK(exit_kind(caf::exit_reason::kill) == ExitKind::abnormal);
  CHECK(exit_kind(caf::sec::runtime_error) == ExitKind::abnormal);
}

TEST_CASE("OTP's table of restart type and exit") {
  struct Case {
    Restart restart;
    ExitKind kind;
    ExitRule rule;
  };
  const std::vector<Case> cases{
      {Restart::permanent, ExitKind::normal, {true, Consequence::restart}},
      {Restart::permanent, ExitKind::shutdown, {true, Consequence::restart}},
      {Restart::permanent, ExitKind::abnormal, {true, Consequence::restart}},
      {Restart::transient, ExitKind::normal, {false, Consequence::keep}},
      {Restart::transient, ExitKind::shutdown, {false, Consequence::keep}},
      {Restart::transient, ExitKind::abnormal, {true, Consequence::restart}},
      {Restart::temporary, ExitKind::normal, {false, Consequence::forget}},
      {Restart::temporary, ExitKind::shutdown, {false, Consequence::forget}},
      {Restart::temporary, ExitKind::abnormal, {true, Consequence::forget}},
  };
  for (const Case& one : cases) {
    INFO(to_string(one.restart) << " " << static_cast<int>(one.kind));
    CHECK(exit_rule(one.restart, one.kind) == one.rule);
  }
}

TEST_CASE("Which reasons are expected of a child that was told to stop") {
  const auto asked = Shutdown::after(milliseconds{10});
  const auto brutal = Shutdown::brutal_kill();
  const caf::error normal{};
  const caf::error shutdown = caf::exit_reason::user_shutdown;
  const caf::error killed = caf::exit_reason::kill;
  const caf::error crash = caf::sec::runtime_error;
  struct Case {
    Restart restart;
    Shutdown shutdown;
    caf::error reason;
    bool is_expected;
  };
  const std::vector<Case> cases{
      {Restart::permanent, asked, shutdown, true},  {Restart::permanent, asked, normal, false},
      {Restart::permanent, asked, killed, false},   {Restart::permanent, asked, crash, false},
      {Restart::transient, asked, normal, true},    {Restart::transient, asked, killed, false},
      {Restart::permanent, brutal, killed, true},   {Restart::permanent, brutal, shutdown, false},
      {Restart::temporary, brutal, shutdown, true}, {Restart::permanent, brutal, crash, false},
  };
  for (const Case& one : cases) {
    INFO(to_string(one.restart) << " " << to_string(one.shutdown) << " " << to_string(one.reason));
    CHECK(is_expected_stop(one.restart, one.shutdown, one.reason) == one.is_expected);
  }
}

TEST_CASE("A report is one line") {
  const Report report{
      .supervisor = "root",
      .context = Context::child_terminated,
      .reason = "disk full",
      .offender = {"7@node", "journal", Restart::permanent, Shutdown{}, ChildType::worker},
      .incarnation = 2};
  CHECK(to_string(report) ==
        "root: child_terminated id=journal incarnation=2 handle=7@node restart=permanent "
        "shutdown=5000ms type=worker reason=disk full");
}
