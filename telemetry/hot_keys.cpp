#include "telemetry/hot_keys.hpp"

#include <algorithm>

namespace sg::telemetry {

void HotKeys::count(std::string_view key) {
  const std::lock_guard lock(mutex_);
  auto place = std::find_if(places_.begin(), places_.end(),
                            [key](const Place& one) { return one.count > 0 && one.key == key; });
  if (place == places_.end()) {
    place = std::min_element(places_.begin(), places_.end(),
                             [](const Place& a, const Place& b) { return a.count < b.count; });
    place->key = key;
    place->taken_over = place->count;
  }
  ++place->count;
  ++all_;
  if (--until_half_ == 0) halve();
}

void HotKeys::halve() {
  until_half_ = kHalfLife;
  all_ /= 2;
  for (auto& place : places_) {
    place.count /= 2;
    place.taken_over /= 2;
  }
}

std::vector<std::pair<std::string, double>> HotKeys::read() const {
  std::vector<std::pair<std::string, double>> hot;
  const std::lock_guard lock(mutex_);
  for (const auto& place : places_) {
    // What is known to be the key's own. Of keys that all come once, it is next to nothing.
    const auto own = place.count - place.taken_over;
    if (own > 1 && own * kLeastShare >= all_)
      hot.emplace_back(place.key, static_cast<double>(own) / static_cast<double>(all_));
  }
  std::sort(hot.begin(), hot.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (hot.size() > kTold) hot.resize(kTold);
  return hot;
}

}  // namespace sg::telemetry
