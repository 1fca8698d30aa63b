// scalegraph-engine-bench: what a commit costs. Three processes on loopback, each with the Raft
// core and a synced RocksDB of its own, beside the same load on one synced RocksDB alone.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iostream>

#include "bench/engine/member.hpp"
#include "command_line/numbers.hpp"
#include "command_line/parsing.hpp"

namespace {

using namespace sg::bench;

constexpr int kMembers = 3;
constexpr int kPatienceMs = 60'000;

struct Listener {
  int socket = -1;
  int port = 0;
};

Listener listen_anywhere() {
  Listener made{socket(AF_INET, SOCK_STREAM, 0), 0};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(made.socket, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(made.socket, kMembers) != 0 ||
      getsockname(made.socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("cannot listen on 127.0.0.1");
  }
  made.port = ntohs(address.sin_port);
  return made;
}

// A folder that goes with its contents.
class Scratch {
 public:
  Scratch() {
    auto name = (std::filesystem::temp_directory_path() / "engine-bench-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("cannot make a folder in " + name);
    path_ = name;
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Runs each of `bodies` in a process of its own, and returns what one of them writes to the pipe
// that it is given. RocksDB has threads for a whole process, so this one must never open a store.
GroupFigures run_processes(const std::vector<std::function<void(int)>>& bodies, double seconds) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("cannot make a pipe");
  std::vector<pid_t> processes;
  for (const auto& body : bodies) {
    const pid_t pid = fork();
    if (pid == 0) {
      try {
        body(ends[1]);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "a process failed: %s\n", error.what());
      }
      std::_Exit(1);
    }
    processes.push_back(pid);
  }
  close(ends[1]);
  GroupFigures figures;
  pollfd polled{ends[0], POLLIN, 0};
  const bool has_figures = poll(&polled, 1, kPatienceMs + static_cast<int>(seconds * 1000)) == 1 &&
                           read(ends[0], &figures, sizeof figures) == sizeof figures;
  close(ends[0]);
  for (const pid_t pid : processes) kill(pid, SIGKILL);
  for (const pid_t pid : processes) waitpid(pid, nullptr, 0);
  if (!has_figures) throw std::runtime_error("nothing was committed");
  return figures;
}

GroupFigures measure_group(const GroupLoad& load) {
  const Scratch scratch;
  std::vector<Listener> listeners;
  std::vector<int> ports;
  for (int i = 0; i < kMembers; ++i) {
    listeners.push_back(listen_anywhere());
    ports.push_back(listeners.back().port);
  }
  std::vector<std::function<void(int)>> members;
  for (int i = 0; i < kMembers; ++i) {
    members.emplace_back([&, i](int result) {
      run_member(static_cast<std::uint64_t>(i) + 1, listeners[static_cast<std::size_t>(i)].socket,
                 ports, scratch.path() / std::to_string(i + 1), load, result);
    });
  }
  const auto figures = run_processes(members, load.seconds);
  for (const auto& listener : listeners) close(listener.socket);
  return figures;
}

GroupFigures measure_alone(const GroupLoad& load) {
  const Scratch scratch;
  return run_processes({[&](int result) {
                         const auto figures = measure_local(scratch.path() / "alone", load);
                         (void)!write(result, &figures, sizeof figures);
                       }},
                       load.seconds);
}

double rate_of(const GroupFigures& figures) {
  return static_cast<double>(figures.commits) / figures.seconds;
}

double micros_of(const GroupFigures& figures) {
  return figures.cpu_seconds * 1e6 /
         static_cast<double>(std::max<std::uint64_t>(figures.commits, 1));
}

struct Row {
  std::vector<double> rates, micros, alone, ratios, micros_alone;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "scalegraph-engine-bench: commits of a group of three on loopback, and what they cost",
      "scalegraph-engine-bench");
  std::uint64_t rounds = 3;
  double seconds = 3;
  sg::command_line::add_number(app, "--rounds", rounds, {1, 100}, "each row is measured so often");
  sg::command_line::add_number(app, "--seconds", seconds, {0.1, 600}, "how long each time");
  try {
    sg::command_line::parse(app, sg::command_line::arguments_of(argc, argv));
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    std::cerr << "error: " << error.what() << "; --help lists the options\n";
    return sg::command_line::kBadUsage;
  }
  std::printf("%10s  %9s  %10s  %10s  %13s  %9s  %6s  %12s\n", "BODY BYTES", "IN FLIGHT",
              "COMMITS/S", "MB/S", "LEADER CPU US", "ALONE/S", "RATIO", "ALONE CPU US");
  try {
    for (const std::uint64_t bytes : {100, 10'000, 500'000}) {
      for (const std::uint64_t in_flight : {1, 64}) {
        const GroupLoad load{bytes, in_flight, seconds};
        Row row;
        for (std::uint64_t i = 0; i < rounds; ++i) {
          const auto group = measure_group(load);
          const auto alone = measure_alone(load);
          row.rates.push_back(rate_of(group));
          row.micros.push_back(micros_of(group));
          row.micros_alone.push_back(micros_of(alone));
          row.alone.push_back(rate_of(alone));
          row.ratios.push_back(rate_of(group) / rate_of(alone));
        }
        const double rate = median(row.rates);
        std::printf("%10lu  %9lu  %10.0f  %10.1f  %13.1f  %9.0f  %6.2f  %12.1f\n", bytes, in_flight,
                    rate, rate * static_cast<double>(bytes) / 1e6, median(row.micros),
                    median(row.alone), median(row.ratios), median(row.micros_alone));
        std::fflush(stdout);
      }
    }
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
