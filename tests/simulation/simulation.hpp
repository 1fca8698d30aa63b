// One run of a seed: a phase with faults, in which nothing wrong may happen; a phase without, in
// which everything must come to an end; then the judgement over the chain that a last power failure
// leaves.
#pragma once

#include <cstdint>

#include "faults/fault_injection.hpp"
#include "tests/simulation/chain_image.hpp"

namespace sg::test {

struct RunReport {
  Breaches breaches;        // empty: all held
  std::uint64_t trace = 0;  // hash of all that happened
  // How much was tried.
  std::uint64_t steps = 0;
  std::uint64_t committed = 0;
  std::uint64_t refused = 0;
  std::uint64_t unknown = 0;
  std::uint64_t processes = 0;
};

struct RunOptions {
  std::uint64_t seed = 1;
  faults::Defect defect = faults::Defect::none;
  bool verbose = false;
};

RunReport simulate(const RunOptions& options);

}  // namespace sg::test
