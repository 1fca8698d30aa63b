// The log writer of a member: the only caller of MemberStore::write() and commit(), in both roles.
// It does what the replica asks for, in that order: entries and votes are made durable, committed
// entries take effect. It tells the replica, and the journal of what has changed.
//
// Concurrency: one actor, detached since it blocks on the disk. A failed write ends it; its
// successor opens the store anew, and the replica begins anew as a follower from what is stored.
//
// Full disk: while there is no room to open the store anew, it is tried again.
#pragma once

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <optional>
#include <string>

#include "actors/member/messages.hpp"
#include "actors/runtime.hpp"
#include "replication/replica.hpp"

namespace sg::actors {

// --- replica -> log writer ---
struct WriteLog {
  replication::LogWrite write;
};
// Everything up to this entry is committed. `membership` is that after it, if it has changed.
struct CommitLog {
  replication::Index index = 0;
  replication::Term term = 0;
  std::optional<replication::Membership> membership;
};
// This member founds a cluster: `membership` is what Raft begins with, `founders` are to belong to
// it in the end. LogDrained is the answer.
struct FoundGroup {
  persistence::ClusterId cluster{};
  replication::Membership founders;
  replication::Membership membership;
};
// Asks to be told once everything that was asked for before is done.
struct DrainLog {};

// --- log writer -> replica ---
struct LogWritten {
  std::uint64_t number = 0;
};
struct LogApplied {
  replication::Index index = 0;
  replication::Term term = 0;
  bool stores = false;  // which store belongs to whom has changed
};
// And what is stored then. By value: the store may be opened anew while it is read.
struct LogDrained {
  replication::NodeId member = 0;
  replication::Index applied = 0;
  replication::HardState hard_state;
  replication::Membership membership;
};

class LogWriter {
 public:
  LogWriter(caf::event_based_actor* self, RuntimePtr runtime, bool reopen);
  caf::behavior make_behavior();

 private:
  // Opens the store anew if a predecessor wrote to it, and answers Init, now or once there is room.
  void start();
  void write(const WriteLog& asked);
  void commit(const CommitLog& asked);
  void admit(const AdmitNode& asked);
  void copy(const CopyChain& asked);
  // The journal follows what is committed.
  void tell(persistence::CommittedChanges changes);
  void drain();
  void fail(const persistence::StoreError& error);

  caf::event_based_actor* self_;
  RuntimePtr runtime_;
  persistence::MemberStore& store_;
  bool reopen_;
  caf::response_promise ready_;
  caf::actor journal_;  // that follows the log; null: none does
};

// Answers Init when the store is open. `reopen`: a predecessor wrote to it.
caf::behavior log_writer(caf::event_based_actor* self, RuntimePtr runtime, bool reopen);

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::WriteLog)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::CommitLog)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::FoundGroup)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::DrainLog)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::LogWritten)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::LogApplied)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::LogDrained)
