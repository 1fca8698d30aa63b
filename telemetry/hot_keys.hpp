// Which keys come most often, in bounded memory: the Space-Saving algorithm (Metwally, Agrawal and
// El Abbadi: Efficient Computation of Frequent and Top-k Elements in Data Streams, 2005). A key
// that is not counted takes the place of the one with the smallest count, and its count with it. So
// a key that makes up more than 1/kPlaces of all is always among them.
//
// Counts are halved every kHalfLife counts, so that what was hot long ago gives way.
//
// Concurrency: thread-safe. A count takes a lock and a walk over kPlaces places, so a hot path
// counts one key of many.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sg::telemetry {

class HotKeys {
 public:
  static constexpr std::size_t kPlaces = 64;
  static constexpr std::size_t kTold = 10;
  static constexpr std::uint64_t kLeastShare =
      200;  // keys of less than a 200th of all are not told
  static constexpr std::uint64_t kHalfLife = 4'096;

  void count(std::string_view key);
  // The hottest keys with their share of all that was counted, from 0 to 1, the hottest first.
  std::vector<std::pair<std::string, double>> read() const;

 private:
  struct Place {
    std::string key;
    std::uint64_t count = 0;
    std::uint64_t taken_over = 0;  // of the count: how much may be that of others
  };
  void halve();

  mutable std::mutex mutex_;  // guards what follows
  std::array<Place, kPlaces> places_;
  std::uint64_t all_ = 0;
  std::uint64_t until_half_ = kHalfLife;
};

}  // namespace sg::telemetry
