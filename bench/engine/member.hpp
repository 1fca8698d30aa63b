// One process of a group that is measured: a replica, its disk, and sockets to the other two.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace sg::bench {

struct GroupLoad {
  std::uint64_t body_bytes = 100;
  std::uint64_t in_flight = 1;
  double seconds = 3;
};

struct GroupFigures {
  std::uint64_t commits = 0;
  double seconds = 0;
  double cpu_seconds = 0;  // of the leader's process, with the load in it
};

// Runs member `id` (1, 2 or 3) until it is killed. `listener` is its own socket, `ports` are those
// of members 1 to 3. Member 1 leads, makes the load, and writes its GroupFigures to `result`.
[[noreturn]] void run_member(std::uint64_t id, int listener, const std::vector<int>& ports,
                             const std::filesystem::path& folder, const GroupLoad& load,
                             int result);

// The same load on one disk, with nobody else to wait for.
GroupFigures measure_local(const std::filesystem::path& folder, const GroupLoad& load);

}  // namespace sg::bench
