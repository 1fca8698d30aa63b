// What must hold of a group whatever happens to its members, checked while they run.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "replication/raft_types.hpp"

namespace sg::test {

class Truth {
 public:
  // At most one member leads in a term (election safety).
  void leads(replication::NodeId node, replication::Term term);
  // A member votes for one candidate in a term, however often it starts anew.
  void votes(replication::NodeId node, replication::Term term, replication::NodeId candidate);
  // A leader gave `data` the place (term, index): no other entry ever has it.
  void proposes(const replication::Entry& entry);
  // All members apply the same entry at an index (state machine safety), in order.
  void applies(replication::NodeId node, const replication::Entry& entry);
  // A read that was asked for when everything up to `asked_at` was committed shows all of that.
  void reads(replication::NodeId node, replication::Index index, replication::Index asked_at);
  // Members that have applied up to the same index have the same.
  void has(replication::NodeId node, replication::Index applied, const std::string& fingerprint);
  void breach(std::string what);

  // The last index that any member has applied.
  replication::Index committed() const { return entries_.size(); }
  bool is_committed(const std::string& data) const;
  const std::vector<std::string>& breaches() const { return breaches_; }

 private:
  std::map<replication::Term, replication::NodeId> leaders_;
  std::map<std::pair<replication::NodeId, replication::Term>, replication::NodeId> votes_;
  std::map<std::pair<replication::Term, replication::Index>, std::string> proposed_;
  std::map<replication::Index, std::string> fingerprints_;
  std::vector<replication::Entry> entries_;  // by index, from 1
  std::vector<std::string> breaches_;
};

}  // namespace sg::test
