#include "persistence/member_store.hpp"

#include <algorithm>
#include <utility>

#include "faults/fault_injection.hpp"
#include "persistence/chain/block_contents.hpp"
#include "persistence/chain/block_reader.hpp"
#include "persistence/rocks/directory_medium.hpp"
#include "persistence/rows/catalog.hpp"

namespace sg::persistence {
namespace {

StoreError ended() {
  return {StoreFault::io,
          "the term of this member has ended; whether the group is committed shows "
          "once the log has gone on"};
}

// The planted mistake: catalog rows of blocks that may be cut again.
void write_catalog(KeyValue& rows, const LogAppend& step, bool only_policies = false) {
  GroupContents contents;
  std::vector<Posting> postings;
  for (const NewEntry& entry : step.entries) {
    if (!entry.block) continue;
    if (const auto block = BlockView::parse(*entry.block)) {
      (void)add_block(*block, contents, postings);
    }
  }
  if (only_policies) {
    contents.accounts.clear();
    contents.participants.clear();
  }
  const auto batch = rows.new_batch();
  Catalog::add(*batch, contents);
  (void)rows.write(*batch, false);
}

}  // namespace

MemberStore::MemberStore(std::unique_ptr<Medium> medium, const StoreOptions& options, Level known)
    : ChainStore(std::move(medium), options), known_level_(known) {}

StoreResult<OpenedStore> MemberStore::open(Opening opening) {
  end_under_way();
  auto opened = open_member(*medium_, options_, opening, known_level_, log_);
  if (!opened) return tl::unexpected(opened.error());
  committed_ = opened->committed;
  level_.store(log_.applied().level, std::memory_order_release);
  note_identity();
  const std::lock_guard lock(sealed_mutex_);
  sealed_ = opened->store.head;
  is_stale_ = false;
  return std::move(opened->store);
}

Group MemberStore::begin_group(TimeMs now, std::int64_t run_ms) {
  await_indexes();
  const std::lock_guard lock(sealed_mutex_);
  return Group(sealed_, now, run_ms);
}

std::optional<StoreResult<void>> MemberStore::append(Group group, Appended later) {
  const auto contents = std::move(group).finish();
  std::vector<SealedBlock> blocks;
  BlockHash previous = contents->begun_on.hash;
  for (const BlockSlice& slice : contents->writer.blocks()) {
    auto bytes = std::make_shared<const std::string>(contents->writer.bytes_of(slice));
    const auto block = BlockView::parse(*bytes);
    if (!block || block->stamp().previous != previous) {
      return store_error(StoreFault::io, "a group was sealed that does not follow the chain");
    }
    previous = block->hash();
    blocks.push_back({encode(BlockPlace{block->first(), block->count(), bytes->size(), previous}),
                      std::move(bytes)});
  }
  if (blocks.empty()) return StoreResult<void>{};
  if (const auto format = contents->writer.newest_format(); format > level()) {
    return store_error(StoreFault::io, "a block needs level " + std::to_string(format) +
                                           ", the cluster is at " + std::to_string(level()) +
                                           " until every member knows more");
  }
  const ChainEnd end{contents->head.sequence, contents->head.hash};
  {
    const std::lock_guard lock(sealed_mutex_);
    if (is_stale_ || contents->begun_on.hash != sealed_.hash) {
      return store_error(StoreFault::io, "the group was begun on sequence " +
                                             std::to_string(contents->begun_on.sequence) +
                                             ", the sealed head is " +
                                             std::to_string(sealed_.sequence));
    }
    sealed_ = contents->head;
    for (const SealedBlock& block : blocks) {
      const auto place = *decode_place(block.place);
      sealed_blocks_.push_back({place.last(), place.hash});
    }
    under_way_.push_back({end, std::move(later)});
  }
  const auto count = static_cast<std::ptrdiff_t>(blocks.size());
  if (propose_ && propose_(std::move(blocks))) return std::nullopt;
  // Nothing of it was proposed, so nothing of it can be committed.
  const std::lock_guard lock(sealed_mutex_);
  // The term ended meanwhile, and `later` was called for it.
  if (under_way_.empty() || under_way_.back().end != end) return std::nullopt;
  under_way_.pop_back();
  sealed_blocks_.erase(sealed_blocks_.end() - count, sealed_blocks_.end());
  sealed_ = contents->begun_on;
  return tl::unexpected(ended());
}

void MemberStore::end_under_way() {
  std::deque<UnderWay> ending;
  {
    const std::lock_guard lock(sealed_mutex_);
    ending.swap(under_way_);
    sealed_blocks_.clear();
    sealed_ = head();
    is_stale_ = false;
  }
  for (const UnderWay& group : ending) group.later(tl::unexpected(ended()));
}

StoreResult<void> MemberStore::write(const LogAppend& step) {
  auto written = note_full(with_rows([&](KeyValue& rows) -> StoreResult<void> {
    if (faults::has(faults::Defect::catalog_at_write)) write_catalog(rows, step);
    if (faults::has(faults::Defect::policy_at_write)) write_catalog(rows, step, true);
    return log_.append(rows, *medium_, step);
  }));
  if (written && faults::has(faults::Defect::commit_at_write)) {
    const std::optional<std::string> no_change;
    (void)commit(log_.last_index(), log_.last_term(), no_change);
  }
  return written;
}

StoreResult<CommittedChanges> MemberStore::commit(LogIndex index, LogTerm term,
                                                  const std::optional<std::string>& membership) {
  std::vector<ChainEnd> ends;  // of the blocks that are committed now
  auto committed = with_rows([&](KeyValue& rows) -> StoreResult<CommittedChanges> {
    LogApplied applied = log_.applied();
    CommittedChanges changes{head(), head(), {}, {}, {}, {}, false};
    if (index <= applied.index) return changes;
    const auto entries = log_.read(rows, applied.index + 1, index + 1, ~std::uint64_t{0});
    if (!entries) return tl::unexpected(entries.error());
    if (entries->back().term != term) {
      return store_error(StoreFault::corrupt, "entry " + std::to_string(index) + " of term " +
                                                  std::to_string(term) +
                                                  " is committed, and another one is stored");
    }
    GroupContents contents;
    contents.head = head();
    const auto batch = rows.new_batch();
    for (const LogRow& row : *entries) {
      if (row.has_stores()) {
        changes.stores = true;
        const auto stores = decode_stores(row.data);
        for (const auto& owned : *stores) LogStore::put_store(*batch, owned);
      }
      if (row.has_level()) applied.level = std::max(applied.level, *decode_level(row.data));
      if (!row.has_block()) continue;
      const auto bytes = LogStore::read_block(rows, *decode_place(row.data));
      if (!bytes) return tl::unexpected(bytes.error());
      const auto block = BlockView::parse(*bytes);
      if (!block) return store_error(StoreFault::corrupt, block.error());
      if (auto added = add_block(*block, contents, changes.postings); !added) {
        return tl::unexpected(added.error());
      }
      ends.push_back({contents.head.sequence, contents.head.hash});
    }
    applied.index = index;
    applied.sequence = contents.head.sequence;
    if (membership) applied.membership = *membership;
    Catalog::add(*batch, contents);
    LogStore::put_applied(*batch, applied);
    // After a power failure Raft hands the same entries over again, so a sync is not needed. But
    // the log of the database is in files, and a younger one may survive an older one: rows of the
    // catalog, memberships, stores and levels, which nothing else would bring back, do not take the
    // risk.
    const bool has_rows = !contents.accounts.empty() || !contents.participants.empty() ||
                          !contents.policies.empty() || membership.has_value() || changes.stores ||
                          applied.level != log_.applied().level;
    if (auto written = rows.write(*batch, has_rows); !written) {
      return tl::unexpected(written.error());
    }
    level_.store(applied.level, std::memory_order_release);
    log_.set_applied(std::move(applied));
    if (contents.head.sequence == durable()) return changes;
    faults::reach(faults::Point::store_before_push);
    show(contents, changes);
    return changes;
  });
  if (!committed) return note_full(std::move(committed));
  settle(ends);
  return committed;
}

void MemberStore::show(GroupContents& contents, CommittedChanges& changes) {
  index_->push(contents.mentions, contents.head.sequence, contents.head.run_ms);
  advance(contents.head);
  changes.after = contents.head;
  changes.accounts = std::move(contents.accounts);
  changes.participants = std::move(contents.participants);
  changes.policies = std::move(contents.policies);
}

void MemberStore::settle(const std::vector<ChainEnd>& committed) {
  std::vector<std::pair<UnderWay, bool>> told;  // with whether it is durable
  {
    const std::lock_guard lock(sealed_mutex_);
    for (const ChainEnd& end : committed) {
      is_stale_ = is_stale_ || sealed_blocks_.empty() || sealed_blocks_.front() != end;
      if (is_stale_) break;
      sealed_blocks_.pop_front();
      if (under_way_.front().end != end) continue;
      told.emplace_back(std::move(under_way_.front()), true);
      under_way_.pop_front();
    }
    for (; is_stale_ && !under_way_.empty(); under_way_.pop_front()) {
      told.emplace_back(std::move(under_way_.front()), false);
    }
    if (is_stale_) sealed_blocks_.clear();
  }
  for (const auto& [group, is_durable] : told) {
    group.later(is_durable ? StoreResult<void>{} : tl::unexpected(ended()));
  }
}

LogIdentity MemberStore::identity() const {
  const std::lock_guard lock(identity_mutex_);
  return identity_;
}

void MemberStore::note_identity() {
  const std::lock_guard lock(identity_mutex_);
  identity_ = log_.identity();
  base_ = {log_.base().sequence, log_.base().hash};
}

ChainEnd MemberStore::base() const {
  const std::lock_guard lock(identity_mutex_);
  return base_;
}

StoreResult<void> MemberStore::found(const ClusterId& cluster, const std::string& founders,
                                     const std::string& membership) {
  if (log_.identity().cluster != ClusterId{} || log_.last_index() != 0) {
    return store_error(StoreFault::unknown_version, "the store belongs to a cluster already");
  }
  auto joined = with_rows([&](KeyValue& rows) {
    return log_.join(rows, {cluster, {}, log_.base().member, founders}, membership);
  });
  note_identity();
  return joined;
}

StoreResult<std::optional<StoreId>> MemberStore::store_of(std::uint64_t member) const {
  return with_rows([&](const KeyValue& rows) { return LogStore::store_of(rows, member); });
}

StoreResult<std::optional<std::string>> MemberStore::why_refused(std::uint64_t member,
                                                                 const ClusterId& cluster,
                                                                 const StoreId& store) const {
  const auto owned = store_of(member);
  if (!owned) return tl::unexpected(owned.error());
  if (*owned && **owned != store) {
    return "node " + std::to_string(member) +
           " comes with another store than the one that is a member: a node whose store is lost "
           "or replaced comes back with a new id";
  }
  const auto own = identity().cluster;
  if (cluster == ClusterId{} || own == ClusterId{} || cluster == own) return std::nullopt;
  return "node " + std::to_string(member) + " is a member of another cluster";
}

StoreResult<bool> MemberStore::join(const ClusterId& cluster, std::uint64_t founder,
                                    const std::string& membership) {
  if (log_.identity().cluster != ClusterId{} || log_.last_index() != 0) return false;
  auto joined = with_rows([&](KeyValue& rows) {
    return log_.join(rows, {cluster, {}, founder, {}}, membership);
  });
  if (!joined) return tl::unexpected(joined.error());
  note_identity();
  return true;
}

StoreResult<std::vector<LogRow>> MemberStore::read_log(LogIndex low, LogIndex high,
                                                       std::uint64_t max_bytes) const {
  return with_rows([&](KeyValue& rows) { return log_.read(rows, low, high, max_bytes); });
}

StoreResult<std::string> MemberStore::read_block(const BlockPlace& place) const {
  return with_rows([&](KeyValue& rows) { return LogStore::read_block(rows, place); });
}

StoreResult<std::unique_ptr<MemberStore>> open_member_store(const std::filesystem::path& directory,
                                                            const StoreOptions& options) {
  auto store = std::make_unique<MemberStore>(make_directory_medium(directory, options), options);
  if (auto opened = store->reopen(); !opened) return tl::unexpected(opened.error());
  return store;
}

}  // namespace sg::persistence
