// The process of scalegraphctl: streams, terminal and libraries. cli/program.hpp does the rest.
#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "cli/program.hpp"
#include "command_line/descriptors.hpp"
#include "command_line/parsing.hpp"
#include "command_line/terminal.hpp"

namespace {

// This program reports every failure itself. Log lines of gRPC and protobuf in between would break
// the JSON on stderr. An operator who sets GRPC_VERBOSITY wants to see those of gRPC.
void quiet_libraries() {
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
  google::protobuf::SetLogHandler(nullptr);
}

}  // namespace

// The output is the work of this program: if there is none, printing has to fail.
SCALEGRAPH_OCCUPY_STANDARD_DESCRIPTORS("/dev/full");

int main(int argc, char** argv) {
  quiet_libraries();
  const auto out = sg::command_line::terminal_at(STDOUT_FILENO);
  const auto err = sg::command_line::terminal_at(STDERR_FILENO);
  sg::cli::Console console{.out = std::cout,
                           .err = std::cerr,
                           .cursor_out = out.moves_cursor,
                           .cursor_err = err.moves_cursor,
                           .colour_out = out.shows_colour,
                           .colour_err = err.shows_colour};
  return sg::cli::run(sg::command_line::arguments_of(argc, argv), console);
}
