// The work of the record index, which the indexer does beside the write path: chunks become runs,
// runs are merged, expired runs are given up, and runs that nobody reads are removed.
//
// Everything is safe against a crash by its order:
// 1. Write the pages of the new run. No list names it yet, so a crash leaves pages that the next
//    opening removes.
// 2. Write the list of runs, in one batch with the watermark. This is when the change happens.
// 3. Show the new runs to look-ups.
// 4. Retire the old runs. Their pages are removed once no look-up holds them. If that fails or a
//    crash comes first, the next opening removes them, since no list names them.
#include <algorithm>

#include "faults/fault_injection.hpp"
#include "persistence/chain/format.hpp"
#include "persistence/encoding/bytes.hpp"
#include "persistence/index/record_index.hpp"
#include "persistence/rows/meta.hpp"

namespace sg::persistence {
namespace {

// So many runs of one level are merged into one run of the next level.
constexpr std::size_t kRunsToMerge = 8;
// Mentions that one call of work() merges: about 30 ms of work. Then chunks get their turn.
constexpr std::size_t kMergeSlice = 500'000;

// One call of so many reads more of a gap, even if there are merges to do.
constexpr std::size_t kWorksOfGap = 4;

// How many different terms; equal ones stand together.
std::size_t count_terms(std::span<const Mention> in_order) {
  std::size_t terms = in_order.empty() ? 0 : 1;
  for (std::size_t i = 1; i < in_order.size(); ++i) {
    terms += in_order[i].term != in_order[i - 1].term ? 1 : 0;
  }
  return terms;
}

}  // namespace

RecordIndex::Runs RecordIndex::due_for_merge(const Frozen& frozen, Index index) {
  // A merged run has no gap in it.
  if (index == Index::links && !frozen.link_gap.empty()) return {};
  const auto& runs = frozen.runs[at(index)];
  // From the oldest to the youngest run levels fall, so runs of one level stand together.
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
  return !frozen_->chunks.empty() || oldest_keys_expired() || first_removable() < retired_.size() ||
         has_gap_to_fill() ||
         std::any_of(kAllIndexes.begin(), kAllIndexes.end(),
                     [this](Index index) { return !due_for_merge(*frozen_, index).empty(); });
}

// By the youngest key of the oldest run: all of the run has expired then.
bool RecordIndex::oldest_keys_expired() const {
  const auto& keys = frozen_->runs[at(Index::keys)];
  return !keys.empty() && run_ms_ - keys.front()->facts().run_ms > key_retention_ms_;
}

// The place of the first retired run that nobody reads. A use count of 1 is the reference in
// retired_, and it cannot rise again: look-ups take runs from the frozen state, which lacks this
// one.
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

// Ignores errors: the next opening removes what is left.
void RecordIndex::discard(KeyValue& rows, Family family, std::uint32_t run) {
  (void)rows.drop(family, run_key(run, 0), run_key(run + 1, 0));
}

StoreResult<bool> RecordIndex::work(KeyValue& rows, bool all) {
  // Chunks first, since they hold memory that the store may be waiting for.
  if (const auto chunk = take_chunk(all)) {
    if (auto written = write_chunk(rows, chunk); !written) return tl::unexpected(written.error());
    return true;
  }
  // A gap has its turn beside merges, which a busy ledger always has.
  if (++works_ % kWorksOfGap == 0) {
    if (auto filled = backfill(rows); !filled || *filled) return filled;
  }
  for (const auto index : kAllIndexes) {
    auto& merge = merges_[at(index)];
    if (!merge) {
      auto due = due_for_merge(*frozen(), index);
      if (due.empty()) continue;
      merge.emplace(family_of(index), std::move(due), next_run_++);
    }
    if (auto merged = merge_some(rows, index); !merged) return tl::unexpected(merged.error());
    return true;
  }
  if (auto gave_up = give_up_expired(rows); !gave_up || *gave_up) return gave_up;
  if (auto removed = remove_retired(rows); !removed || *removed) return removed;
  return backfill(rows);
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
      if (written[at(index)]) discard(rows, family_of(index), written[at(index)]->facts().id);
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
      // Remove what was written: otherwise each new attempt would leave more pages behind.
      discard(rows, family_of(index), facts.id);
      discard_written();
      return tl::unexpected(run.error());
    }
    written[at(index)] = std::move(*run);
  }
  auto next = std::make_shared<Frozen>(*frozen());
  for (const auto index : kAllIndexes) {
    if (written[at(index)]) next->runs[at(index)].push_back(written[at(index)]);
  }
  // Not synced: if a power loss takes the list, the chunk is filled from the blocks and written
  // again.
  return publish(rows, std::move(next), chunk->last, false);
}

StoreResult<void> RecordIndex::merge_some(KeyValue& rows, Index index) {
  // Take the merge out while it works. If an exception comes, it is gone, and the next call begins
  // it anew.
  auto merge = *std::exchange(merges_[at(index)], std::nullopt);
  auto run = merge.step(rows, kMergeSlice);
  if (!run) {
    // The next call begins the merge anew under another number, because it is unknown which pages
    // were written.
    discard(rows, family_of(index), merge.id());
    return tl::unexpected(run.error());
  }
  if (!*run) {
    merges_[at(index)] = std::move(merge);
    return {};
  }
  const auto& inputs = merge.inputs();
  auto next = std::make_shared<Frozen>(*frozen());
  // Put the new run in the place of its inputs, so that the list stays in order.
  auto& runs = next->runs[at(index)];
  const auto first = std::find(runs.begin(), runs.end(), inputs.front());
  const auto place = runs.erase(first, first + static_cast<std::ptrdiff_t>(inputs.size()));
  runs.insert(place, std::move(*run));
  // Synced, because the inputs may be removed as soon as nobody reads them: the list that a crash
  // leaves must not name them.
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
  // Synced for the same reason as a merge. The watermark of expired keys lets a verification accept
  // that they are missing.
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
    // Try again at a later call.
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
  const auto facts_of = [&next](Index index) {
    std::vector<RunFacts> facts;
    for (const auto& run : next->runs[at(index)]) facts.push_back(run->facts());
    return facts;
  };
  const RunList list{next_run_, {facts_of(Index::history), facts_of(Index::keys)}};
  batch->put(Family::meta, kMetaRuns, encode(list));
  const LinkList links{link_secret_, indexed, next->link_gap, facts_of(Index::links)};
  batch->put(Family::meta, kMetaLinks, encode(links));
  faults::reach(faults::Point::index_before_publish);
  if (auto written = rows.write(*batch, sync); !written) return written;
  const std::lock_guard lock(mutex_);
  // The caller's copy may lack chunks that were frozen meanwhile, so take the current ones. Then
  // drop those that are in runs now. Only this thread removes chunks.
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
