// Children that hang; docs/adr/0009 explains the decision.
//
// While a child with a Liveness is watched, one AskAlive is under way. When it arrives:
//   1. The last Probe was answered: send the next Probe.
//   2. It was not, but the supervisor itself is late, or the child may still start: wait one more
//      period.
//   3. It was not: abandon the child, or end the process, as its Liveness says.
// A child that is killed cannot be probed, since it may end without an answer. Instead a LastCall
// arrives after some time and abandons a child that is still there.
#include <algorithm>
#include <caf/exit_reason.hpp>
#include <cstdlib>

#include "supervisor/supervisor_messages.hpp"
#include "supervisor/supervisor_state.hpp"

namespace sg::supervisor {
namespace {

// The least time that a killed child gets to end. A short liveness period does not shorten it.
constexpr std::chrono::milliseconds kLastCall{1000};
// How many periods a start may take without an answer: a child may have much to load.
constexpr int kStartPeriods = 6;

}  // namespace

void SupervisorState::watch_liveness(Child& child) {
  child.probe_due = now() + child.spec.liveness->period;
  self_->delayed_send(self_, child.spec.liveness->period, AskAlive{key_of(child)});
}

void SupervisorState::handle_ask_alive(const ChildKey& key) {
  Child* child = find_alive(key);
  if (child == nullptr) return;
  // This message arrived late, as after a pause of the machine. The child's answer may then be late
  // for the same reason.
  const bool is_late = now() - child->probe_due >= child->spec.liveness->period / 2;
  if (child->probe_is_out) {
    const bool may_take_longer =
        child->state == ChildState::starting && ++child->unanswered < kStartPeriods;
    if (!is_late && !may_take_longer) return abandon(*child);
    return watch_liveness(*child);
  }
  child->probe_is_out = true;
  const auto lives = [this, key](std::int64_t mailbox) {
    answered(key);
    Child* one = find_alive(key);
    if (one == nullptr) return;
    one->probe_is_out = false;
    one->unanswered = 0;
    one->mailbox = mailbox;
  };
  // High priority: messages that pile up in the mailbox do not mean that the child hangs. An error
  // is an answer too: a child without a handler for Probe still reads its mailbox.
  ask<caf::message_priority::high>(
      *child, Probe{},
      [lives](const Alive& alive) { lives(static_cast<std::int64_t>(alive.mailbox)); },
      [lives](const caf::error&) { lives(-1); });
  watch_liveness(*child);
}

void SupervisorState::handle_last_call(const ChildKey& key) {
  if (Child* child = find(key, ChildState::stopping)) abandon(*child);
}

// Treats a child that hangs as if it had ended. Its thread may still be in a handler. If that
// handler ever returns, the child finds a kill first in its mailbox.
void SupervisorState::abandon(Child& child) {
  const auto& liveness = *child.spec.liveness;
  const auto reason =
      make_error(Errc::unresponsive,
                 "no answer within " + std::to_string(liveness.period.count()) + " ms: abandoned");
  if (liveness.unanswered == Liveness::Unanswered::end_process) {
    report(Context::child_terminated, child, text(reason));
    if (flags_.fatal) flags_.fatal(make_report(Context::child_terminated, child, text(reason)));
    std::abort();
  }
  child.is_abandoned = true;
  if (child.state == ChildState::starting) ++child.hung_starts;
  // From here on the supervisor knows nothing of this actor: no subscription, no down_msg.
  std::erase(subscribers_, child.handle);
  self_->demonitor(child.handle);
  // High priority puts the kill ahead of the messages that wait in the mailbox. The child must not
  // handle those, since its successor may run already.
  child.handle->enqueue(nullptr, caf::make_message_id(caf::message_priority::high),
                        caf::make_message(caf::exit_msg{self_->address(), caf::exit_reason::kill}),
                        self_->context());
  if (++abandoned_ > flags_.intensity && phase_ != Phase::stopping) {
    // Each of them keeps its memory and perhaps a thread, for as long as the process runs. So their
    // number is limited over all time, and not only within the restart window.
    report(Context::shutdown, child, "too many children hang");
    stop(make_error(Errc::shutdown, "too many children hang"));
  }
  ended(child, reason);
}

Child* SupervisorState::find_alive(const ChildKey& key) const {
  for (const auto state : {ChildState::running, ChildState::starting}) {
    if (Child* child = find(key, state)) return child;
  }
  Child* child = find(key, ChildState::stopping);
  const bool is_watched = child != nullptr && child->spec.liveness &&
                          child->spec.liveness->unanswered == Liveness::Unanswered::end_process;
  return is_watched ? child : nullptr;
}

// Call after a kill: a child that hangs does not read it, and may never end.
void SupervisorState::watch_last_call(const Child& child) {
  if (!child.spec.liveness) return;
  self_->delayed_send(self_, std::max(child.spec.liveness->period, kLastCall),
                      LastCall{key_of(child)});
}

}  // namespace sg::supervisor
