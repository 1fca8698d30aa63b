#include "persistence/chain_store.hpp"

#include <algorithm>
#include <utility>

#include "faults/fault_injection.hpp"
#include "persistence/audit_reader.hpp"
#include "persistence/chain/format.hpp"
#include "persistence/record_reader.hpp"
#include "persistence/rocks/directory_medium.hpp"
#include "persistence/rows/catalog.hpp"
#include "persistence/rows/checkpoint.hpp"
#include "persistence/rows/high_water_mark.hpp"
#include "persistence/rows/meta.hpp"
#include "persistence/rows/rows.hpp"
#include "persistence/transaction_reader.hpp"
#include "persistence/verifier.hpp"

namespace sg::persistence {
namespace {

// Room that is never given to groups, beside what the next opening writes: a merge and an
// ingestion must still fit.
constexpr std::uint64_t kReserveBytes = 32ULL << 20;
// How long a group begins later, to let the indexes catch up.
constexpr std::chrono::milliseconds kLongestWait{50};
// verify() lets a waiting reopen() through this often.
constexpr std::size_t kBlocksPerSlice = 256;
constexpr std::size_t kDerivedRowsPerSlice = 4096;

// Sets the flag when it is destroyed, unless succeeded() was called.
class UndecidedOnFailure {
 public:
  explicit UndecidedOnFailure(std::atomic<bool>& flag) : flag_(flag) {}
  UndecidedOnFailure(const UndecidedOnFailure&) = delete;
  UndecidedOnFailure& operator=(const UndecidedOnFailure&) = delete;
  ~UndecidedOnFailure() {
    if (!has_succeeded_) flag_.store(true, std::memory_order_release);
  }
  void succeeded() { has_succeeded_ = true; }

 private:
  std::atomic<bool>& flag_;
  bool has_succeeded_ = false;
};

}  // namespace

ChainStore::ChainStore(std::unique_ptr<Medium> medium, const StoreOptions& options, Access access)
    : options_(options),
      medium_(std::move(medium)),
      access_(access),
      keys_(options.key_retention_ms) {}

// --- the write path ---

ChainHead ChainStore::head() const {
  const std::lock_guard lock(head_mutex_);
  return head_;
}

void ChainStore::await_indexes() const {
  const auto open = gate_.enter();
  if (index_) index_->await_worker(options_.index_backlog / 2, kLongestWait);
}

Group ChainStore::begin_group(TimeMs now, std::int64_t run_ms) {
  await_indexes();
  auto buffers = spare_ ? std::move(spare_) : std::make_unique<GroupContents>();
  return Group(head(), now, run_ms, std::move(buffers));
}

StoreResult<void> ChainStore::write_group(const GroupContents& group) {
  return with_rows([&](KeyValue& rows) -> StoreResult<void> {
    const auto batch = rows.new_batch();
    for (const BlockSlice& block : group.writer.blocks()) {
      batch->put(Family::blocks, be64(block.first), group.writer.bytes_of(block));
    }
    Catalog::add(*batch, group);
    const auto format = group.writer.newest_format();
    const bool raises = format > format_.load(std::memory_order_relaxed);
    if (raises) batch->put(Family::meta, kMetaVersion, encode_format(format));
    const bool sync = !faults::has(faults::Defect::skip_sync);
    if (auto written = rows.write(*batch, sync); !written) return written;
    faults::reach(faults::Point::store_before_mark);
    const HighWaterMark mark{group.head.sequence, group.head.hash};
    if (auto marked = medium_->write_mark(encode(mark), false); !marked) return marked;
    faults::reach(faults::Point::store_before_push);
    // Before durable() moves: who sees a sequence finds it in the indexes.
    if (raises) format_.store(format, std::memory_order_relaxed);
    index_->push(group.mentions, group.head.sequence, group.head.run_ms);
    return {};
  });
}

StoreResult<std::vector<Amount>> Store::load_balances() const {
  auto state = load_state();
  if (!state) return tl::unexpected(state.error());
  return std::move(state->balances);
}

StoreResult<void> Store::append_now(Group group) {
  auto result = append(std::move(group), [](const StoreResult<void>&) {});
  if (result) return std::move(*result);
  return store_error(StoreFault::io, "this store has no result at once");
}

std::optional<StoreResult<void>> ChainStore::append(Group group, Appended /*later*/) {
  return write(std::move(group));
}

StoreResult<void> ChainStore::write(Group group) {
  auto contents = std::move(group).finish();
  const ChainHead& on = contents->begun_on;
  {
    const std::lock_guard lock(head_mutex_);
    if (on.sequence != head_.sequence || on.hash != head_.hash) {
      return store_error(StoreFault::io, "the group was begun on sequence " +
                                             std::to_string(on.sequence) + ", the head is " +
                                             std::to_string(head_.sequence));
    }
  }
  if (contents->head.sequence != on.sequence) {
    // If anything fails from here on, the group may stand in the log, or not.
    UndecidedOnFailure undecided(is_undecided_);
    if (auto written = write_group(*contents); !written) return note_full(std::move(written));
    advance(contents->head);
    undecided.succeeded();
  }
  spare_ = std::move(contents);
  return {};
}

void ChainStore::advance(const ChainHead& head) {
  {
    const std::lock_guard lock(head_mutex_);
    head_ = head;
  }
  keys_.advance(head.run_ms);
  durable_.store(head.sequence, std::memory_order_release);
}

StoreResult<OpenedStore> ChainStore::open(Opening opening) {
  return open_chain(*medium_, options_, opening);
}

StoreResult<void> ChainStore::reopen() {
  const auto closed = gate_.close();
  rows_.reset();
  index_.reset();
  spare_.reset();
  checkpoints_.forget();
  auto opening = was_open_ ? Opening::again : Opening::first;
  if (access_ == Access::read_only) opening = Opening::to_read;
  auto opened = open(opening);
  if (!opened) return tl::unexpected(opened.error());
  ++openings_;
  was_open_ = true;
  rows_ = std::move(opened->rows);
  index_ = std::move(opened->index);
  {
    const std::lock_guard lock(head_mutex_);
    head_ = opened->head;
  }
  format_.store(opened->format, std::memory_order_relaxed);
  keys_.advance(opened->head.run_ms);
  checkpoint_.store(opened->checkpoint, std::memory_order_release);
  durable_.store(opened->head.sequence, std::memory_order_release);
  is_undecided_.store(false, std::memory_order_release);
  return {};
}

bool ChainStore::is_open() const {
  const auto open = gate_.enter();
  return rows_ != nullptr;
}

bool ChainStore::takes_writes() const {
  const auto open = gate_.enter();
  return rows_ && takes_writes(*rows_);
}

bool ChainStore::takes_writes(const KeyValue& rows) const {
  return rows.takes_writes() && !is_undecided_.load(std::memory_order_acquire);
}

bool ChainStore::has_room() const {
  const auto open = gate_.enter();
  return has_room_for(rows_ ? rows_->unflushed_bytes() : 0);
}

bool ChainStore::has_room_for(std::uint64_t unflushed) const {
  const auto free = medium_->free_bytes();
  free_bytes_.store(free, std::memory_order_relaxed);
  return free > kReserveBytes + unflushed;
}

bool ChainStore::keeps_up() const { return unindexed() < options_.index_backlog; }

// --- the state at the durable head ---

StoreResult<LedgerState> ChainStore::load_state() const {
  return with_rows([&](KeyValue& rows) -> StoreResult<LedgerState> {
    LedgerState state{head(), {}, {}};
    {
      // The marker in the store, which a call that failed half way may have written: its list of
      // pages stands there too.
      const auto unchanged = checkpoints_.lock();
      const auto marker = read_meta(rows, kMetaCheckpoint);
      if (!marker) return tl::unexpected(marker.error());
      auto balances = persistence::load_balances(rows, state.head, *marker);
      if (!balances) return tl::unexpected(balances.error());
      state.balances = std::move(*balances);
    }
    state.floors.resize(state.head.accounts);
    const auto scanned =
        Catalog(rows, state.head.sequence)
            .for_each_account([&](std::string_view, AccountNumber number, Amount floor) {
              state.floors.at(number) = floor;
            });
    if (!scanned) return tl::unexpected(scanned.error());
    // The last one of each account stays.
    const auto policies =
        Catalog(rows, state.head.sequence).for_each_policy([&](const PolicyRow& row) {
          if (row.result.account == ledger::kNoAccount) {
            state.require_balanced = row.result.require_balanced;
          } else {
            state.policies.emplace(row.result.account, row.result.policy);
          }
        });
    if (!policies) return tl::unexpected(policies.error());
    for (const auto& [number, policy] : state.policies) {
      if (number < state.head.accounts) continue;
      return store_error(StoreFault::corrupt, "a policy is that of account number " +
                                                  std::to_string(number) + ", which is not there");
    }
    return state;
  });
}

StoreResult<void> ChainStore::for_each_account(
    Sequence until,
    const std::function<void(std::string_view, AccountNumber, Amount)>& visit) const {
  return with_rows([&](KeyValue& rows) -> StoreResult<void> {
    return Catalog(rows, std::min(until, durable())).for_each_account(visit);
  });
}

StoreResult<void> ChainStore::for_each_participant(
    Sequence until, const std::function<void(std::string_view)>& visit) const {
  return with_rows([&](KeyValue& rows) -> StoreResult<void> {
    return Catalog(rows, std::min(until, durable())).for_each_participant(visit);
  });
}

// --- reads ---

StoreResult<std::optional<ledger::Participant>> ChainStore::participant(std::string_view id) const {
  return with_rows([&](KeyValue& rows) { return Catalog(rows, durable()).participant(id); });
}

StoreResult<std::vector<ledger::Participant>> ChainStore::participants(
    ledger::ParticipantRole role, std::string_view after, std::size_t limit,
    const Enough<ledger::Participant>& enough) const {
  return with_rows([&](KeyValue& rows) {
    return Catalog(rows, durable()).participants(role, after, limit, enough);
  });
}

StoreResult<std::optional<ledger::Account>> ChainStore::account(std::string_view id) const {
  return with_rows([&](KeyValue& rows) { return Catalog(rows, durable()).account(id); });
}

StoreResult<std::vector<ledger::Account>> ChainStore::accounts(
    std::string_view after, std::size_t limit, const Enough<ledger::Account>& enough) const {
  return with_rows(
      [&](KeyValue& rows) { return Catalog(rows, durable()).accounts(after, limit, enough); });
}

StoreResult<std::vector<ledger::Account>> ChainStore::accounts_of(
    std::string_view participant_id, const ledger::NewAccount* after,
    const Enough<ledger::Account>& enough) const {
  const auto position = after != nullptr ? participant_account_position(*after) : std::string();
  return with_rows([&](KeyValue& rows) {
    return Catalog(rows, durable()).accounts_of(participant_id, position, enough);
  });
}

StoreResult<std::optional<StoredTransaction>> ChainStore::transaction(Sequence sequence) const {
  return with_rows([&](KeyValue& rows) {
    return TransactionReader(rows, account_ids_, durable()).read_whole(*index_, sequence);
  });
}

StoreResult<std::vector<StoredTransaction>> ChainStore::transactions_at(
    std::span<const Sequence> sequences, const Enough<StoredTransaction>& enough) const {
  return with_rows([&](KeyValue& rows) {
    return TransactionReader(rows, account_ids_, durable()).read_at(*index_, sequences, enough);
  });
}

StoreResult<std::vector<StoredTransaction>> ChainStore::transactions(
    const TransactionRange& range, const Enough<StoredTransaction>& enough) const {
  return with_rows([&](KeyValue& rows) {
    return TransactionReader(rows, account_ids_, durable()).list(*index_, range, enough);
  });
}

StoreResult<std::vector<StoredTransaction>> ChainStore::policies(
    const TransactionRange& range, const Enough<StoredTransaction>& enough) const {
  return with_rows([&](KeyValue& rows) -> StoreResult<std::vector<StoredTransaction>> {
    const auto account = range.account.value_or(ledger::kNoAccount);
    const auto found =
        Catalog(rows, durable()).policies_of(account, range.first, range.before, range.limit);
    if (!found) return tl::unexpected(found.error());
    return TransactionReader(rows, account_ids_, durable()).read_at(*index_, *found, enough);
  });
}

StoreResult<std::vector<StoredTransaction>> ChainStore::transactions_with(
    std::string_view reference, const TransactionRange& range,
    const Enough<StoredTransaction>& enough) const {
  return with_rows([&](KeyValue& rows) {
    return TransactionReader(rows, account_ids_, durable())
        .list_with(*index_, reference, range, enough);
  });
}

StoreResult<Sequence> ChainStore::first_at_or_after(TimeMs time) const {
  return with_rows(
      [&](KeyValue& rows) { return persistence::first_at_or_after(rows, durable(), time); });
}

StoreResult<AuditPage> ChainStore::audit(const AuditRange& range) const {
  return with_rows([&](KeyValue& rows) { return read_audit(rows, durable(), range); });
}

StoreResult<RecordPortion> ChainStore::records(const RecordRange& range) const {
  return with_rows(
      [&](KeyValue& rows) { return read_records(rows, account_ids_, durable(), range); });
}

StoreResult<std::optional<BlockHash>> ChainStore::first_hash() const {
  return with_rows([&](KeyValue& rows) { return read_first_hash(rows, durable()); });
}

// --- maintenance ---

StoreResult<bool> ChainStore::index_some(bool all) {
  return note_full(with_rows([&](KeyValue& rows) { return index_->work(rows, all); }));
}

bool ChainStore::has_index_work() const {
  const auto open = gate_.enter();
  return index_ && index_->has_work();
}

std::size_t ChainStore::unindexed() const {
  const auto open = gate_.enter();
  return index_ ? index_->unindexed() : 0;
}

DatabaseStatistics ChainStore::statistics() const {
  const auto open = gate_.enter();
  return rows_ ? rows_->statistics() : DatabaseStatistics{};
}

StoreResult<void> ChainStore::write_balances(std::span<const BalancePage> pages) {
  return with_rows([&](KeyValue& rows) -> StoreResult<void> {
    const Sequence limit = durable();
    for (const BalancePage& page : pages) {
      if (page.sequence <= limit) continue;
      return store_error(StoreFault::io, "balances at sequence " + std::to_string(page.sequence) +
                                             " are not durable, the head is " +
                                             std::to_string(limit));
    }
    return note_full(checkpoints_.write_pages(rows, pages));
  });
}

StoreResult<void> ChainStore::write_checkpoint(Sequence marker) {
  return with_rows([&](KeyValue& rows) -> StoreResult<void> {
    if (marker > durable()) {
      return store_error(StoreFault::io, "checkpoint " + std::to_string(marker) +
                                             " is not durable, the head is " +
                                             std::to_string(durable()));
    }
    if (marker <= checkpoint()) return {};
    if (auto written = checkpoints_.write_marker(rows, marker); !written) {
      return note_full(std::move(written));
    }
    checkpoint_.store(marker, std::memory_order_release);
    return {};
  });
}

StoreResult<VerifyReport> ChainStore::verify(
    const std::function<bool(const VerifyProgress&)>& progress, VerifyAt at) const {
  Verifier verifier(at);
  std::uint64_t opening = 0;
  auto started = with_rows([&](KeyValue& rows) -> StoreResult<bool> {
    const auto unchanged = checkpoints_.lock();
    opening = openings_;
    return verifier.start(rows, *index_, [&] { return head(); });
  });
  if (!started) return tl::unexpected(started.error());
  bool goes_on = *started;
  while (goes_on) {
    const auto walked = with_rows(
        [&](KeyValue& rows) -> StoreResult<bool> { return verifier.walk(rows, kBlocksPerSlice); });
    if (!walked) return tl::unexpected(walked.error());
    if (progress && !progress(verifier.progress())) return verifier.report();
    goes_on = *walked;
  }
  for (goes_on = true; goes_on;) {
    const auto read = with_rows([&](KeyValue& rows) -> StoreResult<bool> {
      if (std::exchange(opening, openings_) != openings_) verifier.reopened(*index_);
      return verifier.read_derived(rows, kDerivedRowsPerSlice);
    });
    if (!read) return tl::unexpected(read.error());
    if (progress && !progress(verifier.progress())) return verifier.report();
    goes_on = *read;
  }
  const auto finished = with_rows(
      [&](KeyValue& rows) -> StoreResult<bool> { return verifier.finish(rows, *medium_); });
  if (!finished) return tl::unexpected(finished.error());
  return verifier.report();
}

StoreResult<std::unique_ptr<Store>> open_store(const std::filesystem::path& directory,
                                               const StoreOptions& options) {
  auto store = std::make_unique<ChainStore>(make_directory_medium(directory, options), options);
  if (auto opened = store->reopen(); !opened) return tl::unexpected(opened.error());
  return store;
}

StoreResult<std::unique_ptr<Store>> open_store_to_read(const std::filesystem::path& directory,
                                                       const StoreOptions& options) {
  auto store = std::make_unique<ChainStore>(make_directory_medium(directory, options), options,
                                            Access::read_only);
  if (auto opened = store->reopen(); !opened) return tl::unexpected(opened.error());
  return store;
}

}  // namespace sg::persistence
