// What keys have to be together. Each key by itself is judged when it is set (keys.hpp).
#pragma once

#include <optional>
#include <string>

#include "config/settings.hpp"

namespace sg::config {

// What is wrong with the settings as a whole, and what would be right. Nullopt: nothing.
[[nodiscard]] std::optional<std::string> wrong_together(const Settings& settings);

// True for a host that only this machine reaches.
[[nodiscard]] bool is_loopback(const std::string& host);

}  // namespace sg::config
