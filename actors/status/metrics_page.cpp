// What Prometheus scrapes: what actors have measured, and what store, tree and cluster say of
// themselves at this moment.
#include <algorithm>
#include <string>
#include <vector>

#include "actors/forwarding/messages.hpp"
#include "actors/status/asking.hpp"
#include "actors/status/pages.hpp"
#include "supervisor/messages.hpp"
#include "telemetry/exposition.hpp"

namespace sg::actors {

using telemetry::Exposition;

namespace {

constexpr double kMicrosecond = 1e-6;
constexpr double kMillisecond = 1e-3;

template <class Number>
double number(Number value) {
  return static_cast<double>(value);
}

void expose_store(const Runtime& runtime, Exposition& page) {
  const auto& store = *runtime.store;
  const auto statistics = store.statistics();
  page.gauge("scalegraph_ledger_sequence", "The last record that is durable.", {},
             number(store.durable()));
  page.gauge("scalegraph_checkpoint_sequence",
             "The record up to which balances need not be computed anew at a start.", {},
             number(store.checkpoint()));
  page.gauge("scalegraph_unindexed_entries", "Postings and keys that are not indexed on the disk.",
             {}, number(store.unindexed()));
  page.gauge("scalegraph_disk_free_bytes", "Free space on the disk of the store.", {},
             number(store.free_bytes()));
  for (std::size_t i = 0; i < statistics.tables.size(); ++i) {
    const Exposition::Labels table{
        {"table", std::string(persistence::family_name(static_cast<persistence::Family>(i)))}};
    page.gauge("scalegraph_table_rows", "Rows of a table, about.", table,
               number(statistics.tables[i].rows));
    page.gauge("scalegraph_table_size_bytes", "Bytes of a table's files.", table,
               number(statistics.tables[i].bytes));
  }
  page.gauge("scalegraph_rocksdb_block_cache_bytes", "Blocks of tables in memory.", {},
             number(statistics.block_cache_bytes));
  page.gauge("scalegraph_rocksdb_memtable_bytes", "Rows in memory and in the write-ahead log only.",
             {}, number(statistics.memtable_bytes));
  page.gauge("scalegraph_rocksdb_pending_compaction_bytes", "What compactions have to rewrite.", {},
             number(statistics.pending_compaction_bytes));
  page.gauge("scalegraph_rocksdb_running_compactions", "Compactions, now.", {},
             number(statistics.running_compactions));
  page.gauge("scalegraph_rocksdb_running_flushes", "Flushes of memtables, now.", {},
             number(statistics.running_flushes));
  page.gauge("scalegraph_rocksdb_writes_stopped", "1: writes wait for compactions.", {},
             statistics.writes_are_stopped ? 1 : 0);
}

void expose_tree(const supervisor::TreeNode& node, Exposition& page) {
  const Exposition::Labels actor{{"actor", node.id}};
  page.gauge("scalegraph_actor_up", "1: the actor serves.", actor,
             node.state == supervisor::ChildState::running ? 1 : 0);
  page.counter("scalegraph_actor_restarts_total", "Starts of an actor after its first.", actor,
               number(node.incarnation > 0 ? node.incarnation - 1 : 0));
  if (node.mailbox >= 0) {
    page.gauge("scalegraph_actor_mailbox_messages", "Messages that wait, at the last probe.", actor,
               number(node.mailbox));
  }
  for (const auto& child : node.children) expose_tree(child, page);
}

void expose_cluster(const ClusterState& cluster, Exposition& page) {
  page.gauge("scalegraph_raft_term", "The term of the group.", {}, number(cluster.term));
  page.gauge("scalegraph_raft_has_leader", "1: this node knows a leader.", {},
             cluster.leader != 0 ? 1 : 0);
  page.gauge("scalegraph_raft_leads", "1: this node is the leader.", {},
             cluster.leader == cluster.node ? 1 : 0);
  std::uint64_t last = 0;
  for (const auto& node : cluster.nodes) last = std::max(last, node.log_index.value_or(0));
  for (const auto& node : cluster.nodes) {
    const Exposition::Labels labels{{"node", std::to_string(node.id)}};
    page.gauge("scalegraph_raft_node_connected", "1: this node reaches that node.", labels,
               node.is_connected || node.id == cluster.node ? 1 : 0);
    page.gauge("scalegraph_raft_node_round_trip_seconds", "Of a ping between the nodes.", labels,
               number(node.round_trip.count()) * kMicrosecond);
    if (!node.log_index) continue;
    page.gauge("scalegraph_raft_node_lag_entries",
               "Entries of the log that the node lacks, as far as this node knows.", labels,
               number(last - *node.log_index));
  }
}

// By ledger::Reason.
const std::vector<std::string>& reason_names() {
  static const auto names = [] {
    std::vector<std::string> all;
    for (int i = 0; i <= static_cast<int>(ledger::Reason::internal); ++i) {
      all.emplace_back(to_string(static_cast<ledger::Reason>(i)));
    }
    return all;
  }();
  return names;
}

}  // namespace

telemetry::HttpResponse StatusPages::metrics() const {
  Exposition page;
  page.gauge("scalegraph_build_info", "Always 1; the label says which version runs.",
             {{"version", runtime_->version}}, 1);
  telemetry::expose(*runtime_->metrics, reason_names(), page);
  expose_store(*runtime_, page);
  if (runtime_->settings.backup.is_on()) {
    page.gauge("scalegraph_backup_timestamp_seconds",
               "When this server last brought a backup up to date; 0: not since its start.", {},
               number(runtime_->metrics->backup_written_ms.value()) * kMillisecond);
  }
  const auto sources = sources_->get();
  if (const auto tree = answer_of<supervisor::TreeNode>(sources.root, supervisor::GetTree{})) {
    expose_tree(*tree, page);
  }
  if (sources.cluster) {
    const auto cluster = answer_of<ClusterState>(sources.cluster, DescribeCluster{});
    if (cluster) expose_cluster(*cluster, page);
  }
  if (runtime_->audit_log) {
    page.counter("scalegraph_audit_dropped_lines_total",
                 "Events that have no line in the audit log, since its bounds left no room.", {},
                 number(runtime_->audit_log->dropped()));
  }
  telemetry::expose_process(page);
  telemetry::HttpResponse response;
  response.type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = page.text();
  return response;
}

}  // namespace sg::actors
