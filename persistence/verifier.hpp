// Walks the chain from its first block and recomputes everything that can be: checksums, hashes,
// sequences, totals, balances against floors. Then it holds all derived data against that: balances
// of the checkpoint, rows of accounts and participants, histories, the key index, and the marks.
//
// Not thread-safe. start(), then walk() until it returns false, then read_derived() likewise, then
// finish(). Between the calls the store may grow, or be reopened: the walk ends where the head
// stood at the start.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "persistence/chain/block_cursor.hpp"
#include "persistence/index/index_verifier.hpp"
#include "persistence/medium/key_value.hpp"
#include "persistence/rows/catalog_verifier.hpp"
#include "persistence/store.hpp"

namespace sg::persistence {

class Verifier {
 public:
  // `at`: the report has the balances after this sequence too; 0: it does not.
  explicit Verifier(Sequence at = 0) : at_(at) {}

  // `head` is asked once the checkpoint rows are read, so that it is not behind them. False when
  // there is nothing to walk.
  StoreResult<bool> start(const KeyValue& rows, const RecordIndex& index,
                          const std::function<ChainHead()>& head);
  // At most `blocks` more; false at the end.
  StoreResult<bool> walk(const KeyValue& rows, std::size_t blocks);
  // Reads the derived rows that the walk does not meet, about so many more; false at the end.
  bool read_derived(const KeyValue& rows, std::size_t count);
  // The store was reopened since the last call.
  void reopened(const RecordIndex& index) { index_.restart(index); }
  StoreResult<bool> finish(const KeyValue& rows, const Medium& medium);

  VerifyProgress progress() const;
  VerifyReport report() const;

 private:
  struct Checkpointed {
    Amount balance = 0;
    Sequence sequence = 0;
    bool stands = false;  // the account is on a page
  };
  struct AccountState {
    WideAmount balance = 0;
    Amount floor = 0;
    Checkpointed checkpoint;
    bool has_checkpoint = false;  // not compared yet
    bool is_stale = false;        // told already
  };

  void problem(std::string what);
  std::vector<Amount> balances() const;
  void check_place(const BlockView& block);
  void check_records(const KeyValue& rows, const BlockView& block);
  void add_mentions(const DecodedRecord& record);
  // Records up to `last` that the walk has not met cannot be read.
  void lose_records(Sequence last);
  void apply_account(const DecodedRecord& record);
  void apply_transaction(const DecodedRecord& record);
  void end_unit(Sequence sequence);
  void check_freshness(AccountNumber number, AccountState& account, Sequence sequence);
  void compare_checkpoint(AccountNumber number, AccountState& account);
  void check_mark(const Medium& medium);

  Sequence at_;
  std::vector<Amount> balances_at_;
  ChainHead until_;
  Sequence marker_ = 0;                     // of the checkpoint
  std::uint16_t format_ = 0;                // of the store, as its meta row says
  std::vector<Checkpointed> checkpointed_;  // by account number
  std::vector<AccountState> accounts_;
  std::vector<AccountNumber> touched_;  // in the open unit
  DecodedRecord record_;
  Sequence next_ = 1;
  BlockStamp before_;           // of the block before
  BlockHash hash_{};            // of the block before
  bool knows_before_ = true;    // false behind a block that could not be read
  bool knows_balances_ = true;  // false once a record was lost
  ChainTotals totals_;
  std::uint64_t blocks_ = 0;
  std::uint64_t records_ = 0;
  CatalogVerifier catalog_;
  IndexVerifier index_;
  std::vector<AccountNumber> mentioned_;  // scratch
  std::vector<std::string> problems_;
};

}  // namespace sg::persistence
