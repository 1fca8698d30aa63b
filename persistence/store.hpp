// The store: a chain of blocks that is the truth, and what is derived from it (checkpointed
// balances, indexes, history). Everything above persistence/ sees only this.
//
// Operation: the journal is the only caller of begin_group, append and reopen; one maintenance
// caller at a time calls index_some and the checkpoint functions; reads come from any thread.
// Reads show durable records only, though unsynced writes stand in the database below.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "persistence/chain/group.hpp"
#include "persistence/chain/record.hpp"
#include "persistence/index/found_key.hpp"
#include "persistence/medium/key_value.hpp"
#include "persistence/medium/store_error.hpp"
#include "persistence/medium/store_options.hpp"
#include "persistence/rows/listing.hpp"

namespace sg::persistence {

// Which transactions a listing wants; sequences bound it on both sides.
struct TransactionRange {
  std::optional<AccountNumber> account{};  // nothing: of every account
  Sequence first = 1;                      // inclusive
  Sequence before = ~Sequence{0};          // exclusive
  std::size_t limit = 50;
};

struct VerifyProgress {
  std::uint64_t blocks = 0;
  std::uint64_t records = 0;
  std::uint64_t records_total = 0;
  // Of the histories and the key index, which are compared once the chain is walked.
  std::uint64_t entries = 0;
  std::uint64_t entries_total = 0;
};

// Sequences at which a verification looks closer. 0: at none.
struct VerifyAt {
  Sequence balances = 0;  // the last of a group: the report has the balances of that moment
  Sequence state = 0;     // the last of a block: it has the hashes of that moment
};

// What two stores have the same of, if chain and balances are the same up to a sequence.
struct StateHashes {
  BlockHash chain{};     // of the block that ends there
  BlockHash balances{};  // SHA-256 of all balances by account number, 8 bytes each, little-endian
  bool operator==(const StateHashes&) const = default;
};

struct VerifyReport {
  std::uint64_t blocks = 0;
  std::uint64_t records = 0;
  std::uint64_t accounts = 0;
  WideAmount sum_of_postings = 0;
  std::vector<Amount> balances;     // by account number, recomputed from the chain
  Sequence sequence = 0;            // up to which
  std::vector<Amount> balances_at;  // the same at VerifyAt::balances
  std::optional<StateHashes>
      state_at;  // nullopt: no block ends there, or what is before is damaged
  BlockHash head_hash{};
  std::vector<std::string> problems;  // empty: the chain is whole
};

// A record of which the chain keeps who asked for it.
struct AuditedRecord {
  Sequence sequence = 0;
  TimeMs time = 0;
  ledger::OriginPtr origin;
  std::string what;     // a kind of transaction, "account", "participant" or "seal"
  std::string created;  // the id of what was created; empty for a transaction
};
struct AuditRange {
  Sequence first = 1;
  Sequence before = std::numeric_limits<Sequence>::max();
  std::string caller{};  // empty: of everybody
  std::size_t limit = 0;
};
struct AuditPage {
  std::vector<AuditedRecord> records;
  Sequence next = 0;  // where the next page begins; 0: there is none
};

// A transaction with the idempotency key that it was asked for with.
struct KeyedTransaction {
  StoredTransaction transaction;
  std::string key;  // empty: none
};
struct SealedKey {
  std::string key;
};
// One record of the chain, of whichever kind.
struct ChainRecord {
  Sequence sequence = 0;
  TimeMs time = 0;
  bool ends_unit = true;  // it is the last of what was committed as a whole
  std::variant<ledger::Participant, ledger::Account, KeyedTransaction, SealedKey> content;
};
struct RecordRange {
  Sequence first = 1;
  Sequence last = std::numeric_limits<Sequence>::max();
  std::size_t max_bytes = 0;  // about so many, and one record at least
};
struct RecordPortion {
  std::vector<ChainRecord> records;
  Sequence next = 0;  // where the next portion begins; past the end of the range: there is none
};

// Balances by account number and policies, after the last record of `head`. `floors` are those that
// the accounts were created with.
struct LedgerState {
  ChainHead head;
  std::vector<Amount> balances;
  std::vector<Amount> floors;
  ledger::Policies policies{};  // of the accounts that have more than that, or had it
  bool require_balanced = false;
};

class Store {
 public:
  // Told whether a group became durable.
  using Appended = std::function<void(const StoreResult<void>&)>;

  virtual ~Store() = default;

  // --- the write path (journal only) ---
  // The last durable record.
  virtual ChainHead head() const = 0;
  // On top of every group that was handed over, durable or not. May wait for a moment, to slow the
  // caller down while derived data is behind.
  virtual Group begin_group(TimeMs now, std::int64_t run_ms) = 0;
  // Hands a group over to become durable, readable, and past the high-water mark. Groups become
  // durable in order. After a failure all others fail too, and nothing may be believed until
  // reopen() returns.
  //
  // Returns the result if the store had it at once: `later` is never called then. Otherwise
  // `later` is called once with it, from any thread, after append() has returned or before, and
  // within a bounded time: a store that cannot make a group durable fails it. durable() has passed
  // the group before a success is told, by either way.
  virtual std::optional<StoreResult<void>> append(Group group, Appended later) = 0;
  // append() for a caller that cannot wait for `later`: needs a store that has results at once.
  StoreResult<void> append_now(Group group);
  // Fails every group that was handed over and is not durable. When it returns, none of them can
  // become durable any more. A new caller of append() calls it before it reads anything.
  virtual void end_under_way() = 0;
  // Ends what is under way, forgets what is in memory, and opens the store anew, with all the
  // checks of the first opening.
  virtual StoreResult<void> reopen() = 0;
  // False between a reopen() that failed and the next.
  virtual bool is_open() const = 0;
  // False after a failed write, until reopen(): all other writes will fail too.
  virtual bool takes_writes() const = 0;
  // False when the file system has no room for another group: asked before a group is begun.
  virtual bool has_room() const = 0;
  // False when the indexes are so far behind that memory would run out: asked like has_room().
  virtual bool keeps_up() const = 0;
  // The version of the store's format (chain/format.hpp). It rises with the first group that needs
  // a newer one; programs that know only older versions refuse the store from then on.
  virtual std::uint16_t format() const = 0;

  // --- the state at the durable head, for a start ---
  // By account number: the checkpoint with the blocks after it applied.
  virtual StoreResult<LedgerState> load_state() const = 0;
  StoreResult<std::vector<Amount>> load_balances() const;
  // Calls with (id, number, floor) of every account created up to `until`, by id; nothing is read
  // of its metadata.
  virtual StoreResult<void> for_each_account(
      Sequence until,
      const std::function<void(std::string_view, AccountNumber, Amount)>& visit) const = 0;
  virtual StoreResult<void> for_each_participant(
      Sequence until, const std::function<void(std::string_view)>& visit) const = 0;

  // --- reads ---
  virtual Sequence durable() const = 0;
  virtual StoreResult<std::optional<ledger::Participant>> participant(
      std::string_view id) const = 0;
  // By id, after `after` (exclusive, empty: from the first). Role unspecified: every role.
  virtual StoreResult<std::vector<ledger::Participant>> participants(
      ledger::ParticipantRole role, std::string_view after, std::size_t limit,
      const Enough<ledger::Participant>& enough = {}) const = 0;
  virtual StoreResult<std::optional<ledger::Account>> account(std::string_view id) const = 0;
  virtual StoreResult<std::vector<ledger::Account>> accounts(
      std::string_view after, std::size_t limit,
      const Enough<ledger::Account>& enough = {}) const = 0;
  // By account type and then by id, after the account `after` of the participant (null: from the
  // first).
  virtual StoreResult<std::vector<ledger::Account>> accounts_of(
      std::string_view participant_id, const ledger::NewAccount* after = nullptr,
      const Enough<ledger::Account>& enough = {}) const = 0;
  // With its reversals.
  virtual StoreResult<std::optional<StoredTransaction>> transaction(Sequence sequence) const = 0;
  // Transactions at these sequences, with their reversals, until `enough`; one for each of them.
  // Cheapest if the sequences ascend. `corrupt` if one is no durable transaction.
  virtual StoreResult<std::vector<StoredTransaction>> transactions_at(
      std::span<const Sequence> sequences, const Enough<StoredTransaction>& enough) const = 0;
  // Newest first. Creations and initial balances are not listed.
  virtual StoreResult<std::vector<StoredTransaction>> transactions(
      const TransactionRange& range, const Enough<StoredTransaction>& enough = {}) const = 0;
  // Policies of `range.account`, or of the whole ledger if that is not set, newest first, with what
  // they have made.
  virtual StoreResult<std::vector<StoredTransaction>> policies(
      const TransactionRange& range, const Enough<StoredTransaction>& enough = {}) const = 0;
  // Those with exactly that reference, which is not empty, newest first, with their details and
  // reversals. `range.account` is not looked at. `building` until all older records were read once.
  virtual StoreResult<std::vector<StoredTransaction>> transactions_with(
      std::string_view reference, const TransactionRange& range,
      const Enough<StoredTransaction>& enough = {}) const = 0;
  // The first sequence whose block time is at or after `time`; durable() + 1 when there is none.
  virtual StoreResult<Sequence> first_at_or_after(TimeMs time) const = 0;
  // What was asked for by somebody who is known, oldest first.
  virtual StoreResult<AuditPage> audit(const AuditRange& range) const = 0;
  // The durable blocks behind `after` that end at or before `until`: about `max_bytes` of them, but
  // one at least if there is one. Nullopt: no block of this chain ends with `after`.
  virtual StoreResult<std::optional<ChainCopy>> read_blocks(const ChainEnd& after, Sequence until,
                                                            std::uint64_t max_bytes) const = 0;
  // Every record, by sequence.
  virtual StoreResult<RecordPortion> records(const RecordRange& range) const = 0;
  // Of the first block: tells this chain from others, and its copies have the same. Nullopt: it is
  // empty.
  virtual StoreResult<std::optional<BlockHash>> first_hash() const = 0;
  // What the keys of the transfers are bound to: durable bindings that have not expired and were
  // bound after `after`, in the order of the transfers; those that are not bound are left out.
  // Between a failed write and the next reopen() a key that is not bound may still turn out to be:
  // it is listed with an error (no_space while there is no room to reopen).
  virtual StoreResult<std::vector<FoundKey>> find_keys(
      std::span<const ledger::Transfer* const> transfers, Sequence after = 0) const = 0;

  // How many keys are sealed, up to durable().
  virtual StoreResult<std::uint64_t> seals() const = 0;
  // Keys of what was asked for at this time, in ms since 1970, or later are known: those that are
  // not found are not bound. 0: no key was given up.
  virtual StoreResult<TimeMs> keys_kept_since() const = 0;

  // Those of the transfers whose references, which are not empty, a durable record after `after`
  // has; in the order of the transfers, the others are left out. Otherwise as find_keys(); the
  // whole is `building` while transactions_with() is.
  virtual StoreResult<std::vector<FoundReference>> find_references(
      std::span<const ledger::Transfer* const> transfers, Sequence after = 0) const = 0;
  // Of reversals those whose original a durable record after `after` takes back, in full or in
  // part; with the newest of these. Otherwise as find_keys().
  virtual StoreResult<std::vector<FoundReference>> find_reversed(
      std::span<const ledger::Transfer* const> transfers, Sequence after) const = 0;
  // What the places name, with what all durable reversals have left of each; one for each place.
  // Nullopt: no durable record is at that place. Of all together at most `most` amounts are read,
  // the others are left unread. Cheapest if the places are in the order of their sequences.
  // Between a failed write and the next reopen() an error.
  virtual StoreResult<std::vector<StoreResult<std::optional<ledger::Original>>>> originals(
      std::span<const ledger::TransactionPlace> places, std::size_t most) const = 0;

  // --- maintenance, off the journal's thread ---
  // Does one piece of the work on the indexes: a chunk of the unindexed tail (with `all` a part of
  // one too), a slice of a merge, or a removal. False when there was nothing to do.
  virtual StoreResult<bool> index_some(bool all) = 0;
  virtual bool has_index_work() const = 0;
  // Postings and keys that are in the tail.
  virtual std::size_t unindexed() const = 0;
  // Pages first, in any number of calls; the marker (minimum over the pages' sequences) last. The
  // pages are durable before the marker is written. A page never goes back to an earlier sequence.
  virtual StoreResult<void> write_balances(std::span<const BalancePage> pages) = 0;
  virtual StoreResult<void> write_checkpoint(Sequence marker) = 0;
  virtual Sequence checkpoint() const = 0;

  // For whoever watches the store; any thread. All zero while it is not open.
  virtual DatabaseStatistics statistics() const { return {}; }
  virtual std::uint64_t free_bytes() const { return 0; }  // on its disk; 0: not known

  // Walks the whole chain: checksums, hashes, sequence numbers, totals, balances against floors.
  // Holds all derived data against it: checkpoint, rows of accounts and participants, histories,
  // key index. Stops early when `progress` returns false. With `at` the report has more, to hold
  // against the memory of a server, or against another store.
  virtual StoreResult<VerifyReport> verify(
      const std::function<bool(const VerifyProgress&)>& progress, VerifyAt at = {}) const = 0;
};

// Opens or creates the store in a directory. An existing one is first looked at read-only; what is
// damaged is reported and left as it is.
StoreResult<std::unique_ptr<Store>> open_store(const std::filesystem::path& directory,
                                               const StoreOptions& options);
// Opens a store that is there for reading only: no byte of it is changed, and it need not be
// writable. What writes fails. Others may have it open in the same way, nobody for writing.
StoreResult<std::unique_ptr<Store>> open_store_to_read(const std::filesystem::path& directory,
                                                       const StoreOptions& options);

// The same contract on memory. Stores opened one after the other on one disk see what was durable.
class MemoryDisk;
std::shared_ptr<MemoryDisk> make_memory_disk();
StoreResult<std::unique_ptr<Store>> open_memory_store(std::shared_ptr<MemoryDisk> disk,
                                                      const StoreOptions& options);

}  // namespace sg::persistence
