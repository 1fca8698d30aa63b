#include "cli/output/render_cluster.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "cli/output/table.hpp"
#include "cli/output/text_width.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

// "0.21 ms"; "-" if nothing was measured.
std::string milliseconds(std::int64_t us) {
  if (us == 0) return "-";
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.2f ms", static_cast<double>(us) / 1000);
  return text.data();
}

std::string gibibytes(std::uint64_t bytes) {
  std::array<char, 32> text;
  constexpr double kGibibyte = 1UL << 30;
  std::snprintf(text.data(), text.size(), "%.1f GiB", static_cast<double>(bytes) / kGibibyte);
  return text.data();
}

}  // namespace

std::string render_init(const wire::InitClusterResponse& done, bool) {
  return done.existed() ? "the cluster exists already\n" : "the cluster is founded\n";
}

std::string render_cluster(const wire::GetClusterResponse& cluster, bool colour) {
  Fields fields;
  fields.add("cluster", cluster.name());
  fields.add("id",
             cluster.id().empty() ? "not founded yet: scalegraphctl cluster init" : cluster.id());
  fields.add("leader", cluster.leader() == 0 ? "none is known" : std::to_string(cluster.leader()));
  fields.add("term", std::to_string(cluster.term()));
  fields.add("level", std::to_string(cluster.level()));
  fields.add("seen by node", std::to_string(cluster.node()));
  Table table({{"NODE", Align::right},
               {"ADDRESS"},
               {"ROLE"},
               {"LOG", Align::right},
               {"SEQUENCE", Align::right},
               {"LAG", Align::right},
               {"DISK FREE", Align::right},
               {"ROUND TRIP", Align::right},
               {"LINK"}});
  // Of what the nodes said last.
  std::int64_t newest = 0;
  for (const auto& node : cluster.nodes()) newest = std::max(newest, node.sequence());
  for (const auto& node : cluster.nodes()) {
    const bool is_self = node.id() == cluster.node();
    table.add({std::to_string(node.id()), node.address(), node.role(),
               node.has_log_index() ? std::to_string(node.log_index()) : "-",
               node.has_sequence() ? std::to_string(node.sequence()) : "-",
               node.has_sequence() ? std::to_string(newest - node.sequence()) : "-",
               node.has_free_bytes() ? gibibytes(node.free_bytes()) : "-",
               milliseconds(node.round_trip_us()),
               is_self                  ? "-"
               : node.connected()       ? "up"
               : node.problem().empty() ? "down"
                                        : "down: " + node.problem()});
  }
  return fields.text(colour) + "\n" + table.text(colour);
}

std::string render_transfer(const wire::TransferLeadershipResponse&, bool) {
  return "another node leads\n";
}

}  // namespace sg::cli
