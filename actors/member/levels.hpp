// What the programs of the members can read, as their nodes have told, and so the level to which
// the cluster may rise: only once every member knows it, voter or not.
//
// Not thread-safe: the replica's actor owns it.
#pragma once

#include <algorithm>
#include <map>
#include <vector>

#include "persistence/log/log_row.hpp"
#include "replication/raft_types.hpp"

namespace sg::actors {

class Levels {
 public:
  Levels(replication::NodeId self, persistence::Level known) { note(self, known); }

  // The program of `node` knows all levels up to `known`.
  void note(replication::NodeId node, persistence::Level known) { known_[node] = known; }
  // 0: it has not told.
  persistence::Level of(replication::NodeId node) const {
    const auto found = known_.find(node);
    return found == known_.end() ? persistence::Level{0} : found->second;
  }
  // Needs: there are members.
  persistence::Level known_by_all(const std::vector<replication::MemberProgress>& members) const {
    auto least = of(members.front().node);
    for (const auto& member : members) least = std::min(least, of(member.node));
    return least;
  }

 private:
  std::map<replication::NodeId, persistence::Level> known_;
};

}  // namespace sg::actors
