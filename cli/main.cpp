// scalegraphctl: the process around cli/program.hpp.
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "cli/program.hpp"

int main(int argc, char** argv) {
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
