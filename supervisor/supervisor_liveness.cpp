// Children that hang: docs/adr/0009.
#include <algorithm>
#include <caf/exit_reason.hpp>
#include <cstdlib>

#include "supervisor/supervisor_messages.hpp"
#include "supervisor/supervisor_state.hpp"

namespace sg::supervisor {
namespace {

// How long a killed child may take to end, at least.
constexpr std::chrono::milliseconds kLastCall{1000};
// A start may take so many periods: it may have much to load.
constexpr int kStartPeriods = 6;

}  // namespace

void SupervisorState::watch_liveness(Child& child) {
  child.probe_due = now() + child.spec.liveness->period;
  self_->delayed_send(self_, child.spec.liveness->period, AskAlive{key_of(child)});
}

void SupervisorState::handle_ask_alive(const ChildKey& key) {
  Child* child = find_alive(key);
  if (child == nullptr) return;
  // We were late ourselves, as after a pause of the machine: so may its answer be.
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
  // Ahead of what waits in its mailbox: work that piles up is no hanging. Who does not know the
  // probe answers too.
  ask<caf::message_priority::high>(
      *child, Probe{},
      [lives](const Alive& alive) { lives(static_cast<std::int64_t>(alive.mailbox)); },
      [lives](const caf::error&) { lives(-1); });
  watch_liveness(*child);
}

void SupervisorState::handle_last_call(const ChildKey& key) {
  if (Child* child = find(key, ChildState::stopping)) abandon(*child);
}

// Its handle is forgotten before it is down: should it wake, it finds a kill.
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
  std::erase(subscribers_, child.handle);
  self_->demonitor(child.handle);
  // Ahead of what waits in its mailbox: it must not act on that.
  child.handle->enqueue(nullptr, caf::make_message_id(caf::message_priority::high),
                        caf::make_message(caf::exit_msg{self_->address(), caf::exit_reason::kill}),
                        self_->context());
  if (++abandoned_ > flags_.intensity && phase_ != Phase::stopping) {
    // Each has left its memory behind, and perhaps a thread: no window forgives that.
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

// After a kill, which a child that hangs does not hear.
void SupervisorState::watch_last_call(const Child& child) {
  if (!child.spec.liveness) return;
  self_->delayed_send(self_, std::max(child.spec.liveness->period, kLastCall),
                      LastCall{key_of(child)});
}

}  // namespace sg::supervisor
