// The program around a simulation: runs seeds and says which fail. tools/simulate runs many of them
// on all cores.
#pragma once

#include <functional>
#include <string>

#include "tests/simulation/simulation.hpp"

namespace sg::test {

// Returns the exit code: 0 if no seed failed.
int run_seeds(int argc, char** argv, const std::string& name, const std::string& about,
              const std::function<RunReport(const RunOptions&)>& run);

}  // namespace sg::test
