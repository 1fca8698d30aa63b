// Requests that change a supervisor's children, as OTP's functions of the same names. Local only: a
// spec has functions. Each is answered once it is done, with an error if it cannot be:
//
//   StartChild      -> StartedChild | already_started, already_present, why the start failed
//   StartInstance   -> StartedChild | why the start failed; simple_one_for_one only
//   TerminateChild  -> ok_atom | not_found; the spec stays, but that of a temporary child
//   RestartChild    -> StartedChild | not_found, running, restarting, why the start failed
//   DeleteChild     -> ok_atom | not_found, running, restarting
//   GetChildSpec    -> ChildSpec | not_found
//
// Where simple_one_for_one cannot do it: wrong_strategy. While the supervisor stops: shutdown. What
// is started by request is not tried again when it fails, and does not count in the window.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <string>

#include "supervisor/messages.hpp"

namespace sg::supervisor {

struct StartChild {
  ChildSpec spec;
};

struct StartInstance {
  caf::message argument;  // for the template's start_instance
};

struct StartedChild {
  std::string id;     // of an instance: the template's with a number
  caf::actor handle;  // null: the child ignored, and keeps its spec unless it is temporary
};

struct TerminateChild {
  std::string id;
};

struct RestartChild {
  std::string id;
};

struct DeleteChild {
  std::string id;
};

struct GetChildSpec {
  std::string id;
};

}  // namespace sg::supervisor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::supervisor::StartChild)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::supervisor::StartInstance)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::supervisor::StartedChild)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::supervisor::TerminateChild)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::supervisor::RestartChild)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::supervisor::DeleteChild)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::supervisor::GetChildSpec)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::supervisor::ChildSpec)
