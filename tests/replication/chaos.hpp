// A random life of a group: a seed chooses its size, its network, its disks and what goes wrong.
// Then everything is mended, and the group has to serve again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/replication/group.hpp"

namespace sg::test {

struct ChaosReport {
  std::uint64_t committed = 0;  // entries
  std::uint64_t reads = 0;      // answered
  std::uint64_t crashes = 0;
  std::uint64_t elections = 0;  // the highest term
  std::uint64_t changes = 0;    // of the membership, proposed
  std::uint64_t trace = 0;
  std::vector<std::string> breaches;
};

ChaosReport run_chaos(std::uint64_t seed, GroupDefect defect = GroupDefect::none,
                      DiskKind disks = DiskKind::plain);

}  // namespace sg::test
