// One run of a seed on a cluster: a phase with faults, a phase in which everything must come to an
// end, and the judgement over the chain that all nodes have then.
#pragma once

#include "tests/simulation/simulation.hpp"

namespace sg::test {

// `processes` counts the starts of nodes.
RunReport simulate_cluster(const RunOptions& options);

}  // namespace sg::test
