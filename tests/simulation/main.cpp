#include "tests/simulation/seeds_command.hpp"

int main(int argc, char** argv) {
  return sg::test::run_seeds(argc, argv, "simulation",
                             "the ledger's tree on simulated disk, clocks and clients",
                             sg::test::simulate);
}
