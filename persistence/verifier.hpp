// Verifies a store. It walks the chain from its first block and recomputes everything that can be:
// checksums, hashes, sequences, totals, and balances against floors. It compares the result with
// all derived data: the checkpoint's balances, the rows of accounts and participants, the
// histories, the key index, and the marks.
//
//   Verifier verifier;
//   bool goes_on = *verifier.start(rows, index, head);    // errors left out
//   while (goes_on) goes_on = *verifier.walk(rows, 256);
//   while (verifier.read_derived(rows, 4096)) {
//   }
//   verifier.finish(rows, medium);
//   report = verifier.report();
//
// Operation: what is wrong with the store goes into the report as a problem, and the walk goes on
// where it can. An error is returned only if the verification itself cannot go on.
//
// Not thread-safe. Between the calls the store may grow or be reopened. The walk ends where the
// head was at the start.
//
// Limits: memory for each account, each seal and each reversal, not for each record. A report has
// at most 100 problems.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "persistence/chain/block_cursor.hpp"
#include "persistence/index/index_verifier.hpp"
#include "persistence/medium/key_value.hpp"
#include "persistence/policy_verifier.hpp"
#include "persistence/reversal_verifier.hpp"
#include "persistence/rows/catalog_verifier.hpp"
#include "persistence/seal_verifier.hpp"
#include "persistence/store.hpp"

namespace sg::persistence {

class Verifier {
 public:
  // With what the report has more.
  explicit Verifier(VerifyAt at = {}) : at_(at) {}

  // Reads the checkpoint. `head` is called only after that, so that the head is not behind the
  // checkpoint. No checkpoint may be written meanwhile. False if there is nothing to walk.
  StoreResult<bool> start(const KeyValue& rows, const RecordIndex& index,
                          const std::function<ChainHead()>& head);
  // Walks at most `blocks` more blocks; false at the end.
  StoreResult<bool> walk(const KeyValue& rows, std::size_t blocks);
  // Reads about `count` more of the derived rows, those that the walk does not meet; false at the
  // end.
  bool read_derived(const KeyValue& rows, std::size_t count);
  // To be called before read_derived() when the store was reopened since the last call.
  void reopened(const RecordIndex& index) { index_.restart(index); }
  // Compares what only the whole chain tells: balances after the last checkpoint pages, the head,
  // the watermark of the indexes, and the high-water mark.
  StoreResult<bool> finish(const KeyValue& rows, const Medium& medium);

  // At any time. report() before the end has the problems that were found so far.
  VerifyProgress progress() const;
  VerifyReport report() const;

 private:
  // A balance of the checkpoint.
  struct Checkpointed {
    Amount balance = 0;
    Sequence sequence = 0;  // of its page
    bool stands = false;    // false: the account is on no page
  };
  // An account as the walk knows it.
  struct AccountState {
    WideAmount balance = 0;  // wide, since damaged records may leave the range of an Amount
    Checkpointed checkpoint;
    bool has_checkpoint = false;  // there is a checkpointed balance that is not compared yet
    bool is_stale = false;        // it is too old, and that was reported
  };

  // Adds to the report, unless it is full.
  void problem(std::string what);
  std::vector<Amount> balances() const;
  BlockHash hash_of_balances() const;
  // Compares the block's header with the block before it.
  void check_place(const BlockView& block);
  // Applies all records of the block, and compares its totals.
  // `earlier` reads records before it.
  void check_records(const KeyValue& rows, BlockCursor& earlier, const BlockView& block);
  // Tells the index verifier which terms the record mentions.
  void add_mentions(const DecodedRecord& record);
  // What a command has said of the record at hand, called `name`.
  void check_details(const ledger::Details& details, const std::string& name);
  // The records from next_ up to `last` cannot be read.
  void lose_records(Sequence last);
  void apply_account(const DecodedRecord& record);
  void apply_transaction(const DecodedRecord& record);
  // Whether the record obeys the policies, and what it makes of them.
  void check_policies(const KeyValue& rows, const DecodedRecord& record);
  // Checks the accounts that the unit has touched.
  void end_unit(Sequence sequence);
  // Reports a page that lacks a record from before the marker.
  void check_freshness(AccountNumber number, AccountState& account, Sequence sequence);
  void compare_checkpoint(AccountNumber number, AccountState& account);
  void check_mark(const Medium& medium);

  VerifyAt at_;
  std::vector<Amount> balances_at_;
  std::optional<StateHashes> state_at_;
  ChainHead until_;                         // the head at the start, where the walk ends
  Sequence marker_ = 0;                     // of the checkpoint
  std::uint16_t format_ = 0;                // of the store, as its meta row says
  std::vector<Checkpointed> checkpointed_;  // by account number
  std::vector<AccountState> accounts_;      // by account number
  // Accounts that the open unit has touched, each with its balance before the record.
  std::vector<std::pair<AccountNumber, WideAmount>> touched_;
  DecodedRecord record_;
  Sequence next_ = 1;           // the first sequence that the walk has not met
  BlockStamp before_;           // of the block before
  BlockHash hash_{};            // of the block before
  bool knows_before_ = true;    // false behind a block that could not be read
  bool knows_balances_ = true;  // false once a record was lost: balances are not compared any more
  ChainTotals totals_;          // up to the block before
  std::uint64_t blocks_ = 0;    // walked so far
  std::uint64_t records_ = 0;
  CatalogVerifier catalog_;
  SealVerifier seals_;
  ReversalVerifier reversals_;
  PolicyVerifier policies_;
  IndexVerifier index_;
  std::vector<AccountNumber> mentioned_;  // of the current record; kept for its memory
  std::vector<std::string> problems_;
};

}  // namespace sg::persistence
