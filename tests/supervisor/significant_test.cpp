// Significant children and auto_shutdown, as in OTP 24.
#include <caf/exit_reason.hpp>
#include <catch2/catch.hpp>

#include "test_bed.hpp"

using namespace sg::supervisor;
using namespace sg::supervisor::test;

namespace {

const caf::error normal{};

Flags with(Flags flags, AutoShutdown auto_shutdown, Strategy strategy = Strategy::one_for_one) {
  flags.auto_shutdown = auto_shutdown;
  flags.strategy = strategy;
  return flags;
}

WorkerOptions significant(Restart restart) { return {.restart = restart, .significant = true}; }

}  // namespace

TEST_CASE("significant_temporary: its end, whatever the reason, is the supervisor's") {
  TestBed bed;
  const caf::error reason = GENERATE(caf::error{}, caf::error{caf::exit_reason::user_shutdown},
                                     caf::error{caf::sec::runtime_error});
  bed.supervise(with(bed.flags("root"), AutoShutdown::any_significant),
                {bed.worker("a", significant(Restart::temporary)), bed.worker("b"),
                 bed.worker("c", significant(Restart::temporary))});
  bed.take_events();
  bed.end("a", reason);
  CHECK(bed.take_events() == Lines{"-a", "-c", "-b"});
  CHECK(bed.root_end == Errc::shutdown);
}

TEST_CASE("significant_transient: only an end that no restart follows counts") {
  TestBed bed;
  bed.supervise(with(bed.flags("root", 5), AutoShutdown::any_significant),
                {bed.worker("a", significant(Restart::transient)), bed.worker("b")});
  bed.end("a", crash);
  CHECK(bed.is_alive("a"));
  CHECK_FALSE(bed.root_end.has_value());
  bed.end("a", normal);
  CHECK(bed.root_end == Errc::shutdown);
  CHECK_FALSE(bed.is_alive("b"));
}

TEST_CASE("all_significant: the last of them ends the supervisor") {
  TestBed bed;
  bed.supervise(with(bed.flags("root", 5), AutoShutdown::all_significant),
                {bed.worker("a", significant(Restart::transient)),
                 bed.worker("b", significant(Restart::temporary)), bed.worker("c")});
  bed.end("b", crash);
  CHECK_FALSE(bed.root_end.has_value());
  bed.end("a", normal);
  CHECK(bed.root_end == Errc::shutdown);
}

TEST_CASE("significant_bystander: an end that the supervisor asked for does not count") {
  TestBed bed;
  SECTION("by request") {
    auto root = bed.supervise(with(bed.flags("root"), AutoShutdown::any_significant),
                              {bed.worker("a", significant(Restart::transient))});
    CHECK(bed.ask<caf::ok_atom>(root, TerminateChild{"a"}).has_value());
  }
  SECTION("with the group of another") {
    bed.supervise(with(bed.flags("root"), AutoShutdown::any_significant, Strategy::one_for_all),
                  {bed.worker("a", significant(Restart::temporary)), bed.worker("b")});
    bed.end("b", crash);
    CHECK_FALSE(bed.is_alive("a"));  // temporary: gone with the group
  }
  CHECK_FALSE(bed.root_end.has_value());
}

TEST_CASE("significant_bystander: nor does one that ends while its group is being stopped") {
  TestBed bed;
  bed.supervise(with(bed.flags("root"), AutoShutdown::any_significant, Strategy::one_for_all),
                {bed.worker("a"), bed.worker("s", significant(Restart::transient)),
                 bed.worker("c", {.shutdown = Shutdown::after(std::chrono::milliseconds{100}),
                                  .ignores_shutdown = true})});
  bed.end("a", crash);
  bed.end("s", normal);
  bed.advance(std::chrono::milliseconds{100});
  CHECK_FALSE(bed.root_end.has_value());
  CHECK(bed.is_alive("s"));
}

TEST_CASE("significant_escalation: a supervisor that is significant ends its own in turn") {
  TestBed bed;
  auto sub = supervisor_spec(with(bed.flags("sub"), AutoShutdown::any_significant),
                             {bed.worker("a", significant(Restart::transient))});
  sub.restart = Restart::transient;
  sub.significant = true;
  bed.supervise(with(bed.flags("root"), AutoShutdown::any_significant), {sub, bed.worker("b")});
  bed.end("a", normal);
  CHECK(bed.root_end == Errc::shutdown);
  CHECK_FALSE(bed.is_alive("b"));
}

TEST_CASE("Significance is refused where it cannot mean anything") {
  TestBed bed;
  const std::vector<ChildSpec> permanent{bed.worker("a", significant(Restart::permanent))};
  const std::vector<ChildSpec> transient{bed.worker("a", significant(Restart::transient))};
  CHECK(check_child_specs(permanent, AutoShutdown::any_significant) ==
        "a permanent child cannot be significant, it never ends for good: a");
  CHECK(check_child_specs(transient) == "a child is significant, but auto_shutdown is never: a");
  CHECK(check_child_specs(transient, AutoShutdown::all_significant) == std::nullopt);
  auto root = bed.supervise({});
  CHECK_FALSE(bed.ask<StartedChild>(root, StartChild{transient[0]}).has_value());
  CHECK(bed.last_error == Errc::bad_specification);
}
