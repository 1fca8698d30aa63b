// What follows when a child ends: its restart, that of its group, or the end of the supervisor.
//
//   ended                         clears up, and finds out why the child ended
//   ├── ended_when_stopped        the supervisor had told it to stop
//   ├── start_failed              it ended before it was Ready (supervisor_start.cpp)
//   └── ended_by_itself           exit_rule() decides
//       └── crashed               waits for the back-off
//           └── try_again         waits for another group
//               └── restart       counts in the window, gives up or starts
#include <algorithm>
#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <cmath>
#include <random>

#include "supervisor/exit_rule.hpp"
#include "supervisor/supervisor_messages.hpp"
#include "supervisor/supervisor_state.hpp"

namespace sg::supervisor {
namespace {

double random_share() {
  std::random_device device;
  return std::generate_canonical<double, 32>(device);
}

}  // namespace

void SupervisorState::ended(Child& child, const caf::error& reason) {
  const ChildState before = std::exchange(child.state, ChildState::stopped);
  child.handle = nullptr;
  child.last_exit = text(reason);
  // CAF answers only requests that still lay in the mailbox of a child that ended. It answers
  // neither those that the child had read, nor any of a child that was abandoned.
  for (caf::message_id request : std::exchange(child.open_requests, {})) {
    self_->eq_impl(request, self_->ctrl(), self_->context(),
                   caf::make_error(caf::sec::request_receiver_down));
  }
  if (std::exchange(child.is_announced, false)) {
    publish(caf::make_message(ChildDown{flags_.name, child.spec.id, child.incarnation, reason}));
  }
  if (!child.when_stopped.empty() || is_being_stopped(child)) {
    // It was told to stop by request or with its group. That outweighs a failed start.
    child.verdict = Child::Verdict::none;
    ended_when_stopped(child, reason);
  } else if (before == ChildState::starting) {
    start_failed(child,
                 reason ? reason : make_error(Errc::start_failed, "ended before it was ready"));
  } else if (before == ChildState::stopping) {
    ended_when_stopped(child, reason);
  } else {
    ended_by_itself(child, reason);
  }
  advance();
}

void SupervisorState::ended_when_stopped(Child& child, const caf::error& reason) {
  switch (child.verdict) {
    case Child::Verdict::none:
      if (!is_expected_stop(child.spec.restart, shutdown_of(child.spec), reason)) {
        report(Context::shutdown_error, child, child.last_exit);
      }
      return answer_stop(child);
    case Child::Verdict::ignored:
      return ignored(child);
    case Child::Verdict::start_failed: {
      // If a child dies with Init in its mailbox, CAF answers Init with request_receiver_down. The
      // child's own exit reason says more, so that is what gets reported.
      const bool died_first = child.start_error == caf::sec::request_receiver_down && reason &&
                              reason != caf::exit_reason::user_shutdown;
      return start_failed(child, died_first ? reason : child.start_error);
    }
  }
}

void SupervisorState::ended_by_itself(Child& child, const caf::error& reason) {
  // It was about to be stopped anyway: judge its end as if it had been told to.
  if (phase_ == Phase::stopping) return ended_when_stopped(child, reason);
  const ExitRule rule = exit_rule(child.spec.restart, exit_kind(reason));
  if (rule.report) report(Context::child_terminated, child, child.last_exit);
  if (rule.consequence == Consequence::restart) {
    child.restart_counts = child.spec.normal_end_counts || exit_kind(reason) != ExitKind::normal;
    return crashed(child);
  }
  const bool ends = ends_us(child);  // before forget() destroys the child
  if (rule.consequence == Consequence::forget || is_simple()) forget(child);
  if (ends) stop(make_error(Errc::shutdown, "auto_shutdown"));
}

// Whether the end of this child, which no restart follows, ends the supervisor too.
bool SupervisorState::ends_us(const Child& child) const {
  if (!child.spec.significant || flags_.auto_shutdown == AutoShutdown::never) return false;
  if (flags_.auto_shutdown == AutoShutdown::any_significant) return true;
  return std::none_of(children_.begin(), children_.end(), [&](const auto& other) {
    return other.get() != &child && other->spec.significant &&
           (other->handle || other->state == ChildState::restarting);
  });
}

void SupervisorState::crashed(Child& child) {
  child.state = ChildState::restarting;
  if (const auto& spec = child.spec.backoff) {
    if (now() - child.ready_at >= (spec->min + spec->max) / 2) child.attempts = 0;
  }
  const auto wait = backoff(child);
  if (wait.count() == 0) return try_again(child);
  self_->delayed_send(self_, wait, TryAgain{key_of(child)});
}

std::chrono::milliseconds SupervisorState::backoff(Child& child) {
  if (!child.spec.backoff) return {};
  const auto& [min, max, jitter] = *child.spec.backoff;
  // min * 2^attempts. In floating point, a large power is infinite and does not overflow.
  const double doubled = static_cast<double>(min.count()) * std::exp2(child.attempts++);
  const double bounded = std::min(doubled, static_cast<double>(max.count()));
  const double share = flags_.random ? flags_.random() : random_share();
  return std::chrono::milliseconds{static_cast<std::int64_t>(bounded * (1 + share * jitter))};
}

void SupervisorState::try_again(Child& child) {
  if (!restarts_groups() || !is_regrouping()) return restart(child);
  // Another group is being stopped or started. The key drops this attempt if the child is started
  // with that group.
  postponed_.emplace_back([this, key = key_of(child)] { handle_try_again(key); });
}

void SupervisorState::restart(Child& child) {
  (void)child.restarts.add(now());  // for TreeNode; the supervisor's window decides
  if (std::exchange(child.restart_counts, true) && !window_.add(now())) {
    child.state = ChildState::stopped;
    report(Context::shutdown, child, "reached_max_restart_intensity");
    return stop(make_error(Errc::shutdown, "reached_max_restart_intensity"));
  }
  child.occasion = Child::Occasion::automatic;
  if (!restarts_groups()) return start(child);
  restart_group(child);
}

// Marks the group of the child: all children, or the child and those to its right. The next
// advance() stops and starts them. Their starts are restarts, so a failure is followed by another
// attempt.
void SupervisorState::restart_group(Child& child) {
  bool is_right = flags_.strategy == Strategy::one_for_all;
  for (const auto& one : children_) {
    is_right = is_right || one.get() == &child;
    if (!is_right) continue;
    one->occasion = Child::Occasion::automatic;
    if (one->state == ChildState::restarting) one->state = ChildState::stopped;
    to_stop_.push_back(one->spec.id);
  }
}

void SupervisorState::forget(Child& child) {
  std::erase_if(children_, [&](const auto& one) { return one.get() == &child; });
}

bool SupervisorState::is_being_stopped(const Child& child) const {
  return std::find(to_stop_.begin(), to_stop_.end(), child.spec.id) != to_stop_.end();
}

}  // namespace sg::supervisor
