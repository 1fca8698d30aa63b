// The record index in four files. This one opens the index and takes new mentions.
// record_index_lookup.cpp answers look-ups, record_index_work.cpp writes and merges runs,
// record_index_backfill.cpp reads links of older records.
//
// The lock is held for short steps only, because the journal pushes under it. Look-ups take a
// pointer to the frozen state under the lock and walk it without. Whoever changes that state makes
// a copy, changes the copy, and puts it in place.
#include "persistence/index/record_index.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include "persistence/chain/format.hpp"
#include "persistence/encoding/bytes.hpp"
#include "persistence/rows/meta.hpp"

namespace sg::persistence {
namespace {

std::uint64_t random_secret() {
  std::random_device random;
  return (std::uint64_t{random()} << 32) | random();
}

}  // namespace

// A chunk counts the mentions of all indexes, so at most about half of them are keys and links.
RecordIndex::RecordIndex(std::size_t chunk_mentions, std::int64_t key_retention_ms,
                         std::uint64_t link_secret)
    : chunk_mentions_(std::max<std::size_t>(chunk_mentions, 1)),
      key_retention_ms_(key_retention_ms),
      link_secret_(link_secret != 0 ? link_secret : random_secret()),
      link_hash_(link_secret_),
      filling_(std::make_shared<Chunk>(chunk_mentions_ / 2)),
      frozen_(std::make_shared<const Frozen>()) {}

// --- opening ---

StoreResult<void> RecordIndex::load(const KeyValue& rows) {
  const auto indexed = read_meta(rows, kMetaIndexed);
  if (!indexed) return tl::unexpected(indexed.error());
  auto loaded = std::make_shared<Frozen>();
  if (auto runs = load_runs(rows, *loaded); !runs) return runs;
  if (auto links = load_links(rows, *indexed, *loaded); !links) return links;
  const auto given_up = rows.get(Family::meta, kMetaKeysGivenUp);
  if (!given_up) return tl::unexpected(given_up.error());
  auto keys_given_up = read_meta(rows, kMetaKeysGivenUp);
  if (!keys_given_up) return tl::unexpected(keys_given_up.error());
  if (!*given_up) {
    // An earlier program wrote no such row. Then keys that are in no run may have expired.
    const auto& keys = loaded->runs[at(Index::keys)];
    *keys_given_up = keys.empty() ? *indexed : keys.front()->facts().first - 1;
  }
  {
    const std::lock_guard lock(mutex_);
    frozen_ = std::move(loaded);
    indexed_ = *indexed;
    keys_given_up_ = *keys_given_up;
  }
  if (auto looked = look_for_seals(rows); !looked) return looked;
  return find_orphans(rows);
}

// No seal stands in the gap: programs that know no links know no seals.
StoreResult<void> RecordIndex::look_for_seals(const KeyValue& rows) {
  const auto term = link_term(link_text(LinkKind::any_seal, {}));
  const auto found = find(rows, Index::links, term, {.limit = 1});
  if (!found) return tl::unexpected(found.error());
  if (!found->empty()) has_seals_.store(true, std::memory_order_release);
  return {};
}

StoreResult<void> RecordIndex::load_runs(const KeyValue& rows, Frozen& into) {
  const auto bytes = rows.get(Family::meta, kMetaRuns);
  if (!bytes) return tl::unexpected(bytes.error());
  if (!*bytes) return {};
  const auto list = decode_run_list(**bytes);
  if (!list) return store_error(StoreFault::corrupt, "the list of runs does not decode");
  next_run_ = list->next_run;
  for (const auto index : {Index::history, Index::keys}) {
    for (const auto& facts : list->runs[at(index)]) {
      auto run = Run::load(rows, family_of(index), facts);
      if (!run) return tl::unexpected(run.error());
      into.runs[at(index)].push_back(std::move(*run));
    }
  }
  return {};
}

// A program that does not know links leaves the row as it is, adds to the other indexes, and
// removes the pages.
StoreResult<void> RecordIndex::load_links(const KeyValue& rows, Sequence indexed, Frozen& into) {
  const auto bytes = rows.get(Family::meta, kMetaLinks);
  if (!bytes) return tl::unexpected(bytes.error());
  const SequenceSpan all{1, indexed};
  into.link_gap = all;
  if (!*bytes) return {};
  const auto list = decode_link_list(**bytes);
  if (!list) return store_error(StoreFault::corrupt, "the list of links does not decode");
  link_secret_ = list->secret;
  link_hash_ = KeyedHash(link_secret_);
  const bool was_away = list->indexed != indexed;
  // There is one gap only.
  if (was_away && !list->gap.empty()) return {};
  auto& runs = into.runs[at(Index::links)];
  for (const auto& facts : list->runs) {
    const auto footer = rows.get(family_of(Index::links), run_key(facts.id, kFooterPage));
    if (!footer) return tl::unexpected(footer.error());
    if (!*footer) {
      runs.clear();
      return {};
    }
    auto run = Run::load(rows, family_of(Index::links), facts);
    if (!run) return tl::unexpected(run.error());
    runs.push_back(std::move(*run));
  }
  into.link_gap = was_away ? SequenceSpan{list->indexed + 1, indexed} : list->gap;
  return {};
}

StoreResult<void> RecordIndex::find_orphans(const KeyValue& rows) {
  const auto now = frozen();
  const auto is_listed = [&now](Family family, std::uint32_t id) {
    return std::any_of(kAllIndexes.begin(), kAllIndexes.end(), [&](Index index) {
      const auto& runs = now->runs[at(index)];
      return family_of(index) == family &&
             std::any_of(runs.begin(), runs.end(),
                         [id](const RunPtr& run) { return run->facts().id == id; });
    });
  };
  for (const auto family : {Family::history, Family::keys}) {
    const auto cursor = rows.cursor(family);
    // Look at the first page of each run only, then jump to the next run.
    for (cursor->seek({}); cursor->valid();) {
      if (cursor->key().size() != 2 * sizeof(std::uint32_t)) {
        return store_error(StoreFault::corrupt, "a page of an index has a wrong key");
      }
      const auto id = get_be32(cursor->key().data());
      if (!is_listed(family, id)) orphans_.emplace_back(family, id);
      // The list may be older than the pages. A number must not be used again while pages of it are
      // there.
      next_run_ = std::max(next_run_, id + 1);
      cursor->seek(run_key(id + 1, 0));
    }
    if (auto status = cursor->status(); !status) return status;
  }
  return {};
}

StoreResult<void> RecordIndex::remove_orphans(KeyValue& rows) {
  for (const auto& [family, id] : std::exchange(orphans_, {})) {
    if (auto dropped = rows.drop(family, run_key(id, 0), run_key(id + 1, 0)); !dropped) {
      return dropped;
    }
  }
  return {};
}

// --- the tail ---

// A look-up may meet half of what is pushed, which does no harm: those records are past the durable
// sequence, which readers do not exceed. So the lock is released between pieces, and a piece is
// sorted without it.
void RecordIndex::push(Index index, std::span<const Mention> mentions) {
  while (!mentions.empty()) {
    std::shared_ptr<Chunk> chunk;
    {
      const std::lock_guard lock(mutex_);
      chunk = filling_;
      auto& into = chunk->indexes[at(index)];
      const auto some = mentions.first(std::min(mentions.size(), into.room()));
      into.add(some);
      if (family_of(index) == Family::keys) {
        for (const auto& mention : some) {
          chunk->filter.add(TermFilter::Probe(filter_hash(Family::keys, mention.term)));
        }
      }
      unindexed_ += some.size();
      mentions = mentions.subspan(some.size());
      if (into.room() != 0) continue;
    }
    auto piece = chunk->indexes[at(index)].tail_in_order();
    const std::lock_guard lock(mutex_);
    // Meanwhile work() may have frozen the chunk. A frozen chunk must not change, and its full tail
    // is read as it is.
    if (chunk == filling_) chunk->indexes[at(index)].end_piece(std::move(piece));
  }
}

std::vector<Mention> RecordIndex::hashed(const Mentions& mentions) const {
  std::vector<Mention> links;
  links.reserve(mentions.links.size());
  mentions.for_each_link([&](std::string_view text, Sequence sequence) {
    links.push_back({link_term(text), sequence});
  });
  return links;
}

void RecordIndex::push(const Mentions& mentions, Sequence last, std::int64_t run_ms) {
  push(Index::history, mentions.history);
  push(Index::keys, mentions.keys);
  push(Index::links, hashed(mentions));
  if (mentions.has_seals) has_seals_.store(true, std::memory_order_release);
  std::shared_ptr<Chunk> full;
  {
    const std::lock_guard lock(mutex_);
    run_ms_ = run_ms;
    filling_->last = last;
    filling_->run_ms = run_ms;
    if (filling_->size() < chunk_mentions_) return;
    full = filling_;
  }
  // Make the new chunk without the lock: clearing its large filter takes time.
  auto next = std::make_shared<Chunk>(chunk_mentions_ / 2);
  const std::lock_guard lock(mutex_);
  // work() may have frozen it meanwhile.
  if (filling_ == full) freeze(std::move(next));
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

SequenceSpan RecordIndex::link_gap() const {
  const std::lock_guard lock(mutex_);
  return frozen_->link_gap;
}

std::string RecordIndex::link_problem() const {
  const std::lock_guard lock(mutex_);
  return link_problem_;
}

Sequence RecordIndex::keys_given_up() const {
  const std::lock_guard lock(mutex_);
  return keys_given_up_;
}

std::array<std::vector<RecordIndex::Part>, kAllIndexes.size()> RecordIndex::parts() const {
  std::array<std::vector<Part>, kAllIndexes.size()> parts;
  const std::lock_guard lock(mutex_);
  for (const auto index : kAllIndexes) {
    auto& into = parts[at(index)];
    for (const auto& run : frozen_->runs[at(index)]) {
      into.push_back({run->facts().first, run->facts().last, run, nullptr});
    }
    Sequence next = indexed_ + 1;
    for (const auto& chunk : frozen_->chunks) {
      // A pointer to a part of the chunk, which keeps the whole chunk alive.
      into.push_back({next, chunk->last, nullptr, {chunk, &chunk->indexes[at(index)]}});
      next = chunk->last + 1;
    }
    // The chunk that is being filled still changes, so the caller gets a copy. It shares the
    // pieces.
    into.push_back({next, filling_->last, nullptr,
                    std::make_shared<const MentionChunk>(filling_->indexes[at(index)])});
  }
  return parts;
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
