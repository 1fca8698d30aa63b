// scalegraphctl without the process around it: tests can run it with their own streams.
//
//   Console console{.out = std::cout, .err = std::cerr};
//   const ExitCode code = run({"account", "get", "alice"}, console);
#pragma once

#include <string>
#include <vector>

#include "cli/commands/commands.hpp"
#include "cli/output/console.hpp"
#include "cli/output/errors.hpp"
#include "client/channel.hpp"

namespace sg::cli {

// The command line: all options and commands. Parsing `app` fills the members below it.
struct CommandLine {
  CommandLine();
  // Not copied, because the options of `app` are bound to the members of this object.
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  CLI::App app;
  // The address of the ledger: HOST:PORT or unix:PATH.
  std::string server = "127.0.0.1:50051";
  // Longest wait for each answer. Longer than a healthy server needs, shorter than an operator's
  // patience.
  double timeout_seconds = 10;
  bool json = false;
  client::ChannelOptions channel;
  Command chosen;  // what to run; set by parsing
};

// Runs one command line and returns the exit code of the process. `arguments` come without the
// program's name. Reads SCALEGRAPH_SERVER if no --server is given. Prints every failure itself, as
// JSON if --json stands among the arguments.
[[nodiscard]] ExitCode run(const std::vector<std::string>& arguments, Console& console);

}  // namespace sg::cli
