// Which records touched an account (the history), and which were bound to an idempotency key: two
// inverted indexes over the same records. The youngest mentions are in memory, the others in runs
// that are written in bulk, off the journal's thread, and merged eight into one (a tiered
// log-structured merge tree, O'Neil et al. 1996), so a look-up passes over a few runs only, however
// old the store is. docs/adr/0006.
//
// Thread-safe: one thread pushes, one works, any number look up. All hold durable records only.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "persistence/index/mention_chunk.hpp"
#include "persistence/index/run_list.hpp"
#include "persistence/index/run_merge.hpp"

namespace sg::persistence {

class RecordIndex {
 public:
  // The records of one durable group, or of one block.
  struct Records {
    std::span<const Mention> history;
    std::span<const Mention> keys;
    Sequence last = 0;
    std::int64_t run_ms = 0;
  };

  // A chunk with so many mentions becomes a run of each index. Keys that were bound longer ago than
  // the retention are given up with the run that holds them.
  RecordIndex(std::size_t chunk_mentions, std::int64_t key_retention_ms);

  // Reads the list of runs, and finds what a crash left half done; the index then has all up to
  // indexed().
  StoreResult<void> load(const KeyValue& rows);
  // Removes what load() found; the first thing to do on rows that may be written.
  StoreResult<void> remove_orphans(KeyValue& rows);
  Sequence indexed() const;
  // Keys of records up to it may be gone: they have expired.
  Sequence keys_given_up() const;

  // What the index holds of consecutive sequences: a run, or a chunk in memory.
  struct Part {
    Sequence first = 0;
    Sequence last = 0;
    RunPtr run;
    std::shared_ptr<const MentionChunk> chunk;

    std::uint64_t size() const { return run ? run->facts().mentions : chunk->size(); }
  };
  // All of each index, oldest first. It can be read for as long as it is held, whatever is merged
  // or given up meanwhile.
  std::array<std::vector<Part>, kAllIndexes.size()> parts() const;

  void push(const Records& records);

  // The term's sequences in the range, newest first.
  StoreResult<std::vector<Sequence>> find(const KeyValue& rows, Index index, Term term,
                                          const MentionRange& range) const;

  // Which of the keys may be in a record after `after`, by their place in the list. Few are told
  // that are not: filters are asked, no page is read.
  std::vector<std::uint32_t> candidates(std::span<const Term> keys, Sequence after) const;

  // Does one piece of what is to be done: a full chunk becomes runs, some mentions are merged, runs
  // that nobody reads any more are removed. With `all` a chunk that is not full is taken too. False
  // when there is nothing to do. A crash at any point is harmless.
  StoreResult<bool> work(KeyValue& rows, bool all);
  bool has_work() const;
  // Mentions that are in no run yet.
  std::size_t unindexed() const;
  // Returns when they are fewer than `limit`, or after `longest`.
  void await_worker(std::size_t limit, std::chrono::milliseconds longest) const;

 private:
  struct Chunk {
    explicit Chunk(std::size_t mentions) : keys_filter(mentions) {}

    std::array<MentionChunk, kAllIndexes.size()> indexes;
    TermFilter keys_filter;
    Sequence last = 0;
    std::int64_t run_ms = 0;

    std::size_t size() const { return indexes[0].size() + indexes[1].size(); }
  };
  using ChunkPtr = std::shared_ptr<const Chunk>;
  using Runs = std::vector<RunPtr>;

  // What look-ups walk; replaced as a whole.
  struct Frozen {
    std::vector<ChunkPtr> chunks;               // full, oldest first
    std::array<Runs, kAllIndexes.size()> runs;  // oldest first
  };

  StoreResult<void> find_orphans(const KeyValue& rows);
  // Appends to the chunk that is being filled.
  void push(Index index, std::span<const Mention> mentions);
  // Ends the chunk that is being filled; the caller has the lock.
  void freeze(std::shared_ptr<Chunk> next);
  ChunkPtr take_chunk(bool all);
  StoreResult<void> write_chunk(KeyValue& rows, const ChunkPtr& chunk);
  StoreResult<void> merge_some(KeyValue& rows, Index index);
  StoreResult<bool> give_up_expired(KeyValue& rows);
  StoreResult<bool> remove_retired(KeyValue& rows);
  void retire(Index index, RunPtr run);
  // These two need the lock.
  bool oldest_keys_expired() const;
  std::size_t first_removable() const;
  // Removes what there is of a run that no list will ever name.
  static void discard(KeyValue& rows, Index index, std::uint32_t run);
  // The runs that a merge should take, oldest first; empty: none.
  static Runs due_for_merge(const Runs& runs);
  // The list of runs as it will be, then the same in memory.
  StoreResult<void> publish(KeyValue& rows, std::shared_ptr<Frozen> next, Sequence indexed,
                            bool sync, Sequence given_up = 0);
  std::shared_ptr<const Frozen> frozen() const;

  const std::size_t chunk_mentions_;
  const std::int64_t key_retention_ms_;

  mutable std::mutex mutex_;  // guards what follows
  mutable std::condition_variable published_;
  std::shared_ptr<Chunk> filling_;
  std::shared_ptr<const Frozen> frozen_;
  std::size_t unindexed_ = 0;
  Sequence indexed_ = 0;
  Sequence keys_given_up_ = 0;
  std::int64_t run_ms_ = 0;
  std::vector<std::pair<Index, RunPtr>> retired_;  // in no list any more, perhaps still read

  // The worker's own.
  std::uint32_t next_run_ = 1;
  std::vector<std::pair<Index, std::uint32_t>> orphans_;
  std::array<std::optional<RunMerge>, kAllIndexes.size()> merges_;
};

}  // namespace sg::persistence
