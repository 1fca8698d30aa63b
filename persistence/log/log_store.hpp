// The log of a member: rows beside the chain, what the member has promised, and how far it has
// applied what is committed. It is the only code that appends to the log and cuts it.
//
//   LogStore log;
//   log.load(rows);                       // at each opening
//   log.append(rows, medium, append);     // synced: rows, blocks and promises in one batch
//   log.read(rows, low, high, max_bytes);
//
// Three ends of the chain: *sealed* (the leader's journal has given it sequences), *written*
// (synced here: this log's end), *committed* (on a majority). Blocks above the committed end are
// stored and nothing else: no index, catalog row or reader knows of them.
//
// The mark of a member holds what it has acknowledged, so that a log which lost its end is found:
//
//   mark := magic:u64 index:u64 row_term:u64 chain_sequence:u64 chain_hash:32 committed:u64
//           term:u64 vote:u64 checksum:u32
//
// It is written after the sync of an append and before anything is told of it. A cut lowers it
// first, synced. So the log never ends before the mark, unless it lost something.
//
// Errors: those of the database; `corrupt` for what does not follow the chain or would cut what is
// committed; `unknown_version` for a level that this program does not know. Such an append changes
// nothing, and the member has to stop: its log is not the group's, or its program is too old.
//
// The format of the store rises with the row of a level, in the same batch. So an older program
// refuses the store before it meets a block that it cannot read.
//
// Concurrency: one thread writes. Others may read at the same time, entries whose append is done.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "persistence/log/log_row.hpp"
#include "persistence/medium/key_value.hpp"

namespace sg::persistence {

// Who a store belongs to as a member, and the chain that its log begins on. Changes only while a
// store that belongs to no cluster yet copies that chain.
struct LogBase {
  std::uint64_t member = 0;  // Raft id
  Sequence sequence = 0;     // the chain's end when it became the log of a group
  BlockHash hash{};
  bool operator==(const LogBase&) const = default;
};

// As StoreId.
using ClusterId = std::array<std::uint8_t, 16>;

// Which cluster the store belongs to, and which store it is.
struct LogIdentity {
  ClusterId cluster{};        // zeros until the group is founded, or this member is taken in
  StoreId store{};            // never changes; a copy of the store has it too
  std::uint64_t founder = 0;  // the member that the group began with
  std::string
      founders;  // of the first member: who is to belong to the group, as the caller encodes
  bool operator==(const LogIdentity&) const = default;
};

// What a member has promised to the others.
struct LogPromise {
  LogTerm term = 0;
  std::uint64_t vote = 0;  // member that it voted for in that term; 0: none
  bool operator==(const LogPromise&) const = default;
};

// How far committed entries have taken effect, with the membership as of then.
struct LogApplied {
  LogIndex index = 0;
  Sequence sequence = 0;      // of the last record
  Level level = kFirstLevel;  // the newest format that blocks after them may have
  std::string membership;
  bool operator==(const LogApplied&) const = default;
};

struct NewEntry {
  LogIndex index = 0;
  LogRow row;
  std::shared_ptr<const std::string> block;  // of a row that has one
};

// One step of the log, which a crash keeps or loses as a whole.
struct LogAppend {
  std::vector<NewEntry> entries;  // replace all from the first one's index on
  LogPromise promise;
  LogIndex committed = 0;  // known to be, even if not all of it is here yet
};

struct LogMark {
  LogIndex index = 0;
  LogTerm row_term = 0;
  ChainEnd chain;
  LogIndex committed = 0;
  LogPromise promise;
  bool operator==(const LogMark&) const = default;
};
std::string encode(const LogMark& mark);
std::optional<LogMark> decode_log_mark(std::string_view bytes);

class LogStore {
 public:
  // Whether the store belongs to a member of a group.
  static StoreResult<bool> is_member(const KeyValue& rows);
  // Makes the store the first member of a group, without copying anything: its chain so far is the
  // base. Written with `batch`.
  static void found(Batch& batch, const LogBase& base, const StoreId& store, Level level,
                    const std::string& membership);

  // Reads all that there is but the rows. Needs: the store belongs to a member. `known`: the level
  // of this program.
  StoreResult<void> load(const KeyValue& rows, Level known);

  const LogBase& base() const { return base_; }
  const LogIdentity& identity() const { return identity_; }
  const LogPromise& promise() const { return promise_; }
  const LogApplied& applied() const { return applied_; }
  LogIndex last_index() const { return last_index_.load(std::memory_order_acquire); }
  LogTerm last_term() const { return last_term_; }
  const ChainEnd& end() const { return end_; }

  // The rows [low, high), fewer if their data would be more than `max_bytes`, but not none.
  // `corrupt`: one of them is missing or does not decode.
  StoreResult<std::vector<LogRow>> read(const KeyValue& rows, LogIndex low, LogIndex high,
                                        std::uint64_t max_bytes) const;
  // The block of a row that has one.
  static StoreResult<std::string> read_block(const KeyValue& rows, const BlockPlace& place);
  // Where the chain ends with the entry at `index`.
  StoreResult<ChainEnd> end_at(const KeyValue& rows, LogIndex index) const;

  // Writes the mark of what is stored; with `sync` it survives a power loss when this returns.
  StoreResult<void> write_mark(Medium& medium, LogIndex committed, bool sync) const;
  // Does the step and writes the mark. When it returns, all of the step is durable.
  StoreResult<void> append(KeyValue& rows, Medium& medium, const LogAppend& step);
  // Notes in `batch` that entries up to applied.index have taken effect.
  static void put_applied(Batch& batch, const LogApplied& applied);
  // The chain that the log begins on has grown. Needs: the log is empty.
  static void put_base(Batch& batch, const LogBase& base);
  void begin_on(const LogBase& base, LogApplied applied);
  // The store has blocks of that format: its row is raised if it has to be.
  void raise_format(Batch& batch, std::uint16_t format);
  // Writes, synced, to which cluster the store belongs, and the membership that its group began
  // with. Needs: the log is empty.
  StoreResult<void> join(KeyValue& rows, const LogIdentity& identity,
                         const std::string& membership);
  // The store that belongs to a member, as the log had it last. Nullopt: it says nothing of it.
  static void put_store(Batch& batch, const OwnedStore& owned);
  static StoreResult<std::optional<StoreId>> store_of(const KeyValue& rows, std::uint64_t member);
  void set_applied(LogApplied applied) { applied_ = std::move(applied); }
  // At an opening: entries up to this sequence have taken effect, though the note of it may have
  // gone with a power failure. Does nothing if the log ends before.
  StoreResult<void> apply_up_to(const KeyValue& rows, Sequence sequence);

 private:
  // Lowers the mark, and erases rows and blocks from `first` on with `batch`.
  StoreResult<void> cut(const KeyValue& rows, Medium& medium, Batch& batch, LogIndex first,
                        LogIndex committed) const;
  // What is wrong with the entries, or where the chain ends after them.
  StoreResult<ChainEnd> check(const KeyValue& rows, const LogAppend& step) const;

  Level known_level_ = kKnownLevel;
  std::uint16_t format_ = kFormatOfMembers;  // of the store
  LogBase base_;
  LogIdentity identity_;
  LogPromise promise_;
  LogApplied applied_;
  std::atomic<LogIndex> last_index_ = 0;
  LogTerm last_term_ = 0;
  ChainEnd end_;
};

}  // namespace sg::persistence
