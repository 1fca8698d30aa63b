#include "server/log_settings.hpp"

#include <unistd.h>

#include <utility>
#include <vector>

#include "command_line/terminal.hpp"
#include "telemetry/log.hpp"

namespace sg::server {

std::string start_log(const config::Log& settings) {
  const bool is_terminal = settings.file.empty() && isatty(STDERR_FILENO) == 1;
  telemetry::LogOptions options;
  options.json = settings.format == config::LogFormat::json ||
                 (settings.format == config::LogFormat::automatic && !is_terminal);
  options.colour = command_line::terminal_at(STDERR_FILENO).shows_colour;
  options.file = settings.file;
  options.max_file_bytes = settings.max_file_bytes;
  options.max_files = settings.max_files;
  options.modules = config::log_module_names();
  auto wrong = telemetry::start_log(options);
  if (wrong.empty()) set_log_levels(settings);
  return wrong;
}

void set_log_levels(const config::Log& settings) {
  std::vector<std::pair<std::string, int>> levels;
  for (const auto& [module, level] : settings.levels) {
    levels.emplace_back(module, static_cast<int>(level));
  }
  telemetry::set_levels(static_cast<int>(settings.level), levels);
}

}  // namespace sg::server
