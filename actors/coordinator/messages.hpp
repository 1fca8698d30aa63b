// What the coordinator is asked. It answers a submission through the submission itself.
//
// Messages stay in one process, so they are never serialised and may carry pointers.
#pragma once

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>
#include <vector>

#include "ledger/submission.hpp"

namespace sg::actors {

// The gateway hands requests in. Each is answered once.
struct Submit {
  std::vector<ledger::SubmissionPtr> submissions;
  // Of calls that another node has forwarded: the term of the leader that it meant. Under any other
  // they are refused and not carried out, since they may have been sent again. 0: not forwarded.
  std::uint64_t term = 0;
};

// In a cluster: whoever hands writes over wants to know when this coordinator takes them.
struct FollowService {
  caf::actor follower;
};
struct ServesTerm {
  caf::actor coordinator;
  std::uint64_t term = 0;  // 0: it takes none
};

// The gateway has set the submission's `cancelled`: what waits for locks or for a key ends now.
struct Cancel {
  ledger::SubmissionPtr submission;
};

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Submit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::FollowService)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::ServesTerm)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Cancel)
