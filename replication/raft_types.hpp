// The values that the Raft core takes and gives: log entries, messages between nodes, memberships,
// and what is to be done next (Ready). Plain data; the words are those of the Raft paper (Ongaro
// and Ousterhout, 2014), and of Ongaro's thesis for changes of the membership.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sg::replication {

// A member of a group. Never used twice. 0: none.
using NodeId = std::uint64_t;
// The place of an entry in the log. The first is 1.
using Index = std::uint64_t;
using Term = std::uint64_t;

enum class EntryKind : std::uint8_t {
  data = 0,    // empty: the first entry of a leader's term
  change = 1,  // the membership, by the rule for one change at a time
  changes = 2  // the membership, through a joint configuration
};

// What an entry stands for: a block of the chain. Raft orders entries and never looks at bodies,
// so they travel beside it.
using Body = std::shared_ptr<const std::string>;

struct Entry {
  Index index = 0;
  Term term = 0;
  EntryKind kind = EntryKind::data;
  std::string data{};  // what Raft stores: for a block, its row. See has_body()
  Body body{};         // null: there is none, or it has to be read from the store

  // Whether it stands for a block. Data that begins with 0 is the group's own, and all that there
  // is.
  bool has_body() const { return kind == EntryKind::data && !data.empty() && data.front() != '\0'; }

  bool operator==(const Entry& other) const {
    return index == other.index && term == other.term && kind == other.kind && data == other.data;
  }
};

// The numbers are those of the engine. Requests and responses by name, as in the Raft paper.
enum class MessageKind : std::uint8_t {
  append = 3,
  append_response = 4,
  vote = 5,
  vote_response = 6,
  heartbeat = 8,
  heartbeat_response = 9,
  transfer_leader = 13,
  timeout_now = 14,
  read_index = 15,
  read_index_response = 16,
  pre_vote = 17,
  pre_vote_response = 18,
};

// What one node's core says to another's. The fields have the meaning that the engine gives them;
// nothing but `to`, `kind` and `entries` is of interest to anybody else.
struct Message {
  MessageKind kind = MessageKind::heartbeat;
  bool reject = false;
  NodeId to = 0;
  NodeId from = 0;
  Term term = 0;
  Term log_term = 0;
  Index index = 0;
  Index commit = 0;
  Term commit_term = 0;
  Index reject_hint = 0;
  std::int64_t priority = 0;
  std::string context{};
  // Of an append: entries of the log. A request to read carries its context in one without a place.
  std::vector<Entry> entries{};
  bool operator==(const Message&) const = default;
};

// What a node has promised: it is stored before anything that depends on it is sent.
struct HardState {
  Term term = 0;
  NodeId vote = 0;
  Index commit = 0;
  bool operator==(const HardState&) const = default;
};

// Who belongs to a group. Learners get the log and have no vote.
struct Membership {
  std::vector<NodeId> voters{};
  std::vector<NodeId> learners{};
  std::vector<NodeId> voters_outgoing{};  // not empty: a joint configuration
  std::vector<NodeId> learners_next{};    // voters that become learners when the joint one is left
  bool auto_leave = false;
  bool is_joint() const { return !voters_outgoing.empty(); }
  bool operator==(const Membership&) const = default;
};

struct MemberChange {
  enum class Kind : std::uint8_t { add_voter = 0, remove = 1, add_learner = 2 };
  Kind kind = Kind::add_voter;
  NodeId node = 0;
};

// What a leader is asked to append.
struct Proposal {
  std::string data{};
  Body body{};  // null if the data begins with 0
};

// The end of a round of ReadIndex: whoever asked with `context` may read what is applied up to
// `index`.
struct ReadState {
  Index index = 0;
  std::string context{};
};

// What the core wants done, in this order:
//   1. send `messages`;
//   2. store `entries` (which replace all from the first one's index on) and, if it is there,
//      `hard_state`; make them durable if `must_sync`;
//   3. once that is durable: RaftCore::persisted(number), and send `persisted_messages`;
//   4. apply `committed`, and say so with RaftCore::applied().
// Readies become durable in the order of their numbers. 4 need not wait for 2 and 3.
struct Ready {
  std::uint64_t number = 0;
  bool has_hard_state = false;
  bool must_sync = false;
  HardState hard_state{};
  std::vector<Entry> entries{};
  std::vector<Entry> committed{};
  std::vector<Message> messages{};
  std::vector<Message> persisted_messages{};
  std::vector<ReadState> reads{};
};

enum class Role : std::uint8_t { follower = 0, candidate = 1, leader = 2, pre_candidate = 3 };

// What a leader knows of a member.
struct MemberProgress {
  NodeId node = 0;
  bool is_voter = false;
  Index matched = 0;       // it has acknowledged all up to here
  bool is_active = false;  // it was heard of since the last check of the quorum
  bool is_paused = false;  // nothing more is sent to it for now
};

struct Status {
  Term term = 0;
  NodeId vote = 0;
  Index commit = 0;
  NodeId leader = 0;  // 0: none is known
  Role role = Role::follower;
  Index last_index = 0;
  Index persisted = 0;
  NodeId transferee = 0;  // leadership is being handed to it; 0: to nobody
  std::uint64_t election_timeout = 0;
  bool has_committed_in_term = false;  // only then are rounds of ReadIndex answered
  bool leads() const { return role == Role::leader; }
};

}  // namespace sg::replication
