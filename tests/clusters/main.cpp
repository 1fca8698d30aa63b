#include "tests/clusters/run.hpp"
#include "tests/simulation/seeds_command.hpp"

int main(int argc, char** argv) {
  return sg::test::run_seeds(argc, argv, "clusters",
                             "the trees of three and five nodes on simulated disks and network",
                             sg::test::simulate_cluster);
}
