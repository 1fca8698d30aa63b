// What the keys of [cluster] have to be together.
#pragma once

#include <optional>
#include <string>

#include "config/settings.hpp"

namespace sg::config {

// What is wrong with the table as a whole, and what would be right. Nullopt: nothing, or the ledger
// stands alone.
[[nodiscard]] std::optional<std::string> wrong_cluster(const Cluster& cluster);

// True for a host that only this machine reaches.
[[nodiscard]] bool is_loopback(const std::string& host);

}  // namespace sg::config
