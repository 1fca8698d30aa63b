// What a supervisor keeps about one child between its messages.
//
// Concurrency. Belongs to the supervisor's actor, which alone reads and changes it.
#pragma once

#include <caf/actor.hpp>
#include <caf/error.hpp>
#include <caf/message_id.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "supervisor/child_spec.hpp"
#include "supervisor/messages.hpp"
#include "supervisor/pending_reply.hpp"
#include "supervisor/restart_window.hpp"

namespace sg::supervisor {

struct Child {
  // Why the supervisor stops a child during its start. `none`: it stops it for another reason.
  enum class Verdict : std::uint8_t { none, start_failed, ignored };
  // Who wants the child started. This decides what follows when the start fails.
  enum class Occasion : std::uint8_t {
    first,      // the supervisor itself starts; a failure ends the supervisor
    automatic,  // a restart; a failure is followed by another attempt
    request,    // RestartChild; a failure is told to the requester, the spec stays
    added,      // StartChild or StartInstance; a failure is told, the spec is removed
  };

  ChildSpec spec;
  RestartWindow restarts;  // of this child, for TreeNode only; SupervisorState::window_ decides
  ChildState state = ChildState::stopped;
  std::uint64_t incarnation = 0;  // how many times this child was started; 0: never
  std::uint64_t start_number =
      0;                // number of the last start, unique over all children of the supervisor
  caf::actor handle{};  // set from its start until its down_msg, or until it is abandoned
  std::string handle_text{};  // kept after `handle` is cleared, for reports
  bool is_announced = false;  // subscribers got a ChildUp, and no ChildDown since
  Verdict verdict = Verdict::none;
  Occasion occasion = Occasion::first;
  caf::error start_error{};                      // with Verdict::start_failed
  std::vector<caf::message_id> open_requests{};  // responses that the child still owes
  std::vector<PendingReply> when_started{};      // with Occasion::request and added
  std::vector<PendingReply> when_stopped{};      // TerminateChild requests that wait for its end
  RestartWindow::Time ready_at{};                // when it last became Ready
  bool restart_counts = true;       // of the restart that follows its last end: see ChildSpec
  unsigned attempts = 0;            // waits in a row that doubled the back-off, see Backoff
  bool probe_is_out = false;        // a Probe was sent and is not answered
  int unanswered = 0;               // periods in a row without an answer, counted while it starts
  RestartWindow::Time probe_due{};  // when the next AskAlive should arrive
  bool is_abandoned = false;        // this incarnation hung; its thread may still be in a handler
  int hung_starts = 0;              // starts in a row that hung
  std::int64_t mailbox = -1;        // its messages at the last probe; -1: not known
  std::string last_exit{};          // reason of its last end or failed start; empty: there was none
};

// Names one start of one child. Messages and callbacks carry it, so that one that arrives after the
// child was started again is recognised and dropped.
struct ChildKey {
  std::string id;
  std::uint64_t start_number = 0;  // Child::start_number
};

// The key of the child's current start.
inline ChildKey key_of(const Child& child) { return {child.spec.id, child.start_number}; }

}  // namespace sg::supervisor
