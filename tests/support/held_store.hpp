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
#include <stdexcept>
#include <string>

#include "persistence/store.hpp"

namespace sg::test {

class HeldStore final : public persistence::Store {
 public:
  explicit HeldStore(std::shared_ptr<persistence::Store> below) : below_(std::move(below)) {}

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
  persistence::ChainHead head() const override { return below_->head(); }
  persistence::Group begin_group(ledger::TimeMs now, std::int64_t run_ms) override {
    return below_->begin_group(now, run_ms);
  }
  persistence::StoreResult<void> append(persistence::Group group) override;
  persistence::StoreResult<void> reopen() override;
  bool takes_writes() const override { return below_->takes_writes(); }
  bool has_room() const override { return below_->has_room(); }
  bool keeps_up() const override { return below_->keeps_up(); }
  persistence::StoreResult<std::vector<ledger::Amount>> load_balances() const override {
    return below_->load_balances();
  }
  persistence::StoreResult<std::vector<ledger::Amount>> load_floors() const override {
    auto floors = below_->load_floors();
    if (floors) {
      for (auto& floor : *floors) floor += raised_by_;
    }
    return floors;
  }
  persistence::StoreResult<void> for_each_account(
      ledger::Sequence until,
      const std::function<void(std::string_view, ledger::AccountNumber, ledger::Amount)>& visit)
      const override {
    return below_->for_each_account(until, visit);
  }
  persistence::StoreResult<void> for_each_participant(
      ledger::Sequence until, const std::function<void(std::string_view)>& visit) const override {
    return below_->for_each_participant(until, visit);
  }
  ledger::Sequence durable() const override { return below_->durable(); }
  persistence::StoreResult<std::optional<ledger::Participant>> participant(
      std::string_view id) const override {
    ++participants_read_;
    return below_->participant(id);
  }
  persistence::StoreResult<std::vector<ledger::Participant>> participants(
      ledger::ParticipantRole role, std::string_view after, std::size_t limit,
      const persistence::Enough<ledger::Participant>& enough) const override {
    return below_->participants(role, after, limit, enough);
  }
  persistence::StoreResult<std::optional<ledger::Account>> account(
      std::string_view id) const override {
    return below_->account(id);
  }
  persistence::StoreResult<std::vector<ledger::Account>> accounts(
      std::string_view after, std::size_t limit,
      const persistence::Enough<ledger::Account>& enough) const override {
    if (throws_in_walks_) throw std::runtime_error("a list of accounts failed to order");
    return below_->accounts(after, limit, enough);
  }
  persistence::StoreResult<std::vector<ledger::Account>> accounts_of(
      std::string_view participant_id) const override {
    return below_->accounts_of(participant_id);
  }
  persistence::StoreResult<std::optional<persistence::StoredTransaction>> transaction(
      ledger::Sequence sequence) const override;
  persistence::StoreResult<std::vector<persistence::StoredTransaction>> transactions(
      const persistence::TransactionRange& range,
      const persistence::Enough<persistence::StoredTransaction>& enough) const override {
    return below_->transactions(range, enough);
  }
  persistence::StoreResult<ledger::Sequence> first_at_or_after(ledger::TimeMs time) const override {
    return below_->first_at_or_after(time);
  }
  persistence::StoreResult<std::vector<persistence::FoundKey>> find_keys(
      std::span<const ledger::Transfer* const> transfers, ledger::Sequence after) const override;
  persistence::StoreResult<bool> index_some(bool all) override { return below_->index_some(all); }
  bool is_open() const override { return below_->is_open(); }
  bool has_index_work() const override { return below_->has_index_work(); }
  std::size_t unindexed() const override { return below_->unindexed(); }
  persistence::StoreResult<void> write_balances(
      std::span<const persistence::BalancePage> pages) override {
    return below_->write_balances(pages);
  }
  persistence::StoreResult<void> write_checkpoint(ledger::Sequence marker) override {
    return below_->write_checkpoint(marker);
  }
  ledger::Sequence checkpoint() const override { return below_->checkpoint(); }
  persistence::StoreResult<persistence::VerifyReport> verify(
      const std::function<bool(const persistence::VerifyProgress&)>& progress,
      persistence::Sequence at = 0) const override {
    if (throws_in_walks_) throw std::runtime_error("a verification failed to order");
    return below_->verify(progress, at);
  }

 private:
  void set_hold(bool HeldStore::*what, bool hold);
  void wait_while_held();
  template <class Condition>
  void await(Condition condition);

  std::shared_ptr<persistence::Store> below_;
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
