// What the verification of all nodes of a cluster has found: a node for each line, and the verdict.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/output/json.hpp"
#include "proto/ledger.pb.h"

namespace sg::cli {

struct NodeReport {
  std::uint64_t node = 0;
  scalegraph::ledger::VerifyResponse report;  // the last message
};

// Whether each node is sound, and all have the same chain and balances at the sequence that they
// were asked for.
[[nodiscard]] bool agree(const std::vector<NodeReport>& reports);
// A table of the nodes, each problem, and the verdict.
[[nodiscard]] std::string render_comparison(std::int64_t sequence,
                                            const std::vector<NodeReport>& reports, bool colour);
// {"sequence": "...", "agree": true, "nodes": [{"node": "1", "report": {...}}]}
[[nodiscard]] Json to_json(std::int64_t sequence, const std::vector<NodeReport>& reports);

}  // namespace sg::cli
