#include "persistence/record_index.hpp"

#include <algorithm>

#include "persistence/bytes.hpp"
#include "persistence/format.hpp"
#include "persistence/meta.hpp"

namespace sg::persistence {
namespace {

// So many runs of one level become one of the next.
constexpr std::size_t kRunsToMerge = 8;
// Of a merge, between two looks at what else is to be done: some 30 ms of work.
constexpr std::size_t kMergeSlice = 500'000;
// Mentions that are pushed before look-ups get their turn.
constexpr std::size_t kPushSlice = 512;

constexpr std::array kAllIndexes{Index::history, Index::keys};

std::size_t at(Index index) { return static_cast<std::size_t>(index); }

//   runs     := next run:varint history:list keys:list
//   list     := count:varint facts{count}
//   facts    := id level first last mentions run_ms, each a varint
void put_facts(std::string& bytes, const RunFacts& facts) {
  char buffer[6 * kMaxVarintBytes];
  char* to = put_varint(put_varint(buffer, facts.id), facts.level);
  to = put_varint(put_varint(to, facts.first), facts.last);
  to = put_varint(put_varint(to, facts.mentions), static_cast<std::uint64_t>(facts.run_ms));
  bytes.append(buffer, static_cast<std::size_t>(to - buffer));
}

RunFacts get_facts(ByteReader& in) {
  RunFacts facts;
  facts.id = static_cast<std::uint32_t>(in.varint());
  facts.level = static_cast<std::uint32_t>(in.varint());
  facts.first = in.varint();
  facts.last = in.varint();
  facts.mentions = in.varint();
  facts.run_ms = static_cast<std::int64_t>(in.varint());
  return facts;
}

void put_number(std::string& bytes, std::uint64_t number) {
  char buffer[kMaxVarintBytes];
  bytes.append(buffer, static_cast<std::size_t>(put_varint(buffer, number) - buffer));
}

}  // namespace

Family family_of(Index index) { return index == Index::history ? Family::history : Family::keys; }

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
    ByteReader in(**bytes);
    next_run_ = static_cast<std::uint32_t>(in.varint());
    for (const auto index : kAllIndexes) {
      for (auto count = in.varint(); in.ok() && count > 0; --count) {
        const auto facts = get_facts(in);
        if (!in.ok()) break;
        auto run = Run::load(rows, family_of(index), facts);
        if (!run) return tl::unexpected(run.error());
        loaded->runs[at(index)].push_back(std::move(*run));
      }
    }
    if (!in.at_end()) return store_error(StoreFault::corrupt, "the list of runs does not decode");
  }
  const std::lock_guard lock(mutex_);
  frozen_ = std::move(loaded);
  indexed_ = *indexed;
  return {};
}

StoreResult<void> RecordIndex::remove_orphans(KeyValue& rows) {
  for (const auto index : kAllIndexes) {
    const auto& runs = frozen()->runs[at(index)];
    std::vector<std::uint32_t> orphans;
    const auto cursor = rows.cursor(family_of(index));
    for (cursor->seek({}); cursor->valid();) {
      if (cursor->key().size() != 2 * sizeof(std::uint32_t)) {
        return store_error(StoreFault::corrupt, "a page of an index has a wrong key");
      }
      const auto id = get_be32(cursor->key().data());
      const bool listed = std::any_of(runs.begin(), runs.end(),
                                      [id](const RunPtr& run) { return run->facts().id == id; });
      if (!listed) orphans.push_back(id);
      next_run_ = std::max(next_run_, id + 1);
      cursor->seek(run_key(id + 1, 0));
    }
    if (auto status = cursor->status(); !status) return status;
    for (const auto id : orphans) {
      if (auto dropped = rows.drop(family_of(index), run_key(id, 0), run_key(id + 1, 0));
          !dropped) {
        return dropped;
      }
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
  const std::lock_guard lock(mutex_);
  run_ms_ = records.run_ms;
  filling_->last = records.last;
  filling_->run_ms = records.run_ms;
  if (filling_->size() < chunk_mentions_) return;
  auto next = std::make_shared<Frozen>(*frozen_);
  next->chunks.push_back(start_chunk());
  frozen_ = std::move(next);
}

// The next one will be much like it.
RecordIndex::ChunkPtr RecordIndex::start_chunk() {
  auto next = std::make_shared<Chunk>();
  for (std::size_t i = 0; i < kIndexes; ++i) next->indexes[i].reserve_like(filling_->indexes[i]);
  return std::exchange(filling_, std::move(next));
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

// --- look-ups ---

StoreResult<std::vector<Sequence>> RecordIndex::find(const KeyValue& rows, Index index, Term term,
                                                     const MentionRange& range) const {
  std::vector<Sequence> found;
  std::shared_ptr<const Frozen> frozen;
  {
    const std::lock_guard lock(mutex_);
    filling_->indexes[at(index)].collect(term, range, found);
    frozen = frozen_;
  }
  const auto& chunks = frozen->chunks;
  for (auto chunk = chunks.rbegin(); chunk != chunks.rend(); ++chunk) {
    if (found.size() >= range.limit || (*chunk)->last < range.first) return found;
    (*chunk)->indexes[at(index)].collect(term, range, found);
  }
  const auto& runs = frozen->runs[at(index)];
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    if (found.size() >= range.limit || (*run)->facts().last < range.first) break;
    if ((*run)->facts().first >= range.before) continue;
    if (auto read = (*run)->collect(rows, term, range, found); !read) {
      return tl::unexpected(read.error());
    }
  }
  return found;
}

namespace {

// Terms that are looked for together, so that their waits for memory overlap.
constexpr std::size_t kAskedTogether = 64;
struct Asked {
  std::span<const Term> terms;
  std::array<TermFilter::Probe, kAskedTogether> probes{};
  std::array<bool, kAskedTogether> has{};
};

void ask(const MentionChunk& chunk, Sequence after, Asked& asked) {
  for (const auto term : asked.terms) chunk.prefetch(term);
  for (std::size_t i = 0; i < asked.terms.size(); ++i) {
    asked.has[i] |= chunk.mentions_after(asked.terms[i], after);
  }
}

void ask(const TermFilter& filter, Asked& asked) {
  const std::span probes(asked.probes.data(), asked.terms.size());
  for (const auto& probe : probes) filter.prefetch(probe);
  for (std::size_t i = 0; i < probes.size(); ++i) asked.has[i] |= filter.may_have(probes[i]);
}

}  // namespace

std::vector<std::uint32_t> RecordIndex::candidates(Index index, std::span<const Term> terms,
                                                   Sequence after) const {
  std::vector<std::uint32_t> found;
  for (std::size_t begin = 0; begin < terms.size(); begin += kAskedTogether) {
    Asked asked{terms.subspan(begin, std::min(kAskedTogether, terms.size() - begin))};
    std::shared_ptr<const Frozen> frozen;
    {
      const std::lock_guard lock(mutex_);
      ask(filling_->indexes[at(index)], after, asked);
      frozen = frozen_;
    }
    for (const auto& chunk : frozen->chunks) {
      if (chunk->last > after) ask(chunk->indexes[at(index)], after, asked);
    }
    const auto& runs = frozen->runs[at(index)];
    if (!runs.empty() && runs.back()->facts().last > after) {
      std::transform(asked.terms.begin(), asked.terms.end(), asked.probes.begin(),
                     [](Term term) { return TermFilter::Probe(term); });
    }
    for (const auto& run : runs) {
      if (run->facts().last > after) ask(run->filter(), asked);
    }
    for (std::size_t i = 0; i < asked.terms.size(); ++i) {
      if (asked.has[i]) found.push_back(static_cast<std::uint32_t>(begin + i));
    }
  }
  return found;
}

// --- work ---

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
    auto next = std::make_shared<Frozen>(*frozen_);
    next->chunks.push_back(start_chunk());
    frozen_ = std::move(next);
  }
  return frozen_->chunks.empty() ? nullptr : frozen_->chunks.front();
}

StoreResult<void> RecordIndex::write_chunk(KeyValue& rows, const ChunkPtr& chunk) {
  std::array<RunPtr, kIndexes> written;
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
    RunWriter writer(family_of(index), facts, mentions.terms());
    for (const auto& mention : mentions.sorted()) writer.add(mention);
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
  auto& merge = *merges_[at(index)];
  auto run = merge.step(rows, kMergeSlice);
  if (!run) {
    // Begun anew, under another number: which of its pages were written is not known.
    const auto id = merge.id();
    merges_[at(index)].reset();
    discard(rows, index, id);
    return tl::unexpected(run.error());
  }
  if (!*run) return {};
  const auto inputs = merge.inputs();
  merges_[at(index)].reset();
  auto next = std::make_shared<Frozen>(*frozen());
  auto& runs = next->runs[at(index)];
  const auto first = std::find(runs.begin(), runs.end(), inputs.front());
  const auto place = runs.erase(first, first + static_cast<std::ptrdiff_t>(inputs.size()));
  runs.insert(place, std::move(*run));
  // Synced: the inputs may be removed as soon as nobody reads them.
  if (auto done = publish(rows, std::move(next), indexed(), true); !done) return done;
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
  if (auto done = publish(rows, std::move(next), indexed(), true); !done) {
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

std::string RecordIndex::encode_runs(const Frozen& frozen) const {
  std::string bytes;
  put_number(bytes, next_run_);
  for (const auto& runs : frozen.runs) {
    put_number(bytes, runs.size());
    for (const auto& run : runs) put_facts(bytes, run->facts());
  }
  return bytes;
}

StoreResult<void> RecordIndex::publish(KeyValue& rows, std::shared_ptr<Frozen> next,
                                       Sequence indexed, bool sync) {
  const auto batch = rows.new_batch();
  char watermark[sizeof indexed];
  put_fixed(watermark, indexed);
  batch->put(Family::meta, kMetaIndexed, {watermark, sizeof watermark});
  batch->put(Family::meta, kMetaRuns, encode_runs(*next));
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
  published_.notify_all();
  return {};
}

}  // namespace sg::persistence
