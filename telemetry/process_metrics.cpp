// What Linux tells of this process, in /proc/self: proc(5).
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "telemetry/exposition.hpp"

namespace sg::telemetry {
namespace {

// Fields of /proc/self/stat, counted from 0 after the name of the program.
enum Field { kUserTicks = 11, kSystemTicks = 12, kThreads = 17, kStartTicks = 19, kPages = 21 };

// Nothing if it cannot be read.
std::vector<double> stat_fields() {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  // The name stands in parentheses and may hold any character.
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(text.substr(name_end + 4));  // past ") S "
  std::vector<double> fields{0};
  for (double field = 0; rest >> field;) fields.push_back(field);
  return fields;
}

// Seconds since 1970 at which the machine was started.
double boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("btime ", 0) == 0) return std::stod(line.substr(6));
  }
  return 0;
}

std::size_t open_files() {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  return error ? 0 : static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

}  // namespace

void expose_process(Exposition& page) {
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  if (const auto stat = stat_fields(); stat.size() > kPages) {
    page.counter("process_cpu_seconds_total", "Processor time, of user and system.", {},
                 (stat[kUserTicks] + stat[kSystemTicks]) / ticks);
    page.gauge("process_resident_memory_bytes", "Memory that is in use.", {},
               stat[kPages] * static_cast<double>(sysconf(_SC_PAGESIZE)));
    page.gauge("process_threads", "Threads.", {}, stat[kThreads]);
    page.gauge("process_start_time_seconds", "When the process was started.", {},
               boot_time() + stat[kStartTicks] / ticks);
  }
  page.gauge("process_open_fds", "Open files and connections.", {},
             static_cast<double>(open_files()));
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    page.gauge("process_max_fds", "The most that may be open.", {},
               static_cast<double>(limit.rlim_cur));
  }
}

}  // namespace sg::telemetry
