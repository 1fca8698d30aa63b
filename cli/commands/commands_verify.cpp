// verify: walks the chain of a server, or those of all nodes of a cluster, which it compares at one
// sequence. Ends with exit code 1 if the books do not add up, so that a script notices.
#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "cli/commands/commands.hpp"
#include "cli/output/render_admin.hpp"
#include "cli/output/render_verify.hpp"
#include "cli/session/arguments.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;
using Admin = wire::AdminService::Stub;
using Cluster = wire::ClusterService::Stub;

// Escape sequence: go to the start of the line and clear it.
constexpr const char* kLineStart = "\r\033[K";

// For a node to have what another one has.
constexpr std::chrono::seconds kCatchUpWithin{30};
constexpr std::chrono::milliseconds kAskAgain{50};

// Reads the stream to its end. The walk over a large store takes its time, so the call has no
// deadline. A lost connection ends it.
grpc::Status walk(Connection& connection, const wire::VerifyRequest& request,
                  wire::VerifyResponse& last,
                  const std::function<void(const wire::VerifyResponse&)>& progress) {
  if (auto status = connection.connect(); !status.ok()) return status;
  grpc::ClientContext context;
  const auto reader = connection.stub<Admin>().Verify(&context, request);
  while (reader->Read(&last)) progress(last);
  auto status = reader->Finish();
  // The stream ended with OK but without a verdict. That must not look like a sound store.
  if (status.ok() && !last.done()) {
    return {grpc::StatusCode::DATA_LOSS, "the verification ended before it was done"};
  }
  return status;
}

ExitCode verify(Session& session) {
  wire::VerifyResponse last;
  const auto status =
      walk(session.connection(), {}, last, [&session](const wire::VerifyResponse& at) {
        if (!session.shows_progress()) return;
        session.console().err << kLineStart << "verifying: " << progress_text(at) << std::flush;
      });
  if (session.shows_progress()) session.console().err << kLineStart << std::flush;
  if (!status.ok()) return session.fail(explain(status, {}));
  // Problems are a result and not a failure of the call: they go to stdout like one.
  session.show(last, render_verification);
  return sound(last) ? kDone : kRefused;
}

// A node of the cluster, by the address of its gateway.
struct Node {
  std::unique_ptr<Connection> connection;
  wire::GetClusterResponse state;
  wire::VerifyResponse report;
  grpc::Status status;
};

grpc::Status look(Node& node) {
  auto status = node.connection->connect();
  if (status.ok()) {
    status = node.connection->call(&Cluster::GetCluster, wire::GetClusterRequest{}, &node.state);
  }
  return status;
}

std::int64_t sequence_of(const Node& node) {
  for (const auto& one : node.state.nodes()) {
    if (one.id() == node.state.node()) return one.sequence();
  }
  return 0;
}

// Whether the nodes are those of one cluster, each once, and what would be right.
std::optional<Failure> check_nodes(const std::vector<Node>& nodes) {
  std::set<std::uint64_t> missing;
  for (const auto& node : nodes.front().state.nodes()) missing.insert(node.id());
  for (const auto& node : nodes) {
    const auto name = node.connection->server();
    if (node.state.id().empty() || node.state.id() != nodes.front().state.id()) {
      return bad_usage(name + " is not a node of the same cluster as " +
                       nodes.front().connection->server());
    }
    if (missing.erase(node.state.node()) == 0) {
      return bad_usage(name + " is node " + std::to_string(node.state.node()) +
                       ", which --server names twice");
    }
  }
  if (missing.empty()) return std::nullopt;
  return bad_usage("the cluster has " + std::to_string(nodes.front().state.nodes_size()) +
                   " nodes: --server has to name the address of each, and node " +
                   std::to_string(*missing.begin()) + " is not among them");
}

// All nodes have `sequence`; or the first that has not.
const Node* await(std::vector<Node>& nodes, std::int64_t sequence, grpc::Status& status) {
  const auto end = std::chrono::steady_clock::now() + kCatchUpWithin;
  for (auto& node : nodes) {
    while (sequence_of(node) < sequence) {
      if (std::chrono::steady_clock::now() > end) {
        status = {grpc::StatusCode::DEADLINE_EXCEEDED,
                  "node " + std::to_string(node.state.node()) + " is at sequence " +
                      std::to_string(sequence_of(node)) + " and does not get to " +
                      std::to_string(sequence)};
        return &node;
      }
      std::this_thread::sleep_for(kAskAgain);
      if (status = look(node); !status.ok()) return &node;
    }
  }
  return nullptr;
}

ExitCode verify_cluster(Session& session) {
  std::vector<Node> nodes;
  for (const auto& server : split_servers(session.connection().server())) {
    auto opened = session.connection().open_another(server);
    if (!opened) return session.fail(bad_usage(opened.error()));
    auto& node = nodes.emplace_back();
    node.connection = std::move(*opened);
    if (const auto status = look(node); !status.ok()) return session.fail(explain(status, {}));
  }
  if (const auto failure = check_nodes(nodes)) return session.fail(*failure);
  std::int64_t sequence = 0;
  for (const auto& node : nodes) sequence = std::max(sequence, sequence_of(node));
  grpc::Status status;
  if (await(nodes, sequence, status) != nullptr) return session.fail(explain(status, {}));

  wire::VerifyRequest request;
  request.set_state_at(static_cast<std::uint64_t>(sequence));
  std::mutex mutex;  // guards the console
  std::vector<std::future<void>> walks;
  for (auto& node : nodes) {
    walks.push_back(std::async(std::launch::async, [&] {
      node.status =
          walk(*node.connection, request, node.report, [&](const wire::VerifyResponse& at) {
            const std::lock_guard lock(mutex);
            if (!session.shows_progress()) return;
            session.console().err << kLineStart << "node " << node.state.node() << ": "
                                  << progress_text(at) << std::flush;
          });
    }));
  }
  walks.clear();  // waits for all
  if (session.shows_progress()) session.console().err << kLineStart << std::flush;
  std::vector<NodeReport> reports;
  for (auto& node : nodes) {
    if (!node.status.ok()) return session.fail(explain(node.status, {}));
    reports.push_back({node.state.node(), std::move(node.report)});
  }
  auto& out = session.console().out;
  out << (session.json() ? line(to_json(sequence, reports))
                         : render_comparison(sequence, reports, session.console().colour_out));
  return agree(reports) ? kDone : kRefused;
}

}  // namespace

void add_verify_command(CLI::App& app, Command& chosen) {
  auto* command = app.add_subcommand(
      "verify",
      "Walk the block chain and compare the balances with the history; exit code 1 if they differ");
  const auto all = std::make_shared<bool>(false);
  command->add_flag("--cluster", *all,
                    "every node of the cluster, compared at one sequence; --server names the "
                    "address of each: A,B,C");
  command->callback([&chosen, all] {
    chosen = [all = *all](Session& session) {
      return all ? verify_cluster(session) : verify(session);
    };
  });
}

}  // namespace sg::cli
