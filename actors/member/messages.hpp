// What the parts of a node that is a member of a cluster say to one another, and to the journal.
//
//   journal -> log writer  FollowLog,               log writer -> journal    FollowsFrom, Committed
//                          OpenStoreAnew
//   journal -> replica     FollowTerms, Propose     replica -> journal       Lead, TermEnded,
//                                                                            RoundsEnded
//   anyone -> replica      AwaitRound               journal -> who asked     RoundEnded
//   links -> log writer    AdmitNode, CopyChain     log writer -> links      NodeAdmitted,
//                                                                            ChainCopied
//   log writer -> replica  LogWritten, LogApplied, LogDrained
//
// A round ends by way of the journal. So whoever is told has its place behind everything that the
// journal has told the shards before.
//
// Messages stay in one process, so they are never serialised and may carry pointers.
#pragma once

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "persistence/member_store.hpp"

namespace sg::actors {

// --- journal and log writer ---

// The journal wants to know of all that is committed from here on.
struct FollowLog {
  caf::actor journal;
};
// What was committed before is in the store; what is committed later is told with Committed.
struct FollowsFrom {};
// Blocks are committed, and in the store. Each message goes on where the one before it ended.
struct Committed {
  std::shared_ptr<const persistence::CommittedChanges> changes;
};

// A write of somebody else has failed: the store takes none before it is opened anew.
struct OpenStoreAnew {};

// --- journal and replica ---

// The journal wants to know when this node leads.
struct FollowTerms {
  caf::actor journal;
};
// This node leads in `term`, and all of earlier terms is committed and was told: the journal may
// give out sequences.
struct Lead {
  persistence::LogTerm term = 0;
};
// This node does not lead any more, or has to stop.
struct TermEnded {};
// Blocks to be the next entries of the log. `ordinal` counts the blocks of the journal in this
// term, from 0. If they cannot be proposed in this term, the term ends for this node.
struct Propose {
  persistence::LogTerm term = 0;
  std::uint64_t ordinal = 0;  // of the first
  std::shared_ptr<std::vector<persistence::SealedBlock>> blocks;
};

// --- log writer and links ---

// Another node says who it is: may it take part? NodeAdmitted goes to who asked.
struct AdmitNode {
  std::uint64_t number = 0;  // the asker's own
  std::uint64_t node = 0;
  persistence::ClusterId cluster{};
  std::uint64_t founder = 0;  // of that cluster
  persistence::StoreId store{};
  persistence::ChainEnd base;
};
struct NodeAdmitted {
  std::uint64_t number = 0;
  std::optional<std::string> why_not;
  bool joined = false;  // this node's store has joined the cluster of the other
};

// Blocks of the chain that the cluster's log begins on. ChainCopied goes to who asked, once they
// are in the store.
struct CopyChain {
  std::shared_ptr<const persistence::ChainCopy> chain;
};
struct ChainCopied {
  std::optional<std::string> problem;  // nothing of it was taken
  bool may_go_on = false;              // there is room for more, and journal and indexes keep up
};

// --- rounds ---

// Asks for a round of ReadIndex that begins after this message. RoundEnded comes when it has ended
// and all that was committed when it began has taken effect here. It may never come: a node that
// reaches no majority has no rounds.
struct AwaitRound {
  caf::actor asker;
  std::uint64_t number = 0;  // the asker's own
};
struct RoundsEnded {
  std::vector<AwaitRound> asked;
};
struct RoundEnded {
  std::uint64_t number = 0;
};

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::FollowLog)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::FollowsFrom)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Committed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::OpenStoreAnew)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::FollowTerms)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Lead)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::TermEnded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Propose)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::AdmitNode)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::NodeAdmitted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::CopyChain)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::ChainCopied)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::AwaitRound)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::RoundsEnded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::RoundEnded)
