// The journal's rules without a disk: gives decided units their sequences in one order, keeps the
// image that they make, and says what became durable when it is told to sync.
//
// It refuses what a vote of an older shard incarnation or an older coordinator stands behind, and
// notes as a fault what the ledger must never hand to it. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/flow/idempotency.hpp"
#include "ledger/flow/transfer_flow.hpp"
#include "tests/support/test_submission.hpp"

namespace sg::test {

struct ImageAccount {
  ledger::AccountNumber number = ledger::kNoAccount;
  ledger::Amount balance = 0;
  ledger::Policy policy{};
};

struct ModelBinding {
  ledger::Sequence sequence = 0;
  ledger::TimeMs time = 0;
  std::string content;
  bool sealed = false;
};

struct Image {
  std::map<std::string, ImageAccount, std::less<>> accounts;
  std::set<std::string, std::less<>> participants;
  std::map<std::string, ModelBinding, std::less<>> keys;
  std::map<std::string, ledger::RecordPlace, std::less<>> references;  // of the oldest with each
  std::size_t seals = 0;                                               // among the keys
  bool require_balanced = false;
  ledger::Sequence last = 0;
};

struct ModelRecord {
  ledger::Sequence sequence = 0;
  const ledger::Submission* submission = nullptr;
  std::uint32_t item = 0;
  std::vector<Posting> postings;
  std::optional<ledger::PolicyResult> policy{};  // that it has made
};

// What was committed as a whole.
struct ModelUnit {
  ledger::TimeMs time = 0;
  std::vector<ModelRecord> records;
};

class ModelJournal final : public ledger::KeySource {
 public:
  struct Applied {
    std::uint32_t shard = 0;
    ledger::UnitsOf units;
    ledger::Sequence last = 0;
  };
  struct Reply {
    std::vector<Applied> applied;
    std::vector<ledger::RejectedUnits> rejected;
  };
  struct Synced {
    ledger::Sequence durable = 0;
    std::vector<ledger::CommittedUnits> committed;
    std::vector<ledger::RejectedUnits> rejected;
  };

  explicit ModelJournal(std::uint32_t shards) : shard_incarnations(shards, 0) {}

  // State that the ledger starts from; it stands before the first sequence.
  void open_account(std::string_view id, ledger::Amount balance, ledger::Amount floor);
  void open_participant(std::string_view id);

  Reply commit(const ledger::UnitsOf& units);
  Synced sync();
  // What was not synced never happened.
  void crash();

  // The durable bindings.
  ledger::Sequence durable() const override { return durable_.last; }
  // All that a key is bound to.
  static std::string content(const ledger::Transfer& transfer);
  void stamp(ledger::Transfer& transfer) const {
    // Many keys share a hash: that must not matter.
    transfer.key_hash = transfer.idempotency_key.size() % 2;
  }
  ledger::Result<std::vector<ledger::BoundTransfer>> find(
      std::span<const ledger::Transfer* const> transfers) override;

  ledger::Result<std::vector<ledger::BoundReference>> find_references(
      std::span<const ledger::Transfer* const> transfers) override;

  std::vector<ledger::Result<std::optional<ledger::Original>>> originals(
      std::span<const ledger::TransactionPlace> places, std::size_t most) override;
  ledger::Result<std::optional<ledger::Original>> original(const ledger::TransactionPlace& place);

  // Durably.
  bool requires_balance() const { return durable_.require_balanced; }
  const Image& first() const { return first_; }
  const Image& image() const { return image_; }
  const std::vector<ModelUnit>& chain() const { return chain_; }
  bool unsynced() const { return !committed_.empty() || !late_rejected_.empty(); }
  const ModelRecord* record_at(ledger::Sequence sequence) const;
  // Needs: the sequence is in the chain.
  const ModelUnit& unit_of(ledger::Sequence sequence) const;
  // What the transaction has moved on each account, less what its reversals up to `until` took
  // back; those with 0 too. Needs: it is in the chain.
  std::map<std::string, ledger::WideAmount> left_of(ledger::Sequence transaction,
                                                    ledger::Sequence until) const;
  // The sequence that made the participant: 0 if it was there from the start, none if it is not.
  std::optional<ledger::Sequence> made_at(std::string_view participant) const;
  // The account's balance after each sequence that changed it, oldest first, and its policy then.
  struct Stood {
    ledger::Sequence sequence = 0;
    ledger::Amount balance = 0;
    ledger::Policy policy{};
  };
  std::vector<Stood> history(std::string_view account) const;

  std::size_t references_asked = 0;  // of find_references()
  std::vector<std::uint64_t> shard_incarnations;
  std::uint64_t coordinator = 0;
  std::size_t max_seals = 1'000'000;
  bool full = false;          // refuses what it would have to store
  bool keys_readable = true;  // false: find() answers JOURNAL_UNAVAILABLE
  std::vector<std::string> faults;

 private:
  bool touches_changed_shard(const ledger::LockBatch& batch, std::uint32_t unit) const;
  ledger::Sequence bound_at(const ledger::Unit& unit) const;
  ledger::Sequence used_at(const ledger::Unit& unit) const;
  ledger::Sequence reversed_at(const ledger::LockBatch& batch, const ledger::Unit& unit) const;
  void apply(ledger::LockBatch& batch, std::uint32_t index);
  void check_reversal(const ModelRecord& reversal);
  void apply_transfers(ledger::LockBatch& batch, std::uint32_t index, ModelUnit& stored);
  std::optional<ledger::StateRefusal> refused_by_policy(ledger::LockBatch& batch,
                                                        std::uint32_t index) const;

  Image first_;
  Image image_;
  Image durable_;
  std::vector<ModelUnit> chain_;
  std::size_t durable_units_ = 0;
  ledger::TimeMs time_ = 1'700'000'000'000;
  std::vector<ledger::CommittedUnits> committed_;
  std::vector<ledger::RejectedUnits> late_rejected_;
};

}  // namespace sg::test
