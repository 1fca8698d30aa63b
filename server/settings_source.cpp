#include "server/settings_source.hpp"

#include "actors/gateway/door/credential_watch.hpp"
#include "config/changes.hpp"
#include "config/load.hpp"
#include "config/together.hpp"
#include "server/log_settings.hpp"
#include "server/service_manager.hpp"
#include "telemetry/log.hpp"

namespace sg::server {

using telemetry::log;
using telemetry::Module;

tl::expected<config::Settings, std::string> read_settings(const SettingsSource& source) {
  auto settings = config::defaults();
  if (!source.file.empty()) {
    auto loaded = config::load(source.file);
    if (!loaded) return tl::unexpected(to_string(loaded.error()));
    settings = std::move(*loaded);
  }
  for (const auto& text : source.overrides) {
    if (auto applied = config::apply_override(settings, text); !applied) {
      return tl::unexpected(to_string(applied.error()));
    }
  }
  if (const auto wrong = config::wrong_together(settings)) {
    return tl::unexpected("error: " + *wrong);
  }
  return settings;
}

namespace {

void take_up(const SettingsSource& source, config::Settings& current, actors::GatewaySeat& seat) {
  const auto wanted = read_settings(source);
  if (!wanted) {
    return log(Module::server).error("SIGHUP: the settings stay as they are: {}", wanted.error());
  }
  if (const auto wrong = actors::wrong_credential_files(*wanted)) {
    return log(Module::server).error("SIGHUP: the settings stay as they are: error: {}", *wrong);
  }
  const auto changes = config::take_live_changes(current, *wanted);
  set_log_levels(current.log);
  if (!changes.live.empty()) seat.set_auth(current.auth);
  for (const auto& key : changes.live) log(Module::server).warn("SIGHUP: {} has changed", key);
  for (const auto& key : changes.later) {
    log(Module::server).warn("SIGHUP: {} has changed: that counts from the next start on", key);
  }
  if (changes.live.empty() && changes.later.empty()) {
    log(Module::server).info("SIGHUP: the settings have not changed");
  }
}

}  // namespace

// Before the gateway listens, the service manager still waits for the first "ready".
void reload(const SettingsSource& source, config::Settings& current, actors::GatewaySeat& seat) {
  const bool serves = seat.has_listened;
  if (serves) tell_reloading();
  take_up(source, current, seat);
  if (serves) tell_ready("serving; the settings were read again");
}

}  // namespace sg::server
