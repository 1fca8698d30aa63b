// The settings of [log], carried out.
#pragma once

#include <string>

#include "config/settings.hpp"

namespace sg::server {

// From now on all is logged as the settings say. Returns a sentence if it cannot be, else nothing.
std::string start_log(const config::Log& settings);
// The levels only: they may change while the server runs.
void set_log_levels(const config::Log& settings);

}  // namespace sg::server
