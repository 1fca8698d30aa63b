#include "server/settings_source.hpp"

#include <spdlog/spdlog.h>

#include "actors/gateway/door/credential_watch.hpp"
#include "config/changes.hpp"
#include "config/load.hpp"
#include "config/together.hpp"

namespace sg::server {

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

void reload(const SettingsSource& source, config::Settings& current, actors::GatewaySeat& seat) {
  const auto wanted = read_settings(source);
  if (!wanted) {
    return spdlog::error("SIGHUP: the settings stay as they are: {}", wanted.error());
  }
  if (const auto wrong = actors::wrong_credential_files(*wanted)) {
    return spdlog::error("SIGHUP: the settings stay as they are: error: {}", *wrong);
  }
  const auto changes = config::take_live_changes(current, *wanted);
  spdlog::set_level(static_cast<spdlog::level::level_enum>(current.log.level));
  if (!changes.live.empty()) seat.set_auth(current.auth);
  for (const auto& key : changes.live) spdlog::warn("SIGHUP: {} has changed", key);
  for (const auto& key : changes.later) {
    spdlog::warn("SIGHUP: {} has changed: that counts from the next start on", key);
  }
  if (changes.live.empty() && changes.later.empty()) {
    spdlog::info("SIGHUP: the settings have not changed");
  }
}

}  // namespace sg::server
