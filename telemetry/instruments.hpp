// What a metric is measured with: counters, gauges and histograms that any thread may write while
// others read. A write is one relaxed addition without a lock, so that hot paths can afford it. A
// reader sees each number whole, but not all numbers of one moment.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sg::telemetry {

// Only rises, as long as the process runs.
class Counter {
 public:
  void add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Rises and falls.
class Gauge {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t change) { value_.fetch_add(change, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

// How often values came, by size: one bucket for each bound of a ladder 1, 2, 5, 10, 20, 50 and so
// on, and one for all that is larger. The bounds are the same for all histograms of a kind, so that
// those of several nodes can be added up.
class Histogram {
 public:
  static constexpr std::size_t kBounds = 25;
  using Ladder = std::array<std::uint64_t, kBounds>;
  // Nanoseconds, from 1 us to 100 s.
  static const Ladder kDurations;
  // Transfers of a group, accounts, bytes: from 1 to 100 million.
  static const Ladder kSizes;

  explicit Histogram(const Ladder& bounds = kDurations) : bounds_(bounds) {}

  void record(std::uint64_t value, std::uint64_t times = 1);
  void record(std::chrono::nanoseconds duration) {
    record(static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0)));
  }

  struct Reading {
    std::array<std::uint64_t, kBounds + 1> counts{};  // not cumulated; the last: above all bounds
    std::uint64_t count = 0;                          // their sum
    std::uint64_t sum = 0;                            // of the values
  };
  Reading read() const;
  const Ladder& bounds() const { return bounds_; }

 private:
  const Ladder& bounds_;
  std::array<std::atomic<std::uint64_t>, kBounds + 1> counts_{};
  std::atomic<std::uint64_t> sum_{0};
};

}  // namespace sg::telemetry
