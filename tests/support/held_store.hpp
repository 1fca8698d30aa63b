// A store between the server and another one, at which a test can stop the server: it holds the
// journal inside a sync, tells when a key was looked up, and fails to order.
//
//   auto store = std::make_shared<HeldStore>(memory_store());
//   RunningLedger ledger(ledger_settings(), store);
//   auto hold = store->hold();
//   ... a call that writes, in another thread
//   store->await_held();   // it is in the sync now: sequenced, but not durable
//   hold.release();
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "tests/support/forwarding_store.hpp"

namespace sg::test {

class HeldStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  // What it holds waits while one lives.
  class Hold {
   public:
    Hold(HeldStore& store, bool HeldStore::*what) : store_(store), what_(what) {
      store_.set_hold(what_, true);
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() { release(); }
    void release() { store_.set_hold(what_, false); }

   private:
    HeldStore& store_;
    bool HeldStore::*what_;
  };
  // Appends and reopenings.
  [[nodiscard]] Hold hold() { return {*this, &HeldStore::hold_}; }
  // Look-ups of single transactions.
  [[nodiscard]] Hold hold_transactions() { return {*this, &HeldStore::hold_transactions_}; }
  void await_held();
  // Waits until a look-up of a single transaction is held.
  void await_transaction_read();
  // Waits until the key was looked up, by the coordinator first.
  void await_lookup(const std::string& key);
  // The second look-up of the key fails: the journal's.
  void fail_second_lookup(const std::string& key);
  // Lists of accounts and verifications throw from here on.
  void throw_in_walks(bool throws) { throws_in_walks_ = throws; }
  // How many participants were looked up by id.
  int participants_read() const { return participants_read_; }
  // The journal is told other floors than the shards, from its next start on.
  void raise_floors_of_journal(ledger::Amount by) { raised_by_ = by; }

  // --- the store's contract ---
  std::optional<persistence::StoreResult<void>> append(persistence::Group group,
                                                       Appended later) override;
  persistence::StoreResult<void> reopen() override;
  persistence::StoreResult<persistence::LedgerState> load_state() const override;
  persistence::StoreResult<std::optional<ledger::Participant>> participant(
      std::string_view id) const override {
    ++participants_read_;
    return below().participant(id);
  }
  persistence::StoreResult<std::vector<ledger::Account>> accounts(
      std::string_view after, std::size_t limit,
      const persistence::Enough<ledger::Account>& enough) const override;
  persistence::StoreResult<std::optional<persistence::StoredTransaction>> transaction(
      ledger::Sequence sequence) const override;
  persistence::StoreResult<std::vector<persistence::FoundKey>> find_keys(
      std::span<const ledger::Transfer* const> transfers, ledger::Sequence after) const override;
  persistence::StoreResult<persistence::VerifyReport> verify(
      const std::function<bool(const persistence::VerifyProgress&)>& progress,
      persistence::VerifyAt at) const override;

 private:
  void set_hold(bool HeldStore::*what, bool hold);
  void wait_while_held();
  template <class Condition>
  void await(Condition condition);

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool hold_ = false;
  bool hold_transactions_ = false;
  mutable bool is_transaction_held_ = false;
  bool is_held_ = false;
  mutable std::map<std::string, int, std::less<>> lookups_;
  std::string fails_second_;
  std::atomic<ledger::Amount> raised_by_ = 0;
  std::atomic<bool> throws_in_walks_ = false;
  mutable std::atomic<int> participants_read_ = 0;
};

}  // namespace sg::test
