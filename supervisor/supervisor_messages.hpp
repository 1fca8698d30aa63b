// What a supervisor sends to itself. Local only. The key tells a message that comes too late.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

#include "supervisor/child.hpp"

namespace sg::supervisor {

struct TryAgain {  // restart a child whose last attempt failed
  ChildKey key;
};

struct StopTimeout {  // kill a child that was asked to stop, if it still lives
  ChildKey key;
};

struct AskAlive {  // the period of a child's liveness is over
  ChildKey key;
};

struct LastCall {  // a killed child with a liveness has not ended
  ChildKey key;
};

}  // namespace sg::supervisor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::supervisor::TryAgain)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::supervisor::StopTimeout)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::supervisor::AskAlive)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::supervisor::LastCall)
