// The texts of [log]: formats, and levels of single modules.
#include <algorithm>
#include <array>

#include "config/settings.hpp"

namespace sg::config {
namespace {

constexpr std::array<std::string_view, 3> format_names{"auto", "text", "json"};

constexpr std::array<std::string_view, 14> module_names{
    "calls",   "coordinator", "forwarder", "gateway", "indexer", "journal", "links",
    "queries", "replica",     "server",    "shards",  "status",  "store",   "supervisor"};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// MODULE=LEVEL.
std::optional<ModuleLevel> parse_module_level(std::string_view part) {
  const auto sign = part.find('=');
  if (sign == std::string_view::npos) return std::nullopt;
  const auto module = trimmed(part.substr(0, sign));
  const auto level = parse_log_level(trimmed(part.substr(sign + 1)));
  const bool is_known =
      std::find(module_names.begin(), module_names.end(), module) != module_names.end();
  if (!is_known || !level) return std::nullopt;
  return ModuleLevel{std::string(module), *level};
}

}  // namespace

std::optional<LogFormat> parse_log_format(std::string_view text) {
  const auto found = std::find(format_names.begin(), format_names.end(), text);
  if (found == format_names.end()) return std::nullopt;
  return static_cast<LogFormat>(found - format_names.begin());
}

std::string_view to_string(LogFormat format) {
  return format_names[static_cast<std::size_t>(format)];
}

std::span<const std::string_view> log_module_names() { return module_names; }

std::optional<std::vector<ModuleLevel>> parse_module_levels(std::string_view text) {
  std::vector<ModuleLevel> levels;
  if (trimmed(text).empty()) return levels;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto comma = std::min(text.find(',', begin), text.size());
    auto level = parse_module_level(text.substr(begin, comma - begin));
    if (!level) return std::nullopt;
    const bool is_twice = std::any_of(levels.begin(), levels.end(), [&](const ModuleLevel& other) {
      return other.module == level->module;
    });
    if (is_twice) return std::nullopt;
    levels.push_back(std::move(*level));
    begin = comma + 1;
  }
  return levels;
}

std::string to_string(std::span<const ModuleLevel> levels) {
  std::string out;
  for (const auto& [module, level] : levels) {
    if (!out.empty()) out += ", ";
    out.append(module).append("=").append(to_string(level));
  }
  return out;
}

}  // namespace sg::config
