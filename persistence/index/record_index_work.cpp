// The part of the record index that works off the journal's thread: chunks become runs, runs are
// merged, those that nobody reads go.
#include <algorithm>

#include "faults/fault_injection.hpp"
#include "persistence/chain/format.hpp"
#include "persistence/encoding/bytes.hpp"
#include "persistence/index/record_index.hpp"
#include "persistence/rows/meta.hpp"

namespace sg::persistence {
namespace {

// So many runs of one level become one of the next.
constexpr std::size_t kRunsToMerge = 8;
// Of a merge, between two looks at what else is to be done: some 30 ms of work.
constexpr std::size_t kMergeSlice = 500'000;

std::size_t count_terms(std::span<const Mention> in_order) {
  std::size_t terms = in_order.empty() ? 0 : 1;
  for (std::size_t i = 1; i < in_order.size(); ++i) {
    terms += in_order[i].term != in_order[i - 1].term ? 1 : 0;
  }
  return terms;
}

}  // namespace

RecordIndex::Runs RecordIndex::due_for_merge(const Runs& runs) {
  // Oldest first, levels fall: runs of one level stand together.
  for (std::size_t begin = 0; begin < runs.size();) {
    auto end = begin;
    while (end < runs.size() && runs[end]->facts().level == runs[begin]->facts().level) ++end;
    if (end - begin >= kRunsToMerge) {
      const auto first = runs.begin() + static_cast<std::ptrdiff_t>(begin);
      return Runs(first, first + kRunsToMerge);
    }
    begin = end;
  }
  return {};
}

bool RecordIndex::has_work() const {
  const std::lock_guard lock(mutex_);
  const auto& runs = frozen_->runs;
  return !frozen_->chunks.empty() || oldest_keys_expired() || first_removable() < retired_.size() ||
         std::any_of(runs.begin(), runs.end(),
                     [](const Runs& r) { return !due_for_merge(r).empty(); });
}

bool RecordIndex::oldest_keys_expired() const {
  const auto& keys = frozen_->runs[at(Index::keys)];
  return !keys.empty() && run_ms_ - keys.front()->facts().run_ms > key_retention_ms_;
}

// The first that nobody reads: ours is the last reference, and no list has it to give another.
std::size_t RecordIndex::first_removable() const {
  const auto found = std::find_if(retired_.begin(), retired_.end(), [](const auto& retired) {
    return retired.second.use_count() == 1;
  });
  return static_cast<std::size_t>(found - retired_.begin());
}

void RecordIndex::retire(Index index, RunPtr run) {
  const std::lock_guard lock(mutex_);
  retired_.emplace_back(index, std::move(run));
}

// What cannot be removed now, the next opening removes.
void RecordIndex::discard(KeyValue& rows, Index index, std::uint32_t run) {
  (void)rows.drop(family_of(index), run_key(run, 0), run_key(run + 1, 0));
}

StoreResult<bool> RecordIndex::work(KeyValue& rows, bool all) {
  if (const auto chunk = take_chunk(all)) {
    if (auto written = write_chunk(rows, chunk); !written) return tl::unexpected(written.error());
    return true;
  }
  for (const auto index : kAllIndexes) {
    auto& merge = merges_[at(index)];
    if (!merge) {
      auto due = due_for_merge(frozen()->runs[at(index)]);
      if (due.empty()) continue;
      merge.emplace(family_of(index), std::move(due), next_run_++);
    }
    if (auto merged = merge_some(rows, index); !merged) return tl::unexpected(merged.error());
    return true;
  }
  if (auto gave_up = give_up_expired(rows); !gave_up || *gave_up) return gave_up;
  return remove_retired(rows);
}

RecordIndex::ChunkPtr RecordIndex::take_chunk(bool all) {
  const std::lock_guard lock(mutex_);
  if (frozen_->chunks.empty() && all && filling_->size() != 0) {
    freeze(std::make_shared<Chunk>(chunk_mentions_ / 2));
  }
  return frozen_->chunks.empty() ? nullptr : frozen_->chunks.front();
}

StoreResult<void> RecordIndex::write_chunk(KeyValue& rows, const ChunkPtr& chunk) {
  std::array<RunPtr, kAllIndexes.size()> written;
  const auto discard_written = [&] {
    for (const auto index : kAllIndexes) {
      if (written[at(index)]) discard(rows, index, written[at(index)]->facts().id);
    }
  };
  for (const auto index : kAllIndexes) {
    const auto& mentions = chunk->indexes[at(index)];
    if (mentions.size() == 0) continue;
    RunFacts facts;
    facts.id = next_run_++;
    facts.first = indexed() + 1;
    facts.last = chunk->last;
    facts.run_ms = chunk->run_ms;
    const auto sorted = mentions.sorted();
    RunWriter writer(family_of(index), facts, count_terms(sorted));
    for (const auto& mention : sorted) writer.add(mention);
    auto run = writer.finish(rows);
    if (!run) {
      // One of the two alone would be left with each attempt.
      discard(rows, index, facts.id);
      discard_written();
      return tl::unexpected(run.error());
    }
    written[at(index)] = std::move(*run);
  }
  auto next = std::make_shared<Frozen>(*frozen());
  for (const auto index : kAllIndexes) {
    if (written[at(index)]) next->runs[at(index)].push_back(written[at(index)]);
  }
  // Not synced: a list that is lost only makes the chunk be written again.
  return publish(rows, std::move(next), chunk->last, false);
}

StoreResult<void> RecordIndex::merge_some(KeyValue& rows, Index index) {
  // Out of the list while it works: after an exception it is begun anew.
  auto merge = *std::exchange(merges_[at(index)], std::nullopt);
  auto run = merge.step(rows, kMergeSlice);
  if (!run) {
    // Begun anew, under another number: which of its pages were written is not known.
    discard(rows, index, merge.id());
    return tl::unexpected(run.error());
  }
  if (!*run) {
    merges_[at(index)] = std::move(merge);
    return {};
  }
  const auto& inputs = merge.inputs();
  auto next = std::make_shared<Frozen>(*frozen());
  auto& runs = next->runs[at(index)];
  const auto first = std::find(runs.begin(), runs.end(), inputs.front());
  const auto place = runs.erase(first, first + static_cast<std::ptrdiff_t>(inputs.size()));
  runs.insert(place, std::move(*run));
  // Synced: the inputs may be removed as soon as nobody reads them.
  if (auto done = publish(rows, std::move(next), indexed(), true); !done) return done;
  faults::reach(faults::Point::index_before_retire);
  for (const auto& input : inputs) retire(index, input);
  return {};
}

StoreResult<bool> RecordIndex::give_up_expired(KeyValue& rows) {
  std::shared_ptr<Frozen> next;
  {
    const std::lock_guard lock(mutex_);
    if (!oldest_keys_expired()) return false;
    next = std::make_shared<Frozen>(*frozen_);
  }
  auto& runs = next->runs[at(Index::keys)];
  const auto expired = runs.front();
  runs.erase(runs.begin());
  if (auto done = publish(rows, std::move(next), indexed(), true, expired->facts().last); !done) {
    return tl::unexpected(done.error());
  }
  retire(Index::keys, expired);
  return true;
}

StoreResult<bool> RecordIndex::remove_retired(KeyValue& rows) {
  std::pair<Index, RunPtr> removed;
  {
    const std::lock_guard lock(mutex_);
    const auto first = first_removable();
    if (first == retired_.size()) return false;
    removed = std::move(retired_[first]);
    retired_.erase(retired_.begin() + static_cast<std::ptrdiff_t>(first));
  }
  const auto id = removed.second->facts().id;
  const auto index = removed.first;
  if (auto dropped = rows.drop(family_of(index), run_key(id, 0), run_key(id + 1, 0)); !dropped) {
    retire(index, std::move(removed.second));
    return tl::unexpected(dropped.error());
  }
  return true;
}

StoreResult<void> RecordIndex::publish(KeyValue& rows, std::shared_ptr<Frozen> next,
                                       Sequence indexed, bool sync, Sequence given_up) {
  given_up = std::max(given_up, keys_given_up());
  const auto batch = rows.new_batch();
  char expired[sizeof given_up];
  put_fixed(expired, given_up);
  batch->put(Family::meta, kMetaKeysGivenUp, {expired, sizeof expired});
  char watermark[sizeof indexed];
  put_fixed(watermark, indexed);
  batch->put(Family::meta, kMetaIndexed, {watermark, sizeof watermark});
  RunList list{next_run_, {}};
  for (const auto index : kAllIndexes) {
    for (const auto& run : next->runs[at(index)]) list.runs[at(index)].push_back(run->facts());
  }
  batch->put(Family::meta, kMetaRuns, encode(list));
  faults::reach(faults::Point::index_before_publish);
  if (auto written = rows.write(*batch, sync); !written) return written;
  const std::lock_guard lock(mutex_);
  // What was pushed meanwhile: chunks grow at the end, and only the worker takes the first.
  next->chunks = frozen_->chunks;
  while (!next->chunks.empty() && next->chunks.front()->last <= indexed) {
    unindexed_ -= next->chunks.front()->size();
    next->chunks.erase(next->chunks.begin());
  }
  frozen_ = std::move(next);
  indexed_ = indexed;
  keys_given_up_ = given_up;
  published_.notify_all();
  return {};
}

}  // namespace sg::persistence
