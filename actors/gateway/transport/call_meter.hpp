// What the gateway measures of calls, and of the transfers in them.
//
// Concurrency: the gateway's thread writes; the numbers themselves may be read by any thread.
#pragma once

#include <chrono>
#include <memory>

#include "actors/gateway/transport/method.hpp"
#include "ledger/submission.hpp"
#include "telemetry/metrics.hpp"

namespace sg::actors {

class CallMeter {
 public:
  explicit CallMeter(std::shared_ptr<telemetry::Metrics> metrics) : metrics_(std::move(metrics)) {}

  // The numbers of one method: those that an earlier gateway has begun, or new ones.
  telemetry::MethodCalls& of(const Method& method);
  // What became of a submission that was handed to the coordinator. Called once for each, when its
  // answer is about to be sent.
  void count(const ledger::Submission& submission, ledger::SteadyTime now);
  // The transfers of a submission that was lost: their outcome is unknown.
  void count_lost(const telemetry::CountsByParties& lost);
  // How much is in flight now.
  void show_load(std::size_t calls, std::size_t bytes, std::size_t streams) {
    metrics_->calls_in_flight.set(static_cast<std::int64_t>(calls));
    metrics_->bytes_in_flight.set(static_cast<std::int64_t>(bytes));
    metrics_->open_streams.set(static_cast<std::int64_t>(streams));
  }

 private:
  void measure(const ledger::WriteTimes& times, ledger::SteadyTime now);

  // One transfer of so many counts for the hottest accounts.
  static constexpr std::size_t kHotEvery = 64;

  std::shared_ptr<telemetry::Metrics> metrics_;
  std::size_t until_hot_ = 0;
};

}  // namespace sg::actors
