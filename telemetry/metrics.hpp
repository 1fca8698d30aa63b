// All that this process measures. Actors write it, the metrics page reads it (exposition.hpp). It
// outlives the actors: one that is restarted counts on where its predecessor stopped.
//
// Concurrency: every member may be written and read by any thread, but for `methods`, which is
// filled before anybody reads.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "telemetry/hot_keys.hpp"
#include "telemetry/instruments.hpp"

namespace sg::telemetry {

// Of gRPC's status codes, by their numbers.
inline constexpr std::array<std::string_view, 17> kCodeNames{
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

// The calls of one gRPC method.
struct MethodCalls {
  // The labels' values.
  std::string service;
  std::string method;
  std::array<Counter, kCodeNames.size()> by_code;
  Histogram duration;  // from the call's arrival until its answer is handed to gRPC
};

// What became of transfers, credits and debits.
enum class TransferOutcome : std::uint8_t { committed, refused, unknown };
inline constexpr std::array<std::string_view, 3> kTransferOutcomes{"committed", "refused",
                                                                   "unknown"};
// How many entries a transfer has.
inline constexpr std::array<std::string_view, 4> kPartiesNames{"1", "2", "3-5", "6+"};
constexpr std::size_t parties_of(std::size_t entries) {
  return entries <= 2 ? (entries == 2 ? 1 : 0) : (entries <= 5 ? 2 : 3);
}

using CountsByParties = std::array<std::uint32_t, kPartiesNames.size()>;

// The way of a write through the actors. Each submission that commits is measured once in each
// stage that it passes; a stage begins where the one before it ends.
struct Stages {
  Histogram queue;    // from the arrival of its call until the coordinator has it in a batch
  Histogram vote;     // until every shard has voted
  Histogram lock;     // of what had to wait for locks: until it has all of them
  Histogram journal;  // until the journal has given its group to the store
  Histogram commit;   // until the group is durable: here, or in a cluster on a majority
  Histogram reply;    // until the answer is handed to gRPC
};

struct Metrics {
  // --- the gateway ---
  std::deque<MethodCalls> methods;  // a deque, since it grows and none of them can move
  std::array<std::array<Counter, kPartiesNames.size()>, kTransferOutcomes.size()> transfers;
  static constexpr std::size_t kReasons = 96;
  std::array<Counter, kReasons> refusals;  // of items, by ledger::Reason
  HotKeys hot_accounts;                    // by entries, of one transfer of many
  Gauge calls_in_flight;
  Gauge bytes_in_flight;
  Gauge open_streams;
  Gauge certificate_expiry_s;  // since 1970, of the server's certificate; 0: it has none

  Stages stages;

  // --- the coordinator ---
  Gauge waiting_for_locks;  // units, now
  Gauge batches_undecided;
  Gauge keys_in_flight;

  // --- journal, log writer, indexer ---
  Counter groups;
  Histogram group_records{Histogram::kSizes};
  Histogram group_bytes{Histogram::kSizes};
  Gauge groups_under_way;
  Histogram append;             // the store makes a group durable: a sync, or a majority's
  Histogram log_write;          // of a member: a write of its log to its own disk, with its sync
  Gauge checkpoint_written_ms;  // since 1970; 0: none since the start

  // --- backups ---
  Gauge
      backup_written_ms;  // since 1970, of the last one that is up to date; 0: none since the start
};

}  // namespace sg::telemetry
