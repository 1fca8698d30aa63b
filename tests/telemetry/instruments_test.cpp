#include "telemetry/instruments.hpp"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

namespace sg::telemetry {
namespace {

using namespace std::chrono_literals;

TEST_CASE("The bounds of a histogram are a ladder of 1, 2 and 5", "[telemetry]") {
  const auto& durations = Histogram::kDurations;
  CHECK(durations[0] == 1'000);
  CHECK(durations[1] == 2'000);
  CHECK(durations[2] == 5'000);
  CHECK(durations[3] == 10'000);
  CHECK(durations.back() == 100'000'000'000);
  CHECK(Histogram::kSizes.front() == 1);
  CHECK(Histogram::kSizes.back() == 100'000'000);
}

TEST_CASE("A value counts in the first bucket whose bound it does not pass", "[telemetry]") {
  Histogram histogram;
  histogram.record(1us);
  histogram.record(1us + 1ns);
  histogram.record(0ns);
  histogram.record(-5ns);
  histogram.record(1h);
  const auto reading = histogram.read();
  CHECK(reading.counts[0] == 3);
  CHECK(reading.counts[1] == 1);
  CHECK(reading.counts.back() == 1);
  CHECK(reading.count == 5);
  CHECK(reading.sum == 1'000 + 1'001 + 3'600'000'000'000);
}

TEST_CASE("Nothing that several threads count is lost", "[telemetry]") {
  constexpr int kThreads = 4;
  constexpr int kTimes = 10'000;
  Counter counter;
  Histogram histogram{Histogram::kSizes};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kTimes; ++n) {
        counter.add(2);
        histogram.record(3);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(counter.value() == 2 * kThreads * kTimes);
  CHECK(histogram.read().count == kThreads * kTimes);
  CHECK(histogram.read().sum == 3 * kThreads * kTimes);
}

}  // namespace
}  // namespace sg::telemetry
