#include "telemetry/instruments.hpp"

#include <algorithm>

namespace sg::telemetry {
namespace {

constexpr Histogram::Ladder ladder_from(std::uint64_t first) {
  Histogram::Ladder bounds{};
  constexpr std::array<std::uint64_t, 3> steps{1, 2, 5};
  std::uint64_t decade = first;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    bounds[i] = decade * steps[i % steps.size()];
    if (i % steps.size() == steps.size() - 1) decade *= 10;
  }
  return bounds;
}

}  // namespace

constexpr Histogram::Ladder kDurationBounds = ladder_from(1'000);
constexpr Histogram::Ladder kSizeBounds = ladder_from(1);
const Histogram::Ladder Histogram::kDurations = kDurationBounds;
const Histogram::Ladder Histogram::kSizes = kSizeBounds;

void Histogram::record(std::uint64_t value, std::uint64_t times) {
  const auto place = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[static_cast<std::size_t>(place)].fetch_add(times, std::memory_order_relaxed);
  sum_.fetch_add(value * times, std::memory_order_relaxed);
}

Histogram::Reading Histogram::read() const {
  Reading reading;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    reading.counts[i] = counts_[i].load(std::memory_order_relaxed);
    reading.count += reading.counts[i];
  }
  reading.sum = sum_.load(std::memory_order_relaxed);
  return reading;
}

}  // namespace sg::telemetry
