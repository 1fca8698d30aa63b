// Messages that a supervisor sends to itself; nobody else may send them. Each carries the key of
// the start that it is about. The supervisor drops a message whose child has been started again.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

#include "supervisor/child.hpp"

namespace sg::supervisor {

// The back-off of a child is over, or its last attempt failed: restart it.
struct TryAgain {
  ChildKey key;
};

// The time that Shutdown::timeout gives a child to stop is over: kill it if it still runs.
struct StopTimeout {
  ChildKey key;
};

// A period of the child's Liveness is over: judge the last probe, and send the next.
struct AskAlive {
  ChildKey key;
};

// A child with a Liveness was killed some time ago: abandon it if it has not ended.
struct LastCall {
  ChildKey key;
};

}  // namespace sg::supervisor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::supervisor::TryAgain)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::supervisor::StopTimeout)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::supervisor::AskAlive)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::supervisor::LastCall)
