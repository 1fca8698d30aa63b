// Where the daemon's settings come from: at the start, and again at SIGHUP.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "actors/gateway/gateway.hpp"
#include "config/settings.hpp"

namespace sg::server {

struct SettingsSource {
  std::string file;                    // empty: none
  std::vector<std::string> overrides;  // of --set, which win over the file
};

// The settings, with what they have to be together. The error is what an operator is told, in one
// or more lines.
tl::expected<config::Settings, std::string> read_settings(const SettingsSource& source);

// Reads them once more. Those that may change while the server runs are taken up, and `current` has
// them then; of the others the log says that they count from the next start on. A mistake changes
// nothing, and the log says what is wrong. The service manager is told of the begin and the end.
void reload(const SettingsSource& source, config::Settings& current, actors::GatewaySeat& seat);

}  // namespace sg::server
