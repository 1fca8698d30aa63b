// A store that asks another one for everything: the base of stores that change one thing.
#pragma once

#include <memory>
#include <utility>

#include "persistence/store.hpp"

namespace sg::test {

class ForwardingStore : public persistence::Store {
 public:
  explicit ForwardingStore(std::shared_ptr<persistence::Store> below) : below_(std::move(below)) {}

  persistence::ChainHead head() const override { return below_->head(); }
  persistence::Group begin_group(ledger::TimeMs now, std::int64_t run_ms) override {
    return below_->begin_group(now, run_ms);
  }
  std::optional<persistence::StoreResult<void>> append(persistence::Group group,
                                                       Appended later) override {
    return below_->append(std::move(group), std::move(later));
  }
  void end_under_way() override { below_->end_under_way(); }
  persistence::StoreResult<void> reopen() override { return below_->reopen(); }
  bool is_open() const override { return below_->is_open(); }
  bool takes_writes() const override { return below_->takes_writes(); }
  bool has_room() const override { return below_->has_room(); }
  bool keeps_up() const override { return below_->keeps_up(); }
  std::uint16_t format() const override { return below_->format(); }

  persistence::StoreResult<persistence::LedgerState> load_state() const override {
    return below_->load_state();
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
    return below_->accounts(after, limit, enough);
  }
  persistence::StoreResult<std::vector<ledger::Account>> accounts_of(
      std::string_view participant_id, const ledger::NewAccount* after,
      const persistence::Enough<ledger::Account>& enough) const override {
    return below_->accounts_of(participant_id, after, enough);
  }
  persistence::StoreResult<std::optional<persistence::StoredTransaction>> transaction(
      ledger::Sequence sequence) const override {
    return below_->transaction(sequence);
  }
  persistence::StoreResult<std::vector<persistence::StoredTransaction>> policies(
      const persistence::TransactionRange& range,
      const persistence::Enough<persistence::StoredTransaction>& enough) const override {
    return below_->policies(range, enough);
  }
  persistence::StoreResult<std::vector<persistence::StoredTransaction>> transactions_with(
      std::string_view reference, const persistence::TransactionRange& range,
      const persistence::Enough<persistence::StoredTransaction>& enough) const override {
    return below_->transactions_with(reference, range, enough);
  }
  persistence::StoreResult<std::vector<persistence::StoredTransaction>> transactions(
      const persistence::TransactionRange& range,
      const persistence::Enough<persistence::StoredTransaction>& enough) const override {
    return below_->transactions(range, enough);
  }
  persistence::StoreResult<persistence::AuditPage> audit(
      const persistence::AuditRange& range) const override {
    return below_->audit(range);
  }
  persistence::StoreResult<persistence::RecordPortion> records(
      const persistence::RecordRange& range) const override {
    return below_->records(range);
  }
  persistence::StoreResult<std::optional<persistence::BlockHash>> first_hash() const override {
    return below_->first_hash();
  }
  persistence::StoreResult<ledger::Sequence> first_at_or_after(ledger::TimeMs time) const override {
    return below_->first_at_or_after(time);
  }
  persistence::StoreResult<std::optional<persistence::ChainCopy>> read_blocks(
      const persistence::ChainEnd& after, ledger::Sequence until,
      std::uint64_t max_bytes) const override {
    return below_->read_blocks(after, until, max_bytes);
  }
  persistence::StoreResult<std::vector<persistence::FoundReference>> find_references(
      std::span<const ledger::Transfer* const> transfers, ledger::Sequence after) const override {
    return below_->find_references(transfers, after);
  }
  persistence::StoreResult<std::vector<persistence::FoundReference>> find_reversed(
      std::span<const ledger::Transfer* const> transfers, ledger::Sequence after) const override {
    return below_->find_reversed(transfers, after);
  }
  persistence::StoreResult<std::vector<persistence::StoreResult<std::optional<ledger::Original>>>>
  originals(std::span<const ledger::TransactionPlace> places, std::size_t most) const override {
    return below_->originals(places, most);
  }
  persistence::StoreResult<std::vector<persistence::StoredTransaction>> transactions_at(
      std::span<const ledger::Sequence> sequences,
      const persistence::Enough<persistence::StoredTransaction>& enough) const override {
    return below_->transactions_at(sequences, enough);
  }
  persistence::StoreResult<std::vector<persistence::FoundKey>> find_keys(
      std::span<const ledger::Transfer* const> transfers, ledger::Sequence after) const override {
    return below_->find_keys(transfers, after);
  }
  persistence::StoreResult<std::uint64_t> seals() const override { return below_->seals(); }
  persistence::StoreResult<ledger::TimeMs> keys_kept_since() const override {
    return below_->keys_kept_since();
  }

  persistence::StoreResult<bool> index_some(bool all) override { return below_->index_some(all); }
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
      persistence::VerifyAt at) const override {
    return below_->verify(progress, at);
  }

 protected:
  persistence::Store& below() { return *below_; }
  const persistence::Store& below() const { return *below_; }

 private:
  std::shared_ptr<persistence::Store> below_;
};

}  // namespace sg::test
