// The store of a member of a group: the contract of Store over a log that is durable on a majority.
//
//   auto store = open_member_store(directory, options);
//   store->set_proposer(propose);          // by whoever has the Raft core
//   store->write(step);                    // the log writer: rows and blocks, synced
//   store->commit(index, term, {});        // Raft: all up to it is committed
//
// What append() is given becomes durable, in the words of Store, when it is committed: its blocks
// are proposed at once, and `later` is called from commit(). Until then they have no catalog row,
// no index entry and no reader.
//
// Concurrency: as in Store. append() belongs to the journal, write() and commit() to the log
// writer, and the reads of the log to any thread.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "persistence/chain_store.hpp"
#include "persistence/log/log_store.hpp"
#include "persistence/member_opening.hpp"

namespace sg::persistence {

// A sealed block, on its way to be an entry of the log.
struct SealedBlock {
  std::string place;  // encode(BlockPlace)
  std::shared_ptr<const std::string> block;
};

// What committed blocks change, in the order of the chain.
struct CommittedChanges {
  ChainHead before;
  ChainHead after;
  std::vector<ledger::Account> accounts;
  std::vector<ledger::Participant> participants;
  std::vector<Posting> postings;
  std::vector<PolicyRow> policies{};
  bool stores = false;  // which store belongs to whom: other nodes are to be looked at anew
};

class MemberStore final : public ChainStore {
 public:
  // Hands blocks to Raft as the next entries. Returns false if this member does not lead, or its
  // term has ended. Called on the journal's thread.
  using Propose = std::function<bool(std::vector<SealedBlock> blocks)>;

  // `known`: the level of this program. Tests take another one for an older program.
  MemberStore(std::unique_ptr<Medium> medium, const StoreOptions& options,
              Level known = kKnownLevel);

  void set_proposer(Propose propose) { propose_ = std::move(propose); }

  // --- the store's contract ---
  // On top of every block that was sealed here.
  Group begin_group(TimeMs now, std::int64_t run_ms) override;
  std::optional<StoreResult<void>> append(Group group, Appended later) override;
  // The term has ended for this member, or a new one begins: groups go on from what is committed
  // now. A group that was proposed may still be committed, by another leader. Once it is, or any
  // other block, append() fails until this is called again. It fails for a block that needs a
  // format above level().
  void end_under_way() override;

  // --- the level ---
  Level known_level() const { return known_level_; }
  // That of the group, as far as its log has taken effect here. Any thread.
  Level level() const { return level_.load(std::memory_order_acquire); }
  // Every node reads the records of commands, and so they may be written.
  bool knows_commands() const { return level() >= kFormatOfCommands; }

  // --- the cluster ---
  LogIdentity identity() const;  // any thread
  // The log writer's. Makes this member the first of a new group, with `membership` as Raft begins
  // with it. Needs: it belongs to none, and its log is empty.
  StoreResult<void> found(const ClusterId& cluster, const std::string& founders,
                          const std::string& membership);
  // The store that belongs to a member, as the log has it. Nullopt: it says nothing yet.
  StoreResult<std::optional<StoreId>> store_of(std::uint64_t member) const;
  // Why another node is refused: it belongs to another cluster, or its store is not the one that
  // the log names. Nullopt: it is not.
  StoreResult<std::optional<std::string>> why_refused(std::uint64_t member,
                                                      const ClusterId& cluster,
                                                      const StoreId& store) const;
  // The log writer's. This store belongs to no cluster, and joins one that begins with
  // `membership`, that of its founder alone. False: it belongs to one, or has a log.
  StoreResult<bool> join(const ClusterId& cluster, std::uint64_t founder,
                         const std::string& membership);

  // --- the chain that the log begins on: member_copy.cpp ---
  ChainEnd base() const;  // its end; any thread
  // The blocks from `after` on, up to the base, about `max_bytes` of them, but not none. Nullopt:
  // no block of this chain ends so. Any thread.
  StoreResult<std::optional<ChainCopy>> read_chain(const ChainEnd& after,
                                                   std::uint64_t max_bytes) const;
  // The log writer's. Takes what another member's read_chain() gave: the base moves on to its end,
  // synced. Needs: this store belongs to no cluster. `corrupt`: the blocks do not follow the chain.
  StoreResult<CommittedChanges> copy(const ChainCopy& chain);

  // --- the log ---
  const LogStore& log() const { return log_; }
  // Known to be committed when the store was opened.
  LogIndex committed_at_opening() const { return committed_; }
  StoreResult<void> write(const LogAppend& step);
  // Takes the entries up to `index`, which is of that term, into effect: catalog, indexes, keys,
  // readers. `membership` is that after them, if one of them changes it. Needs: every write() that
  // was asked for before it is done, for it may have replaced entries.
  // Returns what they change: nothing if they have taken effect already.
  StoreResult<CommittedChanges> commit(LogIndex index, LogTerm term,
                                       const std::optional<std::string>& membership);
  StoreResult<std::vector<LogRow>> read_log(LogIndex low, LogIndex high,
                                            std::uint64_t max_bytes) const;
  StoreResult<std::string> read_block(const BlockPlace& place) const;

 private:
  // A group that was proposed and is not committed.
  struct UnderWay {
    ChainEnd end;
    Appended later;
  };

  StoreResult<OpenedStore> open(Opening opening) override;

  const Level known_level_;
  std::atomic<Level> level_ = kFirstLevel;
  LogStore log_;
  LogIndex committed_ = 0;
  mutable std::mutex identity_mutex_;
  LogIdentity identity_;
  ChainEnd base_;
  Propose propose_;
  void note_identity();
  // Committed records are shown: to readers, and to whoever follows `changes`.
  void show(GroupContents& contents, CommittedChanges& changes);
  // Notes that blocks are committed. Tells groups of which the last block is among them, and all
  // others too if one of the blocks was not sealed here: they can never follow it.
  void settle(const std::vector<ChainEnd>& committed);

  mutable std::mutex sealed_mutex_;  // guards what follows
  ChainHead sealed_;
  std::deque<ChainEnd> sealed_blocks_;  // that are not committed, oldest first
  std::deque<UnderWay> under_way_;
  bool is_stale_ = false;  // a block was committed that was not sealed here
};

// Opens the store of a member in a directory.
StoreResult<std::unique_ptr<MemberStore>> open_member_store(const std::filesystem::path& directory,
                                                            const StoreOptions& options);

}  // namespace sg::persistence
