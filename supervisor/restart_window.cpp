#include "supervisor/restart_window.hpp"

#include <algorithm>

namespace sg::supervisor {

RestartWindow::RestartWindow(int intensity, std::chrono::milliseconds period)
    : intensity_(static_cast<std::size_t>(std::max(intensity, 0))), period_(period) {}

bool RestartWindow::add(Time now) {
  std::erase_if(restarts_, [&](Time restart) { return restart < now - period_; });
  // Child::restarts is only a statistic: its owner goes on after "give up". Dropping the oldest
  // time bounds the memory and keeps the newest ones.
  if (restarts_.size() > intensity_) restarts_.erase(restarts_.begin());
  restarts_.push_back(now);
  return restarts_.size() <= intensity_;
}

std::size_t RestartWindow::count(Time now) const {
  return static_cast<std::size_t>(std::count_if(
      restarts_.begin(), restarts_.end(), [&](Time restart) { return restart >= now - period_; }));
}

}  // namespace sg::supervisor
