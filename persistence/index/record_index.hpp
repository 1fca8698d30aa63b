// Three inverted indexes over the chain's records. The history tells which records touched an
// account. The key index tells which records may be bound to an idempotency key. The links tell
// which records may have a reference. A record that touches an account, or has a key or a
// reference, "mentions" a term: the account's number, or a hash of the text.
//
//   index.push(mentions, last, run_ms);            // the journal, after each durable group
//   index.work(rows, false);                       // the indexer, again and again
//   index.find(rows, Index::history, account_number, {.limit = 50});
//
// Operation: the youngest mentions are in a chunk in memory. A full chunk is frozen, and work()
// writes it as one run for each index. Eight runs of a level are merged into one run of the next
// level: a tiered log-structured merge tree (O'Neil et al. 1996). So a look-up passes over few
// runs, however old the store is. See docs/adr/0006.
//
// A store that was written by programs without links has a gap: records whose links are in no run.
// work() reads their blocks, piece by piece. Until the gap is closed links must not be looked up.
//
// Concurrency: one thread pushes, one thread works, any number look up. Only mentions of durable
// records may be pushed.
//
// Limits: the index does not bound its own memory. The store delays or refuses groups by
// unindexed().
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "persistence/chain/mentions.hpp"
#include "persistence/index/keyed_hash.hpp"
#include "persistence/index/mention_chunk.hpp"
#include "persistence/index/run_list.hpp"
#include "persistence/index/run_merge.hpp"

namespace sg::persistence {

class RecordIndex {
 public:
  // A chunk of `chunk_mentions` becomes one run of each index. A run of keys is given up as a whole
  // once its youngest key is older than the retention, in ms of the run clock. `link_secret`: of
  // the links, if the store has none; 0: a random one.
  RecordIndex(std::size_t chunk_mentions, std::int64_t key_retention_ms,
              std::uint64_t link_secret = 0);

  // Reads the list of runs, and finds the pages that a crash left half done. The index then has all
  // mentions up to indexed(); the caller pushes the later ones from the blocks. `corrupt` if a run
  // that the list names is missing or damaged. Writes nothing.
  StoreResult<void> load(const KeyValue& rows);
  // Removes the half-done pages that load() found. Call it once before work(), on a store that is
  // open for writing.
  StoreResult<void> remove_orphans(KeyValue& rows);
  // The runs have all mentions up to this sequence.
  Sequence indexed() const;
  // Keys of records up to this sequence have expired and may be in no run any more.
  Sequence keys_given_up() const;

  // False: no key is sealed.
  bool has_seals() const { return has_seals_.load(std::memory_order_acquire); }

  // The records whose links are still to be read; empty: links may be looked up.
  SequenceSpan link_gap() const;
  // Why the gap will not be closed: one of its records is damaged. Empty: it will.
  std::string link_problem() const;
  // The term of a link's text (mentions.hpp).
  Term link_term(std::string_view text) const { return link_hash_(text); }
  const KeyedHash& link_hash() const { return link_hash_; }

  // A span of sequences (both ends inclusive) and where its mentions are: in a run, or in a chunk
  // in memory. One of the two pointers is null.
  struct Part {
    Sequence first = 0;
    Sequence last = 0;
    RunPtr run;
    std::shared_ptr<const MentionChunk> chunk;

    std::uint64_t size() const { return run ? run->facts().mentions : chunk->size(); }
  };
  // All parts of each index, oldest first. The caller may read them for as long as it holds them,
  // even if they are merged or given up meanwhile.
  std::array<std::vector<Part>, kAllIndexes.size()> parts() const;

  // Adds what a durable group, or a block, mentions to the chunk in memory. `last`: its last
  // record, which may mention nothing; `run_ms`: the run clock there. find() sees them when this
  // returns, and maybe earlier.
  void push(const Mentions& mentions, Sequence last, std::int64_t run_ms);

  // The sequences of the records in the range that mention the term, newest first. A term of a key
  // or a link is a hash, so a record may be of another text. Needs for links: link_gap() is empty.
  StoreResult<std::vector<Sequence>> find(const KeyValue& rows, Index index, Term term,
                                          const MentionRange& range) const;

  // The oldest sequence that find() would find, whatever the limit; 0: there is none. However many
  // there are, one page of each run is read at the most.
  StoreResult<Sequence> find_oldest(const KeyValue& rows, Index index, Term term,
                                    const MentionRange& range) const;

  // Which of the keys, or links, may be in a record after `after`, as places in the list. May
  // return a few false positives, because it asks filters only and reads no page. Never misses one.
  std::vector<std::uint32_t> candidates(Index index, std::span<const Term> terms,
                                        Sequence after) const;

  // Does one piece of work: writes a full chunk as runs, merges some mentions, gives up an expired
  // run, or removes a run that nobody reads any more. With `all` it also writes a chunk that is not
  // full. False if there was nothing to do. A crash at any point is harmless, and a call that
  // failed may be repeated.
  StoreResult<bool> work(KeyValue& rows, bool all);
  // Whether work(rows, false) would find something to do.
  bool has_work() const;
  // The number of mentions that are in no run yet.
  std::size_t unindexed() const;
  // Waits until unindexed() is below `limit`, but at most for `longest`.
  void await_worker(std::size_t limit, std::chrono::milliseconds longest) const;

 private:
  // Mentions in memory, of all indexes. Frozen once it is full: then it never changes again.
  struct Chunk {
    // `mentions`: about how many keys and links it will have.
    explicit Chunk(std::size_t mentions) : filter(mentions) {}

    std::array<MentionChunk, kAllIndexes.size()> indexes;
    TermFilter filter;  // of the hashes of keys and links
    Sequence last = 0;  // the last record that was pushed
    std::int64_t run_ms = 0;

    std::size_t size() const { return indexes[0].size() + indexes[1].size() + indexes[2].size(); }
  };
  using ChunkPtr = std::shared_ptr<const Chunk>;
  using Runs = std::vector<RunPtr>;

  // Everything but the chunk that is being filled. Look-ups walk it without the lock, so it is
  // never changed: a changed copy replaces it.
  struct Frozen {
    std::vector<ChunkPtr> chunks;               // frozen, not yet written; oldest first
    std::array<Runs, kAllIndexes.size()> runs;  // oldest first
    SequenceSpan link_gap;
  };
  // Links that were read of the gap, and are not written yet.
  struct Backfill {
    std::vector<Mention> links;
    Sequence last = 0;  // read up to it; 0: nothing yet
    std::int64_t run_ms = 0;
    std::size_t records = 0;
  };

  StoreResult<void> load_runs(const KeyValue& rows, Frozen& into);
  // `indexed`: of the other indexes.
  StoreResult<void> load_links(const KeyValue& rows, Sequence indexed, Frozen& into);

  // Notes runs in the database that the list does not name.
  StoreResult<void> find_orphans(const KeyValue& rows);
  // Appends to the chunk that is being filled, piece by piece.
  void push(Index index, std::span<const Mention> mentions);
  // The links as mentions.
  std::vector<Mention> hashed(const Mentions& mentions) const;
  // Freezes the chunk that is being filled; `next` takes its place. The caller holds the lock.
  void freeze(std::shared_ptr<Chunk> next);
  // The oldest frozen chunk, or null. With `all` it freezes the current one if there is no other.
  ChunkPtr take_chunk(bool all);
  // The pieces of work(). Each publishes what it has changed.
  StoreResult<void> write_chunk(KeyValue& rows, const ChunkPtr& chunk);
  StoreResult<void> merge_some(KeyValue& rows, Index index);
  StoreResult<bool> give_up_expired(KeyValue& rows);
  // Reads more of the gap, and writes what was read as a run once it is enough. A damaged record is
  // noted, and ends it until the next opening.
  StoreResult<bool> backfill(KeyValue& rows);
  StoreResult<void> read_gap(const KeyValue& rows, const SequenceSpan& gap);
  // The caller holds the lock.
  bool has_gap_to_fill() const { return !frozen_->link_gap.empty() && link_problem_.empty(); }
  StoreResult<void> write_backfill(KeyValue& rows);
  StoreResult<bool> remove_retired(KeyValue& rows);
  // Notes a run that is in no list any more, to be removed once nobody reads it.
  void retire(Index index, RunPtr run);
  // The caller of these two holds the lock.
  bool oldest_keys_expired() const;
  std::size_t first_removable() const;
  // Removes the pages of a run that was not finished. No list will ever name it.
  static void discard(KeyValue& rows, Family family, std::uint32_t run);
  // The runs that should be merged next, oldest first; empty if there is no need.
  static Runs due_for_merge(const Frozen& frozen, Index index);
  // Writes the new list of runs to the store, then shows the runs to look-ups. `indexed`: the runs
  // have all mentions up to it. `given_up`: keys up to it are in no run; 0 keeps the earlier value.
  StoreResult<void> publish(KeyValue& rows, std::shared_ptr<Frozen> next, Sequence indexed,
                            bool sync, Sequence given_up = 0);
  std::shared_ptr<const Frozen> frozen() const;

  StoreResult<void> look_for_seals(const KeyValue& rows);

  const std::size_t chunk_mentions_;
  const std::int64_t key_retention_ms_;
  std::uint64_t link_secret_;  // changed by load() only
  KeyedHash link_hash_;
  std::atomic<bool> has_seals_ = false;

  mutable std::mutex mutex_;                   // guards what follows
  mutable std::condition_variable published_;  // signalled when unindexed_ may have fallen
  std::shared_ptr<Chunk> filling_;
  std::shared_ptr<const Frozen> frozen_;
  std::size_t unindexed_ = 0;
  Sequence indexed_ = 0;
  Sequence keys_given_up_ = 0;
  std::string link_problem_;
  std::int64_t run_ms_ = 0;                        // the run clock at the last push, in ms
  std::vector<std::pair<Index, RunPtr>> retired_;  // in no list any more, but maybe still read

  // Used only by load() and by the thread that works.
  std::uint32_t next_run_ = 1;
  std::vector<std::pair<Family, std::uint32_t>> orphans_;  // found by load()
  Backfill backfill_;
  std::size_t works_ = 0;  // calls of work() that found no chunk
  std::array<std::optional<RunMerge>, kAllIndexes.size()> merges_;  // begun, not finished
};

}  // namespace sg::persistence
