// The names under which Prometheus knows what actors measure.
#include <string>

#include "telemetry/exposition.hpp"

namespace sg::telemetry {
namespace {

constexpr double kNanosecond = 1e-9;
constexpr double kMillisecond = 1e-3;

void expose_calls(const Metrics& metrics, Exposition& page) {
  for (const auto& one : metrics.methods) {
    const Exposition::Labels labels{{"service", one.service}, {"method", one.method}};
    for (std::size_t code = 0; code < one.by_code.size(); ++code) {
      const auto count = one.by_code[code].value();
      // OK from the start, so that a rate is known from the first call on.
      if (count == 0 && code != 0) continue;
      auto with_code = labels;
      with_code.emplace_back("code", std::string(kCodeNames[code]));
      page.counter("scalegraph_grpc_calls_total", "Calls that have ended.", with_code,
                   static_cast<double>(count));
    }
    if (one.duration.read().count == 0) continue;
    page.histogram("scalegraph_grpc_call_duration_seconds",
                   "From the arrival of a call until its last answer is handed to gRPC.", labels,
                   one.duration, kNanosecond);
  }
  page.gauge("scalegraph_calls_in_flight", "Calls and requests of streams in work.", {},
             static_cast<double>(metrics.calls_in_flight.value()));
  page.gauge("scalegraph_in_flight_bytes", "Memory that they hold.", {},
             static_cast<double>(metrics.bytes_in_flight.value()));
  page.gauge("scalegraph_open_streams", "Streams that are open.", {},
             static_cast<double>(metrics.open_streams.value()));
  if (const auto expiry = metrics.certificate_expiry_s.value(); expiry > 0) {
    page.gauge("scalegraph_certificate_expiry_timestamp_seconds",
               "When the server's certificate ends.", {}, static_cast<double>(expiry));
  }
}

void expose_transfers(const Metrics& metrics, std::span<const std::string> reasons,
                      Exposition& page) {
  for (std::size_t outcome = 0; outcome < kTransferOutcomes.size(); ++outcome) {
    for (std::size_t parties = 0; parties < kPartiesNames.size(); ++parties) {
      page.counter("scalegraph_transfers_total",
                   "Transfers, credits and debits that were answered, by what became of them and "
                   "by their number of entries.",
                   {{"outcome", std::string(kTransferOutcomes[outcome])},
                    {"parties", std::string(kPartiesNames[parties])}},
                   static_cast<double>(metrics.transfers[outcome][parties].value()));
    }
  }
  for (std::size_t reason = 0; reason < reasons.size(); ++reason) {
    const auto count = metrics.refusals[reason].value();
    if (count == 0) continue;
    page.counter("scalegraph_refusals_total", "Writes that were refused, by the reason.",
                 {{"reason", reasons[reason]}}, static_cast<double>(count));
  }
}

void expose_stages(const Stages& stages, Exposition& page) {
  const auto stage = [&page](const char* name, const Histogram& histogram) {
    page.histogram("scalegraph_write_stage_duration_seconds",
                   "How long committed writes were in each stage of their way.", {{"stage", name}},
                   histogram, kNanosecond);
  };
  stage("queue", stages.queue);
  stage("vote", stages.vote);
  stage("lock", stages.lock);
  stage("journal", stages.journal);
  stage("commit", stages.commit);
  stage("reply", stages.reply);
}

void expose_journal(const Metrics& metrics, Exposition& page) {
  page.counter("scalegraph_journal_groups_total", "Groups that went to the store.", {},
               static_cast<double>(metrics.groups.value()));
  page.histogram("scalegraph_journal_group_records", "Records of a group.", {},
                 metrics.group_records, 1);
  page.histogram("scalegraph_journal_group_size_bytes", "Bytes of a group.", {},
                 metrics.group_bytes, 1);
  page.gauge("scalegraph_journal_groups_under_way", "Groups that the store has not answered.", {},
             static_cast<double>(metrics.groups_under_way.value()));
  page.histogram("scalegraph_journal_append_duration_seconds",
                 "How long the store takes to make a group durable: a write with its sync, or in a "
                 "cluster until a majority has it.",
                 {}, metrics.append, kNanosecond);
  if (metrics.log_write.read().count > 0) {
    page.histogram("scalegraph_raft_log_write_duration_seconds",
                   "A write of the log to this node's disk, with its sync.", {}, metrics.log_write,
                   kNanosecond);
  }
  if (const auto written = metrics.checkpoint_written_ms.value(); written > 0) {
    page.gauge("scalegraph_checkpoint_timestamp_seconds", "When the last checkpoint was written.",
               {}, static_cast<double>(written) * kMillisecond);
  }
  page.gauge("scalegraph_lock_waiting_units", "Units that wait for locks.", {},
             static_cast<double>(metrics.waiting_for_locks.value()));
  page.gauge("scalegraph_coordinator_undecided_batches", "Batches that are not decided.", {},
             static_cast<double>(metrics.batches_undecided.value()));
  page.gauge("scalegraph_coordinator_keys_in_flight", "Idempotency keys of undecided writes.", {},
             static_cast<double>(metrics.keys_in_flight.value()));
}

}  // namespace

void expose(const Metrics& metrics, std::span<const std::string> reasons, Exposition& page) {
  expose_transfers(metrics, reasons, page);
  expose_stages(metrics.stages, page);
  expose_calls(metrics, page);
  expose_journal(metrics, page);
}

}  // namespace sg::telemetry
