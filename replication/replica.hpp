// One member of a group: the Raft core with what lies between it and a disk, a network and a state
// machine. It decides in which order things happen; its host does them.
//
//   Replica replica(options, host, stored_log, hard_state, membership);
//   replica.tick();                  // a fixed number of times a second
//   replica.receive(message);        // of another member
//   replica.stored(number);          // a write that the host was given is done
//   replica.applied(index);          // so are the entries that it was given as committed
//
// Order of events. Entries and votes are stored in the order in which the core decided them. What
// promises something to another member (a vote, an acknowledgement) leaves after the write that it
// rests on. The answer to a heartbeat waits for new terms only, so that a disk that is slow for all
// members does not make the leader believe that it is alone. A leader's entries leave at once,
// beside its own write, and its own copy counts for the majority only once that write is done.
//
// Disk. A write that fails ends the replica: its owner destroys it, reads back what is stored, and
// makes a new one, which is a follower. So no term has two entries at one index. A leader that
// falls behind the majority with its own writes for an election timeout hands its office over, or
// gives it up.
//
// Errors: those of RaftCore. After one of them the replica is of no more use.
// Concurrency: one thread at a time. The host's functions are called from within the replica's, and
// must not call it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "replication/raft_core.hpp"
#include "replication/recent_log.hpp"

namespace sg::replication {

// What is to be stored, in one step that a crash keeps or loses as a whole.
struct LogWrite {
  std::uint64_t number = 0;
  // They replace every stored entry from the first one's index on. Empty: the log stays as it is.
  std::vector<Entry> entries;
  HardState hard_state;
  // The term or the vote is new: the write is durable only if they are.
  bool has_new_vote = false;
};

struct CommittedEntries {
  std::vector<Entry> entries;
  // The membership after them, if one of them changes it. To be stored with the entries' effects.
  std::optional<Membership> membership;
};

class ReplicaHost {
 public:
  virtual ~ReplicaHost() = default;
  // May be lost, repeated or late. Entries that are older than those in memory have no body: the
  // host reads it from the store. The receiver takes a message only with all of its bodies.
  virtual void send(Message message) = 0;
  // Writes are done in the order in which they are given. When this one is durable, the host calls
  // stored(write.number).
  virtual void store(LogWrite write) = 0;
  // In the order of the log, each once. When they are applied, the host calls applied().
  virtual void commit(CommittedEntries committed) = 0;
  // The round of ReadIndex that was asked for with read.context has ended.
  virtual void readable(ReadState read) = 0;
  // Term, role or leader are other than before.
  virtual void changed(const Status& status) = 0;
  // A number below `bound`, for election timeouts.
  virtual std::uint64_t random(std::uint64_t bound) = 0;
};

class Replica {
 public:
  // `host` and `stored` have to outlive the replica. See RaftCore.
  Replica(const RaftOptions& options, ReplicaHost& host, const StoredLog& stored,
          const HardState& hard_state, const Membership& membership);

  void tick();
  // Ignored if an entry that stands for a block comes without it, or if too much waits for the
  // disk.
  void receive(const Message& message);
  void stored(std::uint64_t number);
  void applied(Index index);

  // See RaftCore; also false while this member's vote for itself is not stored. The entries go to
  // the host's store() before this returns.
  [[nodiscard]] bool propose(Term term, Index index, std::span<const Proposal> proposals);
  [[nodiscard]] bool propose_changes(Term term, Index index, std::span<const MemberChange> changes);
  void read_index(std::string_view context);
  void campaign();
  [[nodiscard]] bool transfer_leadership(NodeId to);
  // Hands leadership to the voter that has the most of the log, of those that were heard of lately
  // if there are any. Returns false if this member does not lead, or is alone.
  bool hand_over();
  // Gives up the leadership of this term. Nothing happens on any other member.
  void resign();
  // A member that is not electable calls no elections. It still votes, and it stays leader if it is
  // one. A leader that gave up for its disk becomes electable again when a write is done.
  void set_electable(bool electable);
  void report_unreachable(NodeId node);

  const Status& status() const { return status_; }
  std::vector<MemberProgress> progress() const { return core_.progress(); }
  const RecentLog& log() const { return log_; }

 private:
  // A write that is under way, with the messages that wait for it.
  struct Pending {
    std::uint64_t number;
    bool is_stored;  // there was nothing to write, or it is done; but not all before it
    bool has_new_vote;
    std::vector<Message> messages;
  };

  bool may_be_elected() const { return is_electable_ && !has_slow_disk_; }
  void set_timeout();
  // Does what the core wants, until it wants nothing more.
  void pump();
  // Gives entries that come out of the core the bodies that went in beside it.
  void join_bodies(std::vector<Entry>& entries) const;
  void take(Ready ready);
  bool vote_is_under_way() const;
  bool can_take(const Message& message) const;
  void finish_pending();
  void look_at_status();
  void look_at_disk();

  ReplicaHost& host_;
  RecentLog log_;
  NodeId node_;
  RaftCore core_;
  std::uint64_t election_ticks_;
  Status status_;
  bool is_electable_ = true;
  bool has_slow_disk_ = false;
  std::uint64_t ticks_behind_ = 0;  // for which a leader's disk has been behind the majority
  std::span<const Entry> arrived_;  // with their bodies, while the message with them is taken
  Index proposed_at_ = 0;
  std::span<const Proposal> proposed_;  // from that index on, during propose()
  HardState stored_state_;              // as the last write had it
  std::deque<Pending> pending_;         // in the order of the readies
};

}  // namespace sg::replication
