// The whole program but for the process around it.
#pragma once

#include <string>
#include <vector>

#include "cli/console.hpp"
#include "cli/errors.hpp"

namespace sg::cli {

// Runs one command line, without the program's name. Reads SCALEGRAPH_SERVER if no --server is
// given.
[[nodiscard]] ExitCode run(const std::vector<std::string>& arguments, Console& console);

}  // namespace sg::cli
