// What the links to other nodes are asked, and what they tell.
//
//   replica, forwarder -> links    SendTo              links -> replica     NodeKnows, Deliver
//   forwarder -> links             FollowLinks         links -> forwarder   LinkUp, LinkDown,
//                                                                           CallsArrived
//   links -> log writer            AdmitNode,          log writer -> links  NodeAdmitted,
//                                  CopyChain                                ChainCopied
//   anyone -> links                IdentityChanged, DescribeLinks
//
// Messages stay in one process, so they are never serialised and may carry pointers.
#pragma once

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/ids.hpp"
#include "replication/links/frames.hpp"
#include "replication/raft_types.hpp"

namespace sg::actors {

// May be lost: without a proven connection to that node it is dropped.
struct SendTo {
  replication::NodeId to = 0;
  replication::Channel channel = replication::Channel::urgent;
  std::vector<replication::Bytes> messages;
};
// Who forwards calls wants to know of the links from here on.
struct FollowLinks {
  caf::actor follower;
};
// There are proven connections in both directions. What was sent to the node before on another one
// has arrived or never will.
struct LinkUp {
  replication::NodeId node = 0;
};
// What was sent to the node, or came from it, may be lost.
struct LinkDown {
  replication::NodeId node = 0;
};
struct CallsArrived {
  replication::NodeId from = 0;
  std::vector<std::string> messages;  // of the channel of calls
};
// The store belongs to a cluster now: all nodes have to be told.
struct IdentityChanged {};

// The links as an operator sees them.
struct DescribeLinks {};
struct LinkState {
  replication::NodeId node = 0;
  bool is_up = false;
  std::chrono::microseconds round_trip{0};  // of the last ping; 0: none was answered
  // As it said last, at most a few hundred milliseconds ago if it is up. Nullopt: it has not.
  std::optional<ledger::Sequence> sequence;
  std::optional<std::uint64_t> free_bytes;
  std::string problem;  // why it is down; empty: it is up, or nothing is known
};
struct LinkStates {
  std::vector<LinkState> links;
};

// The links as those find them who are no actors, or start before them. Thread-safe.
class LinkPort {
 public:
  void set(caf::actor links) {
    const std::lock_guard lock(mutex_);
    links_ = std::move(links);
  }
  caf::actor links() const {
    const std::lock_guard lock(mutex_);
    return links_;
  }

 private:
  mutable std::mutex mutex_;
  caf::actor links_;
};

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::SendTo)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::FollowLinks)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::LinkUp)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::LinkDown)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::CallsArrived)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::IdentityChanged)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::DescribeLinks)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::LinkStates)
