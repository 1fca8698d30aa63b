#include "config/changes.hpp"

#include "config/keys.hpp"

namespace sg::config {

Changes take_live_changes(Settings& now, const Settings& wanted) {
  Changes changes;
  for (const auto& key : keys()) {
    const auto value = read(key, wanted);
    if (read(key, now) == value) continue;
    if (key.is_live) {
      // A value that was read from settings has the type and the bounds of its key.
      (void)write(key, value, now);
      changes.live.push_back(key.full_name());
    } else {
      changes.later.push_back(key.full_name());
    }
  }
  return changes;
}

}  // namespace sg::config
