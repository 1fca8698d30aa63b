#include "telemetry/exposition.hpp"

#include <catch2/catch.hpp>

namespace sg::telemetry {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

TEST_CASE("Samples of one name stand together, with their labels", "[telemetry]") {
  Exposition page;
  page.counter("calls_total", "Calls.", {{"code", "OK"}}, 3);
  page.gauge("free_bytes", "Free.", {}, 5);
  page.counter("calls_total", "Calls.", {{"code", "NOT_FOUND"}}, 1);
  CHECK(page.text() ==
        "# HELP calls_total Calls.\n"
        "# TYPE calls_total counter\n"
        "calls_total{code=\"OK\"} 3\n"
        "calls_total{code=\"NOT_FOUND\"} 1\n"
        "# HELP free_bytes Free.\n"
        "# TYPE free_bytes gauge\n"
        "free_bytes 5\n");
}

TEST_CASE("A histogram is cumulated, in the unit of its name", "[telemetry]") {
  Histogram histogram;
  histogram.record(1us);
  histogram.record(3us);
  histogram.record(1h);
  Exposition page;
  page.histogram("wait_seconds", "Waits.", {{"stage", "lock"}}, histogram, 1e-9);
  const auto text = page.text();
  CHECK_THAT(text, Contains("# TYPE wait_seconds histogram\n"));
  CHECK_THAT(text, Contains("wait_seconds_count{stage=\"lock\"} 3\n"));
  CHECK_THAT(text, Contains("wait_seconds_bucket{stage=\"lock\",le=\"2e-06\"} 1\n"));
  CHECK_THAT(text, Contains("wait_seconds_bucket{stage=\"lock\",le=\"100\"} 2\n"));
  CHECK_THAT(text, Contains("wait_seconds_bucket{stage=\"lock\",le=\"+Inf\"} 3\n"));
}

TEST_CASE("A value of a label may hold any character", "[telemetry]") {
  Exposition page;
  page.gauge("up", "Up.", {{"actor", "a\"b\\c\nd"}}, 1);
  CHECK_THAT(page.text(), Contains(R"(up{actor="a\"b\\c\nd"} 1)"));
}

TEST_CASE("What was counted by outcome and parties is told by both", "[telemetry]") {
  Metrics metrics;
  metrics.transfers[0][parties_of(2)].add(7);
  metrics.transfers[1][parties_of(12)].add(2);
  Exposition page;
  metrics.refusals[1].add(3);
  const std::vector<std::string> reasons{"ONE", "TWO"};
  expose(metrics, reasons, page);
  const auto text = page.text();
  CHECK_THAT(text, Contains(R"(scalegraph_transfers_total{outcome="committed",parties="2"} 7)"));
  CHECK_THAT(text, Contains(R"(scalegraph_transfers_total{outcome="refused",parties="6+"} 2)"));
  CHECK_THAT(text, Contains(R"(scalegraph_transfers_total{outcome="unknown",parties="1"} 0)"));
  CHECK_THAT(text, Contains(R"(scalegraph_refusals_total{reason="TWO"} 3)"));
  CHECK_THAT(text, !Contains("ONE"));
}

TEST_CASE("The process tells of itself", "[telemetry]") {
  Exposition page;
  expose_process(page);
  const auto text = page.text();
  for (const auto* name :
       {"process_cpu_seconds_total ", "process_resident_memory_bytes ", "process_threads ",
        "process_start_time_seconds ", "process_open_fds ", "process_max_fds "}) {
    CHECK_THAT(text, Contains(name));
  }
}

}  // namespace
}  // namespace sg::telemetry
