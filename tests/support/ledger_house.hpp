// A coordinator, shards and a journal joined by FIFO channels, without actors: nothing moves until
// the test delivers, so it decides every interleaving. What a crash would do to the actors, it does
// here.
//
//   LedgerHouse house(2);
//   house.open_account("alice", 100);
//   house.submit(transfer({{"alice", -5}}));
//   house.run();
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ledger/flow/transfer_flow.hpp"
#include "ledger/locks/shard_ledger.hpp"
#include "tests/support/model_journal.hpp"

namespace sg::test {

// The journal syncs before it answers a fence, so that the new coordinator finds every key that is
// bound. `unsynced` leaves that out: only the journal's own check of keys is left.
enum class Fence : bool { synced, unsynced };

class LedgerHouse {
 public:
  explicit LedgerHouse(std::uint32_t shards,
                       std::chrono::milliseconds lock_timeout = std::chrono::seconds(5));

  void open_account(std::string_view id, ledger::Amount balance, ledger::Amount floor = 0);
  void open_participant(std::string_view id);

  // --- what callers do ---
  void submit(const TestSubmissionPtr& submission);
  void cancel(TestSubmission& submission);

  // --- what the scheduler does ---
  // The coordinator forms a batch of what waits.
  void advance();
  void pass(std::chrono::milliseconds time);
  std::size_t channels_ready();
  // Delivers the oldest message of the nth channel that has one.
  void deliver(std::size_t nth);
  void sync();
  // Delivers all there is, in a fixed order of channels; without ever syncing.
  void run_unsynced();
  // The same, and syncs until nothing moves any more.
  void run();
  // As run(), and lets the time pass that ends every wait.
  void drain();

  // --- what fails ---
  // While set, commits stay on their way to the journal.
  bool journal_stalled = false;
  // Of the next coordinator: see TransferFlow::Options.
  bool confirms = false;
  // The shard's actor ends: its state and what was sent to it are gone.
  void crash_shard(std::uint32_t shard);
  void attach_shard(std::uint32_t shard);
  void crash_coordinator(Fence fence = Fence::synced);
  // What was not synced is gone; everybody starts over.
  void crash_journal();

  ledger::TransferFlow& flow() { return *flow_; }
  ModelJournal& journal() { return journal_; }
  const ModelJournal& journal() const { return journal_; }
  const ledger::ShardLedger* shard(std::uint32_t index) const {
    return shards_[index].ledger ? &*shards_[index].ledger : nullptr;
  }
  std::uint32_t shards() const { return static_cast<std::uint32_t>(shards_.size()); }
  ledger::SteadyTime now() const { return now_; }
  ledger::Amount balance(std::string_view account) const;
  // As the shard tells it; nothing while it is away.
  std::optional<ledger::AccountReading> read(std::string_view account) const;
  const std::vector<TestSubmissionPtr>& submissions() const { return submissions_; }
  // Requests in queues of all shards.
  std::size_t waiting() const;

 private:
  using Channel = std::deque<std::function<void()>>;
  using Effects = ledger::TransferFlow::Effects;

  struct Shard {
    std::optional<ledger::ShardLedger> ledger;
    std::uint64_t incarnation = 0;
    std::uint64_t coordinator = 0;  // the fence that it has heard of
    // Of coordinators that it has not heard of yet.
    std::multimap<std::uint64_t, std::function<void()>> early;
    std::uint64_t known_as = 0;  // the incarnation that the coordinator sends to
    Channel requests;            // coordinator to shard
    Channel votes;               // shard to coordinator
    Channel applied;             // journal to shard
  };

  template <class Call>
  void to_flow(Call call);
  void carry_out(const Effects& effects);
  void send_request(std::uint32_t shard, std::uint64_t coordinator,
                    std::function<void(ledger::ShardLedger&, std::vector<ledger::LateVote>&)> what,
                    ledger::LockBatchPtr prompt);
  void tell_late(std::uint32_t shard, std::vector<ledger::LateVote> late);
  void commit(const ledger::UnitsOf& units);
  void report(const ModelJournal::Synced& synced);
  void load(std::uint32_t shard);
  void new_coordinator();
  std::vector<Channel*> all_channels();

  std::chrono::milliseconds lock_timeout_;
  ModelJournal journal_;
  std::vector<Shard> shards_;
  std::uint64_t next_incarnation_ = 1;
  std::optional<ledger::TransferFlow> flow_;
  Channel commits_;  // coordinator to journal
  Channel reports_;  // journal to coordinator
  Channel notices_;  // supervisor to coordinator: shards away and back
  ledger::SteadyTime now_{};
  std::vector<TestSubmissionPtr> submissions_;
};

}  // namespace sg::test
