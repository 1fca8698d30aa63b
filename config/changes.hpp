// What a server that runs makes of settings that were changed.
#pragma once

#include <string>
#include <vector>

#include "config/settings.hpp"

namespace sg::config {

struct Changes {
  std::vector<std::string> live;   // full names of keys that may change while the server runs
  std::vector<std::string> later;  // of the others: they count from the next start on
};

// Compares key by key. `now` gets the values of the live ones from `wanted`.
[[nodiscard]] Changes take_live_changes(Settings& now, const Settings& wanted);

}  // namespace sg::config
