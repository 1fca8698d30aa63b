// What main wires and every actor is given: settings, the store, and the clocks.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "actors/places.hpp"
#include "config/settings.hpp"
#include "ledger/ids.hpp"
#include "ledger/submission.hpp"
#include "persistence/member_store.hpp"
#include "persistence/store.hpp"
#include "security/audit_log.hpp"
#include "supervisor/report.hpp"
#include "telemetry/metrics.hpp"

namespace sg::actors {

// A supervisor's report as a line in the log.
void log_report(const supervisor::Report& report);
// Logs why, and leaves with the code of a tree that gave up.
[[noreturn]] void exit_at_once(const std::string& why);

struct Runtime {
  config::Settings settings;
  std::shared_ptr<persistence::Store> store;
  // The same store, if this node is a member of a cluster. Null: the ledger stands alone.
  std::shared_ptr<persistence::MemberStore> member;
  // The last sequence that the journal knows to be durable: its balances, and those of the shards,
  // rest on the chain up to there. Whoever asks whether a balance is durable looks here, since the
  // store of a member may have gone on without this journal. Load it before the incarnation.
  std::shared_ptr<std::atomic<ledger::Sequence>> settled =
      std::make_shared<std::atomic<ledger::Sequence>>(0);
  // What was answered and refused, for auditors. Null: nothing is kept.
  std::shared_ptr<security::AuditLog> audit_log;
  std::string version{};          // of the program
  ledger::TimeMs started_ms = 0;  // when it was started
  // What all actors measure.
  std::shared_ptr<telemetry::Metrics> metrics = std::make_shared<telemetry::Metrics>();
  // Milliseconds since 1970; may jump.
  std::function<ledger::TimeMs()> wall_clock = [] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  std::function<ledger::SteadyTime()> steady_clock = [] {
    return std::chrono::steady_clock::now();
  };
  // Numbers for the starts and incarnations of shards and coordinators. They rise across restarts
  // of the journal too.
  std::uint64_t next_incarnation() const { return incarnations->fetch_add(1) + 1; }
  std::shared_ptr<std::atomic<std::uint64_t>> incarnations =
      std::make_shared<std::atomic<std::uint64_t>>(0);
  // Counts the journals. One that fails takes back sequences that its shards have shown already.
  std::uint64_t journal_incarnation() const { return journal_incarnations->load(); }
  std::shared_ptr<std::atomic<std::uint64_t>> journal_incarnations =
      std::make_shared<std::atomic<std::uint64_t>>(0);
  // An actor that hung was left behind: its thread ends with the process only.
  std::shared_ptr<std::atomic<bool>> left_behind = std::make_shared<std::atomic<bool>>(false);
  // For verifications and balance sheets: each has a thread and a copy of the balances.
  static constexpr int kMaxWalks = 4;
  std::shared_ptr<Places> walks = std::make_shared<Places>(kMaxWalks);
  // One backup is written at a time. A few calls may look at backups meanwhile.
  static constexpr int kMaxBackupReads = 4;
  std::shared_ptr<Places> backup_runs = std::make_shared<Places>(1);
  std::shared_ptr<Places> backup_reads = std::make_shared<Places>(kMaxBackupReads);
  // Told of each report of the supervisors, on their threads.
  std::function<void(const supervisor::Report&)> report = log_report;
  // Ends the process at once and with a failure. Does not return.
  std::function<void(const std::string& why)> end_process = exit_at_once;
  // Detached actors have a thread of their own, since they block on the disk. Off in tests that
  // drive the deterministic scheduler.
  bool detached = true;
};

using RuntimePtr = std::shared_ptr<const Runtime>;

}  // namespace sg::actors
