// The log of the daemon: one logger for each part that logs, with a level of its own.
//
//   log(Module::journal).info("leads in term {}", term);
//
// Before start_log() all modules write to spdlog's default logger: so in tests.
//
// Concurrency: log() and set_levels() may be called from any thread, start_log() once, before other
// threads log.
#pragma once

#include <spdlog/spdlog.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace sg::telemetry {

// In the order of config::log_module_names().
enum class Module : std::uint8_t {
  calls,
  coordinator,
  forwarder,
  gateway,
  indexer,
  journal,
  links,
  queries,
  replica,
  server,
  shards,
  status,
  store,
  supervisor,
};
inline constexpr std::size_t kModules = 14;

struct LogOptions {
  bool json = false;           // an object on each line; false: text
  bool colour = false;         // of text on a terminal
  std::filesystem::path file;  // empty: standard error
  std::size_t max_file_bytes = 0;
  std::size_t max_files = 0;                  // closed ones that are kept
  std::span<const std::string_view> modules;  // names by Module
};

// The error is a sentence: the file cannot be opened.
std::string start_log(const LogOptions& options);

// `level` of all modules, but for those in `levels`. Numbers of spdlog.
void set_levels(int level, std::span<const std::pair<std::string, int>> levels);

spdlog::logger& log(Module module);

// What a line has beside its message: in JSON as members, in text as NAME=VALUE behind it.
struct LogField {
  std::string_view name;
  std::string_view value;
  bool is_number = false;
};
void log_with(Module module, spdlog::level::level_enum level, std::string_view message,
              std::initializer_list<LogField> fields);

// All that was logged is written.
void flush_log();

}  // namespace sg::telemetry
