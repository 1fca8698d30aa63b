// A cluster as text for people. Pure: messages in, text out. With `colour` headers are bold.
#pragma once

#include <string>

#include "proto/ledger.pb.h"

namespace sg::cli {

[[nodiscard]] std::string render_init(const scalegraph::ledger::InitClusterResponse& done,
                                      bool colour);
// The cluster's name and leader, and a table with one line for each node.
[[nodiscard]] std::string render_cluster(const scalegraph::ledger::GetClusterResponse& cluster,
                                         bool colour);
[[nodiscard]] std::string render_transfer(
    const scalegraph::ledger::TransferLeadershipResponse& done, bool colour);

}  // namespace sg::cli
