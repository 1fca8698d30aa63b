// scalegraphctl: the process around cli/program.hpp.
#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "cli/program.hpp"

namespace {

// What goes wrong is told once, by this program. Lines of gRPC and protobuf in between would break
// the JSON on stderr. Whoever sets GRPC_VERBOSITY wants to see gRPC's.
void quiet_libraries() {
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
  google::protobuf::SetLogHandler(nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  quiet_libraries();
  const char* no_color = std::getenv("NO_COLOR");
  const bool colour = no_color == nullptr || *no_color == '\0';
  const bool out_is_terminal = isatty(STDOUT_FILENO) == 1;
  const bool err_is_terminal = isatty(STDERR_FILENO) == 1;
  sg::cli::Console console{.out = std::cout,
                           .err = std::cerr,
                           .out_is_terminal = out_is_terminal,
                           .err_is_terminal = err_is_terminal,
                           .colour_out = out_is_terminal && colour,
                           .colour_err = err_is_terminal && colour};
  return sg::cli::run({argv + 1, argv + argc}, console);
}
