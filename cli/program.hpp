// The whole program but for the process around it.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/commands.hpp"
#include "cli/output/console.hpp"
#include "cli/output/errors.hpp"

namespace sg::cli {

// All options and commands. Parsing `app` fills the members.
struct CommandLine {
  CommandLine();
  // The options are bound to the members.
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  CLI::App app;
  std::string server = "127.0.0.1:50051";
  // Longer than a call of a healthy server takes, shorter than an operator's patience.
  double timeout_seconds = 10;
  bool json = false;
  Command chosen;
};

// Runs one command line, without the program's name. Reads SCALEGRAPH_SERVER if no --server is
// given.
[[nodiscard]] ExitCode run(const std::vector<std::string>& arguments, Console& console);

}  // namespace sg::cli
