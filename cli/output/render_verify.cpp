#include "cli/output/render_verify.hpp"

#include <algorithm>

#include "cli/output/render_admin.hpp"
#include "cli/output/table.hpp"
#include "cli/output/text_width.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

constexpr std::size_t kShownOfHash = 16;  // hexadecimal digits

// Empty: the chain of the node has no block that ends there.
std::string shortened(const std::string& hash) {
  return hash.empty() ? "none" : hash.substr(0, kShownOfHash);
}

bool is_same(const wire::VerifyResponse& a, const wire::VerifyResponse& b) {
  // An empty ledger has no block to have a hash of.
  if (a.records() == 0 && b.records() == 0) return true;
  return !a.state_chain_hash().empty() && a.state_chain_hash() == b.state_chain_hash() &&
         a.state_balances_hash() == b.state_balances_hash();
}

}  // namespace

bool agree(const std::vector<NodeReport>& reports) {
  return std::all_of(reports.begin(), reports.end(), [&](const NodeReport& one) {
    return sound(one.report) && is_same(one.report, reports.front().report);
  });
}

std::string render_comparison(std::int64_t sequence, const std::vector<NodeReport>& reports,
                              bool colour) {
  Table table({{"NODE", Align::right},
               {"BLOCKS", Align::right},
               {"RECORDS", Align::right},
               {"ACCOUNTS", Align::right},
               {"CHAIN"},
               {"BALANCES"},
               {"BOOKS"}});
  std::string problems;
  for (const auto& [node, report] : reports) {
    table.add({std::to_string(node), std::to_string(report.blocks()),
               std::to_string(report.records()), std::to_string(report.accounts()),
               shortened(report.state_chain_hash()), shortened(report.state_balances_hash()),
               sound(report) ? "sound" : "NOT SOUND"});
    for (const auto& problem : report.problems()) {
      problems += "problem of node " + std::to_string(node) + ": " + printable(problem) + "\n";
    }
  }
  const std::string at = " at sequence " + std::to_string(sequence) + "\n";
  return table.text(colour) + problems +
         (agree(reports) ? "all nodes have the same chain and balances" + at
                         : "THE NODES DO NOT AGREE" + at);
}

Json to_json(std::int64_t sequence, const std::vector<NodeReport>& reports) {
  Json nodes = Json::array();
  for (const auto& [node, report] : reports) {
    nodes.push_back({{"node", std::to_string(node)}, {"report", to_json(report)}});
  }
  return {{"sequence", std::to_string(sequence)}, {"agree", agree(reports)}, {"nodes", nodes}};
}

}  // namespace sg::cli
