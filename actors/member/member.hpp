// The replica of a member as an actor: Raft's clock, messages and proposals, and what follows from
// them for the journal. It says when this node leads and when its term has ended.
//
//   journal    Lead once the first entry of the term has taken effect here; TermEnded with the term
//   term ends  when another leads, a write fails, the journal restarts, or a block cannot be
//              proposed: nothing more is proposed in that term
//   level      the leader proposes a higher one once every member has told that it knows it. A
//   member
//              is added only if it knows the level. One of the two is under way at a time, so no
//              member is left that cannot read what follows
//   log        every write and commit goes through the log writer, in order; if that restarts, a
//              new replica begins as a follower, from what is stored
//
// Concurrency: one actor, detached since it reads entries from the disk for members that lag. A
// failure of the engine ends the process.
#pragma once

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/followed.hpp"
#include "actors/member/levels.hpp"
#include "actors/member/log_writer.hpp"
#include "actors/member/rounds.hpp"
#include "actors/runtime.hpp"
#include "replication/member_log.hpp"
#include "replication/replica.hpp"

namespace sg::actors {

struct MemberOptions {
  replication::NodeId node = 0;  // as in the store
  std::chrono::milliseconds election_timeout{500};
  // Takes a message to another node. It may be lost, late, or come twice.
  std::function<void(replication::Message)> send;
  // A number below `bound`.
  std::function<std::uint64_t(std::uint64_t bound)> random;
  // Told of each change of term, role or leader, on the replica's thread. Null: nobody is.
  std::function<void(const replication::Status&)> changed;
  // Told when the store has something new to say of who belongs to the cluster: the nodes prove
  // anew who they are. Null: nobody is.
  std::function<void()> identity_changed;
};

// Another node's message has arrived.
struct Deliver {
  replication::Message message;
};
// The program of another node knows all levels up to `level`; which store it has, and where its log
// begins. To be told before its messages.
struct NodeKnows {
  replication::NodeId node = 0;
  persistence::Level level = 0;
  persistence::ClusterId cluster{};  // zeros: it belongs to none
  persistence::StoreId store{};
  persistence::ChainEnd base;
};
// The store has joined a cluster: the replica begins anew from what is stored.
struct BeginAnew {};
// Hands the leadership to another member, if this one leads.
struct HandOver {
  replication::NodeId to = 0;  // 0: to the one that has the most of the log
};
// Proposes a change of the membership, if this node leads, and no other change nor a new level is
// under way. No changes: the joint one is left.
struct ChangeMembers {
  std::vector<replication::MemberChange> changes;
};

// --- of operators, by way of the gateway ---

// Makes `founders` a cluster. Answered with ClusterFounded once they are its members.
struct FoundCluster {
  std::vector<replication::NodeId> founders;
};
struct ClusterFounded {
  bool existed = false;
  std::string problem;  // why it cannot be founded, and what would be right; empty: it is
};
struct DescribeMember {};
struct MemberState {
  replication::Status status;
  replication::Membership membership;
  std::vector<replication::MemberProgress> progress;  // of a leader
  replication::Index applied = 0;
  persistence::LogIdentity identity;
  persistence::Level level = 0;
  persistence::Level known_level = 0;
  ledger::Sequence durable = 0;
  std::uint64_t free_bytes = 0;  // on the disk of the store
};

// Who wants to know which node leads, from here on: one follower, the last that asked.
struct FollowRole {
  caf::actor follower;
};
struct RoleChanged {
  replication::Term term = 0;
  replication::NodeId leader = 0;  // 0: none is known
};

class MemberActor final : public replication::ReplicaHost {
 public:
  MemberActor(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
              MemberOptions options);
  caf::behavior make_behavior();

  // --- ReplicaHost ---
  void send(replication::Message message) override;
  void store(replication::LogWrite write) override;
  void commit(replication::CommittedEntries committed) override;
  void readable(replication::ReadState read) override { rounds_.readable(read); }
  void changed(const replication::Status& status) override;
  std::uint64_t random(std::uint64_t bound) override { return options_.random(bound); }

 private:
  // Calls `use` with the replica, if there is one, and does what follows from it.
  template <class Use>
  void with_replica(Use use);
  // A new replica, from what is stored.
  void begin(const LogDrained& stored);
  // The replica is of no more use, or the log writer is away.
  void drop();
  void tick();
  void receive(const replication::Message& message);
  // Tells the journal if it leads now, or does no more.
  void look_at_term();
  void propose_waiting();
  void end_rounds();
  void change(const ChangeMembers& asked);
  // --- founding.cpp ---
  caf::result<ClusterFounded> found(const FoundCluster& asked);
  // The log writer has written that this node founds a cluster, or has not.
  void founded(replication::Replica& replica);
  // The others are no members yet: nothing is promised to anybody on the word of one node.
  bool is_founding_alone() const;
  // As the leader: proposes the founders as members, and that a joint membership is left.
  void settle_members();
  // As the leader: writes into the log which stores the founders have. False: not all are known.
  bool settle_stores(const std::vector<replication::NodeId>& founders);
  // False. Says so once.
  bool await_founder(replication::NodeId node);
  void propose_change(const std::vector<replication::MemberChange>& changes);
  // An entry that the log writer reads, not the journal.
  bool propose_setting(std::string data);
  MemberState describe() const;
  void raise_level();
  // Members and level are as this leader's log has them, to its end.
  bool is_settled() const;
  // So many ticks are an election timeout.
  static constexpr std::uint64_t kElectionTicks = 20;

  caf::event_based_actor* self_;
  RuntimePtr runtime_;
  caf::actor root_;
  MemberOptions options_;
  caf::response_promise ready_;
  Followed log_writer_;
  Followed journal_child_;
  replication::MemberLog log_;
  std::unique_ptr<replication::Replica> replica_;  // null: the log writer is away
  replication::Index applied_ = 0;
  replication::Term applied_term_ = 0;
  caf::actor journal_;               // that follows the terms; null: none
  replication::Term led_term_ = 0;   // in which the journal was told to lead; 0: it was not
  replication::Term last_term_ = 0;  // in which a journal was told to lead
  std::uint64_t proposed_ = 0;       // blocks in led_term_
  std::deque<Propose> waiting_;      // while the leadership is being handed over
  Rounds rounds_;
  Levels levels_;
  std::map<replication::NodeId, NodeKnows> others_;  // as told last
  replication::Membership membership_;               // in effect
  // That of an entry which is committed and has not taken effect yet.
  std::optional<std::pair<replication::Index, replication::Membership>> next_membership_;
  caf::response_promise founding_;
  replication::NodeId awaited_founder_ = 0;
  bool is_founding_ = false;  // the log writer was asked to write that this node founds a group
  caf::actor role_follower_;
  // Of the last change of members or level that was proposed here.
  replication::Term changed_term_ = 0;
  replication::Index changed_at_ = 0;
  bool has_room_ = true;
};

// Answers Init when the replica is there.
caf::behavior member(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
                     MemberOptions options);

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Deliver)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::NodeKnows)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::BeginAnew)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::HandOver)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::ChangeMembers)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::FoundCluster)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::ClusterFounded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::DescribeMember)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::MemberState)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::FollowRole)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::RoleChanged)
