#include "persistence/record_index.hpp"

#include <algorithm>
#include <utility>

#include "persistence/bytes.hpp"
#include "persistence/format.hpp"
#include "persistence/meta.hpp"

namespace sg::persistence {
namespace {

// Mentions that are pushed before look-ups get their turn.
constexpr std::size_t kPushSlice = 512;

}  // namespace

RecordIndex::RecordIndex(std::size_t chunk_mentions, std::int64_t key_retention_ms)
    : chunk_mentions_(std::max<std::size_t>(chunk_mentions, 1)),
      key_retention_ms_(key_retention_ms),
      filling_(std::make_shared<Chunk>()),
      frozen_(std::make_shared<const Frozen>()) {}

// --- opening ---

StoreResult<void> RecordIndex::load(const KeyValue& rows) {
  const auto indexed = read_meta(rows, kMetaIndexed);
  if (!indexed) return tl::unexpected(indexed.error());
  const auto bytes = rows.get(Family::meta, kMetaRuns);
  if (!bytes) return tl::unexpected(bytes.error());
  auto loaded = std::make_shared<Frozen>();
  if (*bytes) {
    const auto list = decode_run_list(**bytes);
    if (!list) return store_error(StoreFault::corrupt, "the list of runs does not decode");
    next_run_ = list->next_run;
    for (const auto index : kAllIndexes) {
      for (const auto& facts : list->runs[at(index)]) {
        auto run = Run::load(rows, family_of(index), facts);
        if (!run) return tl::unexpected(run.error());
        loaded->runs[at(index)].push_back(std::move(*run));
      }
    }
  }
  {
    const std::lock_guard lock(mutex_);
    frozen_ = std::move(loaded);
    indexed_ = *indexed;
  }
  return find_orphans(rows);
}

StoreResult<void> RecordIndex::find_orphans(const KeyValue& rows) {
  for (const auto index : kAllIndexes) {
    const auto& runs = frozen()->runs[at(index)];
    const auto cursor = rows.cursor(family_of(index));
    for (cursor->seek({}); cursor->valid();) {
      if (cursor->key().size() != 2 * sizeof(std::uint32_t)) {
        return store_error(StoreFault::corrupt, "a page of an index has a wrong key");
      }
      const auto id = get_be32(cursor->key().data());
      const bool listed = std::any_of(runs.begin(), runs.end(),
                                      [id](const RunPtr& run) { return run->facts().id == id; });
      if (!listed) orphans_.emplace_back(index, id);
      next_run_ = std::max(next_run_, id + 1);
      cursor->seek(run_key(id + 1, 0));
    }
    if (auto status = cursor->status(); !status) return status;
  }
  return {};
}

StoreResult<void> RecordIndex::remove_orphans(KeyValue& rows) {
  for (const auto& [index, id] : std::exchange(orphans_, {})) {
    if (auto dropped = rows.drop(family_of(index), run_key(id, 0), run_key(id + 1, 0)); !dropped) {
      return dropped;
    }
  }
  return {};
}

// --- the tail ---

void RecordIndex::push(const Records& records) {
  const auto push_some = [&](Index index, std::span<const Mention>& mentions) {
    const auto count = std::min(mentions.size(), kPushSlice);
    auto& chunk = filling_->indexes[at(index)];
    const auto before = chunk.size();
    chunk.add(mentions.first(count));
    unindexed_ += chunk.size() - before;
    mentions = mentions.subspan(count);
  };
  auto history = records.history;
  auto keys = records.keys;
  while (!history.empty() || !keys.empty()) {
    // Nobody asks for what is pushed by halves: it is past what is durable.
    const std::lock_guard lock(mutex_);
    push_some(Index::history, history);
    push_some(Index::keys, keys);
  }
  std::shared_ptr<Chunk> full;
  {
    const std::lock_guard lock(mutex_);
    run_ms_ = records.run_ms;
    filling_->last = records.last;
    filling_->run_ms = records.run_ms;
    if (filling_->size() < chunk_mentions_) return;
    full = filling_;
  }
  // Its tables are large, and nobody should wait while they are cleared.
  auto next = chunk_like(*full);
  const std::lock_guard lock(mutex_);
  if (filling_ == full) freeze(std::move(next));
}

// The next one will be much like it.
std::shared_ptr<RecordIndex::Chunk> RecordIndex::chunk_like(const Chunk& chunk) {
  auto next = std::make_shared<Chunk>();
  for (const auto index : kAllIndexes) {
    next->indexes[at(index)].reserve_like(chunk.indexes[at(index)]);
  }
  return next;
}

void RecordIndex::freeze(std::shared_ptr<Chunk> next) {
  auto frozen = std::make_shared<Frozen>(*frozen_);
  frozen->chunks.push_back(std::exchange(filling_, std::move(next)));
  frozen_ = std::move(frozen);
}

Sequence RecordIndex::indexed() const {
  const std::lock_guard lock(mutex_);
  return indexed_;
}

std::size_t RecordIndex::unindexed() const {
  const std::lock_guard lock(mutex_);
  return unindexed_;
}

void RecordIndex::await_worker(std::size_t limit, std::chrono::milliseconds longest) const {
  std::unique_lock lock(mutex_);
  published_.wait_for(lock, longest, [&] { return unindexed_ < limit; });
}

std::shared_ptr<const RecordIndex::Frozen> RecordIndex::frozen() const {
  const std::lock_guard lock(mutex_);
  return frozen_;
}

}  // namespace sg::persistence
