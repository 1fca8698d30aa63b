// cluster init, status and transfer-leadership: what operators ask of a node of a cluster.
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/output/render_cluster.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;
using Cluster = wire::ClusterService::Stub;

ExitCode init(Session& session) {
  wire::InitClusterResponse reply;
  return session.ask(&Cluster::Init, wire::InitClusterRequest{}, reply, render_init);
}

ExitCode status(Session& session) {
  wire::GetClusterResponse reply;
  return session.ask(&Cluster::GetCluster, wire::GetClusterRequest{}, reply, render_cluster);
}

ExitCode transfer_leadership(Session& session, int to) {
  wire::TransferLeadershipRequest request;
  request.set_to(static_cast<std::uint64_t>(to));
  wire::TransferLeadershipResponse reply;
  return session.ask(&Cluster::TransferLeadership, request, reply, render_transfer);
}

}  // namespace

void add_cluster_commands(CLI::App& app, Command& chosen) {
  auto* cluster = app.add_subcommand("cluster", "Found a cluster, look at it, move its leadership");
  cluster->require_subcommand(1);
  cluster
      ->add_subcommand(
          "init",
          "Found the cluster, once: its members are the cluster.seeds of the node that "
          "is asked. All of them have to run, each with an empty store but that one")
      ->callback([&chosen] { chosen = init; });
  cluster->add_subcommand("status", "The nodes, as the one that is asked sees them")
      ->callback([&chosen] { chosen = status; });
  auto* transfer = cluster->add_subcommand(
      "transfer-leadership", "Let another node lead; the one that leads has to be asked");
  const auto to = std::make_shared<int>(0);
  add_parsed(*transfer, "--to", *to, parse_count, "NODE",
             "the node that is to lead; without it, the one that has the most of the log");
  transfer->callback([&chosen, to] {
    chosen = [to](Session& session) { return transfer_leadership(session, *to); };
  });
}

}  // namespace sg::cli
