// The state of the whole process as JSON: what the status page shows, once a second.
#include <nlohmann/json.hpp>
#include <string>

#include "actors/forwarding/messages.hpp"
#include "actors/status/answers.hpp"
#include "actors/status/asking.hpp"
#include "actors/status/pages.hpp"
#include "supervisor/messages.hpp"

namespace sg::actors {

using Json = nlohmann::ordered_json;
using telemetry::Histogram;

namespace {

Json to_json(const Histogram& histogram) {
  const auto reading = histogram.read();
  return {{"bounds", histogram.bounds()},
          {"counts", reading.counts},
          {"count", reading.count},
          {"sum", reading.sum}};
}

Json stage(const char* name, const Histogram& histogram) {
  auto json = to_json(histogram);
  json["name"] = name;
  return json;
}

Json stages_of(const telemetry::Stages& stages) {
  return {stage("queue", stages.queue),   stage("vote", stages.vote),
          stage("lock", stages.lock),     stage("journal", stages.journal),
          stage("commit", stages.commit), stage("reply", stages.reply)};
}

Json calls_of(const telemetry::Metrics& metrics) {
  auto calls = Json::array();
  for (const auto& one : metrics.methods) {
    if (one.duration.read().count == 0) continue;
    auto codes = Json::object();
    for (std::size_t code = 0; code < one.by_code.size(); ++code) {
      const auto count = one.by_code[code].value();
      if (count > 0) codes[std::string(telemetry::kCodeNames[code])] = count;
    }
    calls.push_back({{"service", one.service},
                     {"method", one.method},
                     {"codes", std::move(codes)},
                     {"duration", to_json(one.duration)}});
  }
  return calls;
}

Json transfers_of(const telemetry::Metrics& metrics) {
  Json json;
  for (std::size_t outcome = 0; outcome < metrics.transfers.size(); ++outcome) {
    std::uint64_t count = 0;
    for (const auto& counter : metrics.transfers[outcome]) count += counter.value();
    json[std::string(telemetry::kTransferOutcomes[outcome])] = count;
  }
  return json;
}

Json refusals_of(const telemetry::Metrics& metrics) {
  auto json = Json::object();
  for (std::size_t i = 0; i <= static_cast<std::size_t>(ledger::Reason::internal); ++i) {
    const auto count = metrics.refusals[i].value();
    if (count > 0) json[std::string(to_string(static_cast<ledger::Reason>(i)))] = count;
  }
  return json;
}

Json tables_of(const persistence::DatabaseStatistics& statistics) {
  auto tables = Json::array();
  for (std::size_t i = 0; i < statistics.tables.size(); ++i) {
    tables.push_back({{"name", persistence::family_name(static_cast<persistence::Family>(i))},
                      {"rows", statistics.tables[i].rows},
                      {"bytes", statistics.tables[i].bytes}});
  }
  return tables;
}

Json rocksdb_of(const persistence::DatabaseStatistics& statistics) {
  return {{"block_cache_bytes", statistics.block_cache_bytes},
          {"memtable_bytes", statistics.memtable_bytes},
          {"pending_compaction_bytes", statistics.pending_compaction_bytes},
          {"running_compactions", statistics.running_compactions},
          {"running_flushes", statistics.running_flushes},
          {"writes_are_stopped", statistics.writes_are_stopped}};
}

Json to_json(const supervisor::TreeNode& node) {
  auto children = Json::array();
  for (const auto& child : node.children) children.push_back(to_json(child));
  return {{"id", node.id},
          {"type", supervisor::to_string(node.type)},
          {"state", supervisor::to_string(node.state)},
          {"incarnation", node.incarnation},
          {"restarts_in_window", node.restarts_in_window},
          {"last_exit", node.last_exit},
          {"uptime_ms", node.uptime_ms},
          {"mailbox", node.mailbox < 0 ? Json() : Json(node.mailbox)},
          {"children", std::move(children)}};
}

template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json();
}

Json to_json(const ClusterState& cluster) {
  auto nodes = Json::array();
  for (const auto& node : cluster.nodes) {
    nodes.push_back({{"id", node.id},
                     {"address", node.address},
                     {"role", node.role},
                     {"log_index", or_null(node.log_index)},
                     {"sequence", or_null(node.sequence)},
                     {"free_bytes", or_null(node.free_bytes)},
                     {"connected", node.is_connected},
                     {"round_trip_us", node.round_trip.count()},
                     {"problem", node.problem}});
  }
  return {{"id", cluster.id},         {"name", cluster.name}, {"node", cluster.node},
          {"leader", cluster.leader}, {"term", cluster.term}, {"level", cluster.level},
          {"nodes", std::move(nodes)}};
}

}  // namespace

telemetry::HttpResponse StatusPages::state() const {
  const auto& metrics = *runtime_->metrics;
  const auto& store = *runtime_->store;
  const auto statistics = store.statistics();
  const auto sources = sources_->get();
  auto hot = Json::array();
  for (const auto& [id, share] : metrics.hot_accounts.read()) {
    hot.push_back({{"id", id}, {"share", share}});
  }
  Json json{{"version", runtime_->version},
            {"node", runtime_->settings.cluster.node_id},
            {"time_ms", runtime_->wall_clock()},
            {"started_ms", runtime_->started_ms},
            {"sequence", store.durable()},
            {"checkpoint_sequence", store.checkpoint()},
            {"free_bytes", store.free_bytes()},
            {"transfers", transfers_of(metrics)},
            {"refusals", refusals_of(metrics)},
            {"calls_in_flight", metrics.calls_in_flight.value()},
            {"in_flight_bytes", metrics.bytes_in_flight.value()},
            {"open_streams", metrics.open_streams.value()},
            {"waiting_for_locks", metrics.waiting_for_locks.value()},
            {"keys_in_flight", metrics.keys_in_flight.value()},
            {"groups", metrics.groups.value()},
            {"stages", stages_of(metrics.stages)},
            {"calls", calls_of(metrics)},
            {"tables", tables_of(statistics)},
            {"rocksdb", rocksdb_of(statistics)},
            {"hot_accounts", std::move(hot)}};
  const auto tree = answer_of<supervisor::TreeNode>(sources.root, supervisor::GetTree{});
  json["tree"] = tree ? to_json(*tree) : Json();
  const auto cluster = sources.cluster ? answer_of<ClusterState>(sources.cluster, DescribeCluster{})
                                       : tl::unexpected(std::string("it stands alone"));
  json["cluster"] = cluster ? to_json(*cluster) : Json();
  return json_response(json);
}

}  // namespace sg::actors
