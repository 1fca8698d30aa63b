// What a supervisor keeps of one child between its messages.
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
  // Why a child that its supervisor stops has to go.
  enum class Verdict : std::uint8_t { none, start_failed, ignored };
  // Who wants it started: that decides what follows when the start fails.
  enum class Occasion : std::uint8_t {
    first,      // the supervisor cannot start
    automatic,  // tried again
    request,    // told to who asked; the spec stays
    added,      // told to who asked; the spec goes
  };

  ChildSpec spec;
  RestartWindow restarts;  // its own, for the tree; the supervisor's decides
  ChildState state = ChildState::stopped;
  std::uint64_t incarnation = 0;
  std::uint64_t life = 0;     // of its supervisor's: no two starts of any child have the same
  caf::actor handle{};        // from start to down
  std::string handle_text{};  // survives the handle, for reports
  bool is_announced = false;  // subscribers were told ChildUp
  Verdict verdict = Verdict::none;
  Occasion occasion = Occasion::first;
  caf::error start_error{};                      // with Verdict::start_failed
  std::vector<caf::message_id> open_requests{};  // ids of the responses that it owes
  std::vector<PendingReply> when_started{};      // with Occasion::request and added
  std::vector<PendingReply> when_stopped{};
  RestartWindow::Time ready_at{};
  unsigned attempts = 0;  // automatic ones in a row, for the back-off
  bool probe_is_out = false;
  int unanswered = 0;  // probes in a row, while it starts
  RestartWindow::Time probe_due{};
  bool is_abandoned = false;
  int hung_starts = 0;  // in a row
  std::int64_t mailbox = -1;
  std::string last_exit{};
};

// Names one start in messages and callbacks that may come too late.
struct ChildKey {
  std::string id;
  std::uint64_t life = 0;
};

inline ChildKey key_of(const Child& child) { return {child.spec.id, child.life}; }

}  // namespace sg::supervisor
