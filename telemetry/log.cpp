// Lines are formatted on the thread that logs, so the fields of a line wait in a variable of the
// thread until the formatter has taken them.
#include "telemetry/log.hpp"

#include <spdlog/formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <array>
#include <chrono>
#include <ctime>
#include <memory>

namespace sg::telemetry {
namespace {

using Loggers = std::array<std::shared_ptr<spdlog::logger>, kModules>;

Loggers& loggers() {
  static Loggers all;
  return all;
}

thread_local std::span<const LogField> fields_of_line;

void append(spdlog::memory_buf_t& to, std::string_view text) {
  to.append(text.data(), text.data() + text.size());
}

// As a string of JSON: RFC 8259. What is not UTF-8 stays as it is, since it came from this program.
void append_quoted(spdlog::memory_buf_t& to, std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  to.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      to.push_back('\\');
      to.push_back(c);
    } else if (c == '\n') {
      append(to, "\\n");
    } else if (byte < 0x20) {
      append(to, "\\u00");
      to.push_back(kDigits[byte >> 4]);
      to.push_back(kDigits[byte & 0xF]);
    } else {
      to.push_back(c);
    }
  }
  to.push_back('"');
}

std::string_view view(spdlog::string_view_t text) { return {text.data(), text.size()}; }

// "2026-11-28T10:00:00.123Z", or in text "2026-11-28 10:00:00.123" of the local time.
void append_time(spdlog::memory_buf_t& to, spdlog::log_clock::time_point time, bool is_utc) {
  const auto seconds = spdlog::log_clock::to_time_t(time);
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch());
  std::tm parts{};
  is_utc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts);
  fmt::format_to(std::back_inserter(to), "{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}.{:03}{}",
                 parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, is_utc ? "T" : " ",
                 parts.tm_hour, parts.tm_min, parts.tm_sec, since.count() % 1000,
                 is_utc ? "Z" : "");
}

class JsonLines final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) override {
    append(to, R"({"time":")");
    append_time(to, message.time, true);
    append(to, R"(","level":")");
    append(to, view(spdlog::level::to_string_view(message.level)));
    append(to, R"(","module":)");
    append_quoted(to, view(message.logger_name));
    append(to, R"(,"message":)");
    append_quoted(to, view(message.payload));
    for (const auto& field : fields_of_line) {
      to.push_back(',');
      append_quoted(to, field.name);
      to.push_back(':');
      field.is_number ? append(to, field.value) : append_quoted(to, field.value);
    }
    append(to, "}\n");
  }
  std::unique_ptr<formatter> clone() const override { return std::make_unique<JsonLines>(); }
};

class TextLines final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) override {
    to.push_back('[');
    append_time(to, message.time, false);
    append(to, "] [scalegraphd] [");
    message.color_range_start = to.size();
    append(to, view(spdlog::level::to_string_view(message.level)));
    message.color_range_end = to.size();
    append(to, "] ");
    const auto module = view(message.logger_name);
    if (module != "server" && module != "supervisor") {
      append(to, module);
      append(to, ": ");
    }
    append(to, view(message.payload));
    for (const auto& field : fields_of_line) {
      to.push_back(' ');
      append(to, field.name);
      to.push_back('=');
      append(to, field.value);
    }
    to.push_back('\n');
  }
  std::unique_ptr<formatter> clone() const override { return std::make_unique<TextLines>(); }
};

spdlog::sink_ptr make_sink(const LogOptions& options) {
  if (options.file.empty()) {
    return std::make_shared<spdlog::sinks::stderr_color_sink_mt>(
        options.colour ? spdlog::color_mode::always : spdlog::color_mode::never);
  }
  return std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
      options.file.string(), options.max_file_bytes, options.max_files);
}

}  // namespace

std::string start_log(const LogOptions& options) {
  spdlog::sink_ptr sink;
  try {
    sink = make_sink(options);
  } catch (const spdlog::spdlog_ex& error) {
    return "log.file: cannot write to " + options.file.string() + ": " + error.what();
  }
  if (options.json) {
    sink->set_formatter(std::make_unique<JsonLines>());
  } else {
    sink->set_formatter(std::make_unique<TextLines>());
  }
  for (std::size_t i = 0; i < kModules; ++i) {
    auto& logger = loggers()[i];
    logger = std::make_shared<spdlog::logger>(std::string(options.modules[i]), sink);
    // A file is buffered, and what an operator looks for must not wait.
    logger->flush_on(spdlog::level::trace);
  }
  spdlog::set_default_logger(loggers()[static_cast<std::size_t>(Module::server)]);
  return {};
}

void set_levels(int level, std::span<const std::pair<std::string, int>> levels) {
  for (const auto& logger : loggers()) {
    if (!logger) continue;
    auto wanted = level;
    for (const auto& [module, own] : levels) {
      if (module == logger->name()) wanted = own;
    }
    logger->set_level(static_cast<spdlog::level::level_enum>(wanted));
  }
}

spdlog::logger& log(Module module) {
  const auto& logger = loggers()[static_cast<std::size_t>(module)];
  return logger ? *logger : *spdlog::default_logger_raw();
}

void log_with(Module module, spdlog::level::level_enum level, std::string_view message,
              std::initializer_list<LogField> fields) {
  fields_of_line = {fields.begin(), fields.size()};
  log(module).log(level, spdlog::string_view_t(message.data(), message.size()));
  fields_of_line = {};
}

void flush_log() {
  for (const auto& logger : loggers()) {
    if (logger) logger->flush();
  }
  spdlog::default_logger()->flush();
}

}  // namespace sg::telemetry
