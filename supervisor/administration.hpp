// Requests that change a supervisor's children. They are OTP's functions of the same names. The
// supervisor answers each once it is done, or with an error:
//
//   StartChild      -> StartedChild | already_started, already_present, why the start failed
//   StartInstance   -> StartedChild | why the start failed; simple_one_for_one only
//   TerminateChild  -> ok_atom | not_found; keeps the spec of a child that is not temporary
//   RestartChild    -> StartedChild | not_found, running, restarting, why the start failed
//   DeleteChild     -> ok_atom | not_found, running, restarting
//   GetChildSpec    -> ChildSpec | not_found
//
//   self->request(root, caf::infinite, TerminateChild{"indexer"}).then([](caf::ok_atom) { ... });
//
// A strategy that does not allow the request answers wrong_strategy. A supervisor that is stopping
// answers shutdown. A start by request that fails is not tried again, and does not count in the
// restart window.
//
// Limitations. Only actors of the same process can send these messages, because a spec holds
// functions. While a group of children is being restarted, requests wait until that is done.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <string>

#include "supervisor/messages.hpp"

namespace sg::supervisor {

// Adds a child at the right end and starts it. If the start fails, the spec is removed again.
// Errc::bad_specification if check_child_specs() refuses the spec.
struct StartChild {
  ChildSpec spec;
};

// Starts one more child of the template of a simple_one_for_one supervisor.
struct StartInstance {
  caf::message argument;  // for the template's start_instance
};

// The child is Ready, or had nothing to do.
struct StartedChild {
  std::string id;     // of an instance: the template's id, "/" and a number
  caf::actor handle;  // null: the child ignored its start; only a temporary one loses its spec
};

// Stops a child as its Shutdown says. The answer comes when the child is down. It is not restarted.
struct TerminateChild {
  std::string id;
};

// Starts a child that is down, from the spec that the supervisor kept.
struct RestartChild {
  std::string id;
};

// Removes the spec of a child that is down.
struct DeleteChild {
  std::string id;
};

// Asks for a child's spec. A simple_one_for_one supervisor answers its template for every id.
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
