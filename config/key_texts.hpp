// The keys that are texts with a form of their own. For each: what completes "must be ...", how the
// text is read back from the settings, and how it is judged and stored.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <utility>

#include "config/keys.hpp"

namespace sg::config {

std::string wanted_endpoint();
std::string wanted_path();
std::string wanted_level();
std::string wanted_peer_endpoint();
std::string wanted_name();
std::string wanted_seeds();
std::string wanted_file();
std::string wanted_word();
std::string wanted_client_certificates();
std::string wanted_roles();
std::string wanted_log_format();
std::string wanted_module_levels();
std::string wanted_metrics_listen();

// False, and nothing is changed, if the text has not the form that is wanted.
bool set_listen(Settings& settings, const std::string& text);
bool set_path(Settings& settings, const std::string& text);
bool set_level(Settings& settings, const std::string& text);
bool set_cluster_listen(Settings& settings, const std::string& text);
bool set_name(Settings& settings, const std::string& text);
bool set_seeds(Settings& settings, const std::string& text);
bool set_client_certificates(Settings& settings, const std::string& text);
bool set_roles(Settings& settings, const std::string& text);
bool set_log_format(Settings& settings, const std::string& text);
bool set_module_levels(Settings& settings, const std::string& text);
bool set_metrics_listen(Settings& settings, const std::string& text);
bool is_file(const std::string& text);
bool is_word(const std::string& text);

inline constexpr Text listen_text{
    wanted_endpoint, [](const Settings& settings) { return to_string(settings.server.listen); },
    set_listen};
inline constexpr Text path_text{
    wanted_path, [](const Settings& settings) { return settings.storage.path.string(); }, set_path};
inline constexpr Text level_text{
    wanted_level,
    [](const Settings& settings) { return std::string(to_string(settings.log.level)); }, set_level};
inline constexpr Text cluster_listen_text{
    wanted_peer_endpoint,
    [](const Settings& settings) { return to_string(settings.cluster.listen); },
    set_cluster_listen};
inline constexpr Text name_text{
    wanted_name, [](const Settings& settings) { return settings.cluster.name; }, set_name};
inline constexpr Text seeds_text{
    wanted_seeds, [](const Settings& settings) { return to_string(settings.cluster.seeds); },
    set_seeds};
inline constexpr Text client_certificates_text{
    wanted_client_certificates,
    [](const Settings& settings) {
      return std::string(to_string(settings.tls.client_certificates));
    },
    set_client_certificates};
inline constexpr Text roles_text{
    wanted_roles, [](const Settings& settings) { return security::to_string(settings.auth.roles); },
    set_roles};
inline constexpr Text log_format_text{
    wanted_log_format,
    [](const Settings& settings) { return std::string(to_string(settings.log.format)); },
    set_log_format};
inline constexpr Text module_levels_text{
    wanted_module_levels, [](const Settings& settings) { return to_string(settings.log.levels); },
    set_module_levels};
inline constexpr Text metrics_listen_text{
    wanted_metrics_listen,
    [](const Settings& settings) {
      return settings.metrics.is_on() ? to_string(*settings.metrics.listen) : std::string();
    },
    set_metrics_listen};

// The type of a key that is the path of a file, or empty.
template <auto Section, auto Member>
constexpr Text file_text() {
  return {wanted_file,
          [](const Settings& settings) { return (settings.*Section.*Member).string(); },
          [](Settings& settings, const std::string& text) {
            if (!is_file(text)) return false;
            settings.*Section.*Member = text;
            return true;
          }};
}
// The type of a key that is any text on one line, or empty.
template <auto Section, auto Member>
constexpr Text word_text() {
  return {wanted_word, [](const Settings& settings) { return settings.*Section.*Member; },
          [](Settings& settings, const std::string& text) {
            if (!is_word(text)) return false;
            settings.*Section.*Member = text;
            return true;
          }};
}
// The type of a key that is true or false.
template <auto Section, auto Member>
constexpr Flag flag() {
  return {[](const Settings& settings) { return settings.*Section.*Member; },
          [](Settings& settings, bool value) { settings.*Section.*Member = value; }};
}

}  // namespace sg::config
