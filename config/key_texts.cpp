#include "config/key_texts.hpp"

#include <algorithm>
#include <utility>

#include "config/error.hpp"
#include "config/path.hpp"

namespace sg::config {
namespace {

constexpr std::size_t max_path_bytes = 4'095;  // Linux: PATH_MAX less its NUL

// The control characters of ASCII: C0 and DEL.
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool is_host_and_port(const std::optional<Endpoint>& endpoint) {
  return endpoint && endpoint->path.empty() && endpoint->port != 0;
}

std::string listed(std::span<const std::string_view> names) {
  std::string out;
  for (const auto name : names) out.append(out.empty() ? "" : ", ").append(name);
  return out;
}

bool is_path(const std::string& text) {
  return text.size() <= max_path_bytes && std::none_of(text.begin(), text.end(), is_control) &&
         !expects_shell(text);
}

}  // namespace

std::string wanted_endpoint() {
  return "a string HOST:PORT with a port from 0 to 65535, such as \"127.0.0.1:50051\" or "
         "\"[::1]:0\", or unix:PATH with a path of at most 107 bytes";
}

bool set_listen(Settings& settings, const std::string& text) {
  const auto endpoint = parse_endpoint(text);
  if (endpoint) settings.server.listen = *endpoint;
  return endpoint.has_value();
}

std::string wanted_path() {
  return "a string with the path of a folder: 1 to " + std::to_string(max_path_bytes) +
         " bytes, no control characters, and no ~ at its start or variable such as $HOME in it, "
         "since only a shell expands those";
}

bool set_path(Settings& settings, const std::string& text) {
  if (text.empty() || !is_path(text)) return false;
  settings.storage.path = text;
  return true;
}

std::string wanted_level() {
  std::string out;
  for (const auto name : log_level_names()) {
    out.append(out.empty() ? "one of " : ", ").append(quote(name));
  }
  return out;
}

bool set_level(Settings& settings, const std::string& text) {
  const auto level = parse_log_level(text);
  if (level) settings.log.level = *level;
  return level.has_value();
}

std::string wanted_peer_endpoint() {
  return "a string HOST:PORT with a port from 1 to 65535, such as \"127.0.0.1:50061\"";
}

bool set_cluster_listen(Settings& settings, const std::string& text) {
  const auto endpoint = parse_endpoint(text);
  if (!is_host_and_port(endpoint)) return false;
  settings.cluster.listen = *endpoint;
  return true;
}

std::string wanted_name() { return "a string of 1 to 64 letters, digits and any of - _ ."; }

bool set_name(Settings& settings, const std::string& text) {
  const auto is_right = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  if (text.empty() || text.size() > 64) return false;
  if (!std::all_of(text.begin(), text.end(), is_right)) return false;
  settings.cluster.name = text;
  return true;
}

std::string wanted_seeds() {
  return "a string of parts ID@HOST:PORT with commas between them, each id from 1 on, each id and "
         "each address once, such as \"1@10.0.0.1:50061, 2@10.0.0.2:50061, 3@10.0.0.3:50061\"";
}

bool set_seeds(Settings& settings, const std::string& text) {
  auto seeds = parse_seeds(text);
  if (seeds) settings.cluster.seeds = std::move(*seeds);
  return seeds.has_value();
}

std::string wanted_file() {
  return "a string with the path of a file, of at most " + std::to_string(max_path_bytes) +
         " bytes, without control characters, and without what only a shell expands; or an empty "
         "string";
}

bool is_file(const std::string& text) { return is_path(text); }

std::string wanted_word() { return "a string of at most 256 bytes without control characters"; }

bool is_word(const std::string& text) {
  return text.size() <= 256 && std::none_of(text.begin(), text.end(), is_control);
}

std::string wanted_client_certificates() { return "one of \"none\", \"optional\", \"required\""; }

bool set_client_certificates(Settings& settings, const std::string& text) {
  const auto wanted = parse_client_certificates(text);
  if (wanted) settings.tls.client_certificates = *wanted;
  return wanted.has_value();
}

std::string wanted_roles() {
  return "a string of parts NAME=ROLE with commas between them, each name once; ROLE is admin, "
         "operator, teller, auditor, participant or participant:ID, such as "
         "\"ops=operator, *=participant\"";
}

bool set_roles(Settings& settings, const std::string& text) {
  auto roles = security::parse_grants(text);
  if (roles) settings.auth.roles = std::move(*roles);
  return roles.has_value();
}

std::string wanted_log_format() { return "one of \"auto\", \"text\", \"json\""; }

bool set_log_format(Settings& settings, const std::string& text) {
  const auto format = parse_log_format(text);
  if (format) settings.log.format = *format;
  return format.has_value();
}

std::string wanted_module_levels() {
  return "a string of parts MODULE=LEVEL with commas between them, each module once, such as "
         "\"journal=debug, links=warning\"; MODULE is one of " +
         listed(log_module_names()) + "; LEVEL is one of " + listed(log_level_names());
}

bool set_module_levels(Settings& settings, const std::string& text) {
  auto levels = parse_module_levels(text);
  if (levels) settings.log.levels = std::move(*levels);
  return levels.has_value();
}

std::string wanted_metrics_listen() {
  return "a string HOST:PORT with a port from 0 to 65535, such as \"127.0.0.1:9464\", or an empty "
         "string";
}

bool set_metrics_listen(Settings& settings, const std::string& text) {
  if (text.empty()) {
    settings.metrics.listen.reset();
    return true;
  }
  auto endpoint = parse_endpoint(text);
  if (!endpoint || !endpoint->path.empty()) return false;
  settings.metrics.listen = std::move(endpoint);
  return true;
}

}  // namespace sg::config
