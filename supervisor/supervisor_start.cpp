// How children are started: one by one in order, each when the one before it is Ready.
//
// A start has these steps; each may be the last:
//   1. call_start() calls the start function. An error ends in start_failed(), Errc::ignore in
//      ignored().
//   2. ask_init() requests Init. Ready ends in became_ready().
//   3. An error or Ignore ends in init_refused(), which stops the child. Only when the child is
//   down,
//      ended_when_stopped() (supervisor_restart.cpp) calls start_failed() or ignored().
// A child that ends or hangs meanwhile ends in start_failed() as well.
#include <algorithm>
#include <exception>

#include "supervisor/supervisor_messages.hpp"
#include "supervisor/supervisor_state.hpp"

namespace sg::supervisor {
namespace {

// After so many starts in a row that hung, the supervisor gives up. The threads that would run the
// child are then likely to hang as well.
constexpr int kHungStarts = 2;

}  // namespace

// Starts the children in to_start_ as far as possible. Returns true if none is left or the
// supervisor stops, false if the front is not Ready yet. front_is_begun_ is that of the front.
bool SupervisorState::start_group() {
  while (phase_ != Phase::stopping && !to_start_.empty()) {
    const std::string id = to_start_.front();
    Child* child = find(id);
    if (child != nullptr && !std::exchange(front_is_begun_, true)) {
      start(*child);
      // The start may have failed at once. That may have cleared to_start_, stopped the supervisor,
      // or removed the child: look again.
      if (phase_ == Phase::stopping || to_start_.empty()) break;
      child = find(id);
    }
    if (child != nullptr && child->handle && child->state != ChildState::running) return false;
    to_start_.pop_front();
    front_is_begun_ = false;
  }
  front_is_begun_ = false;
  return true;
}

void SupervisorState::start(Child& child) {
  ++child.incarnation;
  child.start_number = ++starts_;
  child.state = ChildState::starting;
  child.verdict = Child::Verdict::none;
  child.probe_is_out = false;
  child.unanswered = 0;
  child.is_abandoned = false;
  child.mailbox = -1;
  child.handle_text.clear();
  auto started = call_start(child);
  if (!started) {
    if (started.error() == Errc::ignore) return ignored(child);
    return start_failed(child, started.error());
  }
  child.handle = std::move(*started);
  child.handle_text = to_string(child.handle);
  // A start function may have linked the child: see "Monitors, not links" in supervisor.hpp.
  self_->unlink_from(child.handle);
  self_->monitor(child.handle);
  // The first start of a child whose hanging ends the process may take any time, as when it reads a
  // large store. became_ready() begins to watch it.
  if (child.spec.liveness &&
      (child.incarnation > 1 || child.spec.liveness->unanswered == Liveness::Unanswered::replace)) {
    watch_liveness(child);
  }
  ask_init(child);
}

caf::expected<caf::actor> SupervisorState::call_start(const Child& child) {
  try {
    auto started = child.spec.start(self_);
    if (!started) return started;
    if (!*started) return make_error(Errc::start_failed, "start gave no handle");
    // Two children with one handle could not be told apart when it ends.
    if (find(started->address()) != nullptr) {
      return make_error(Errc::start_failed, "start gave a sibling's handle");
    }
    return started;
  } catch (const std::exception& exception) {
    return make_error(Errc::start_failed, exception.what());
  } catch (...) {
    return make_error(Errc::start_failed, "start threw");
  }
}

void SupervisorState::ask_init(Child& child) {
  const ChildKey key = key_of(child);
  // Each handler checks the key: the child may have been stopped or replaced since.
  auto ready = [this, key] {
    answered(key);
    if (Child* one = find(key, ChildState::starting)) became_ready(*one);
  };
  ask(
      child, Init{}, [ready](Ready) { ready(); }, [ready](caf::ok_atom) { ready(); },
      [this, key](Ignore) { init_refused(key, Child::Verdict::ignored, {}); },
      [this, key](const caf::error& reason) {
        init_refused(key, Child::Verdict::start_failed, reason);
      });
}

void SupervisorState::init_refused(const ChildKey& key, Child::Verdict verdict,
                                   const caf::error& reason) {
  answered(key);
  Child* child = find(key, ChildState::starting);
  if (child == nullptr) return;
  child->verdict = verdict;
  child->start_error = reason;
  stop_child(*child);
}

void SupervisorState::became_ready(Child& child) {
  child.state = ChildState::running;
  child.ready_at = now();
  child.hung_starts = 0;
  child.is_announced = true;
  report(Context::progress, child, {});
  publish(caf::make_message(child_up(child)));
  if (child.spec.liveness && child.incarnation == 1 &&
      child.spec.liveness->unanswered == Liveness::Unanswered::end_process) {
    watch_liveness(child);
  }
  answer_start(child);
  advance();
}

void SupervisorState::ignored(Child& child) {
  child.state = ChildState::stopped;
  answer_start(child);
  if (child.spec.restart == Restart::temporary || is_simple()) forget(child);
}

void SupervisorState::start_failed(Child& child, const caf::error& reason) {
  child.state = ChildState::stopped;
  child.last_exit = text(reason);
  report(Context::start_error, child, child.last_exit);
  switch (child.occasion) {
    case Child::Occasion::request:
      return answer_start(child, reason);
    case Child::Occasion::added:
      answer_start(child, reason);
      return forget(child);
    case Child::Occasion::first: {
      if (phase_ == Phase::stopping) return;
      const auto why = child.is_abandoned ? Errc::unresponsive : Errc::failed_to_start_child;
      return stop(make_error(why, child.spec.id + ": " + child.last_exit));
    }
    case Child::Occasion::automatic:
      break;
  }
  if (phase_ == Phase::stopping) return;
  // The child is a supervisor, and a child below it hung while it was started.
  if (!child.is_abandoned && reason == Errc::unresponsive) ++child.hung_starts;
  if (child.hung_starts >= kHungStarts) {
    report(Context::shutdown, child, "hangs whenever it is started");
    return stop(make_error(Errc::shutdown, child.spec.id + " hangs whenever it is started"));
  }
  // Start no more of the group: the next attempt stops and starts it again.
  if (!to_start_.empty() && to_start_.front() == child.spec.id) to_start_.clear();
  child.state = ChildState::restarting;
  const auto wait = backoff(child);
  if (wait.count() == 0) return self_->send(self_, TryAgain{key_of(child)});
  self_->delayed_send(self_, wait, TryAgain{key_of(child)});
}

void SupervisorState::answer_init_if_up() {
  if (phase_ == Phase::starting) {
    if (is_regrouping()) return;
    // A child that ignored its start is stopped, which is right.
    const bool is_up = std::all_of(children_.begin(), children_.end(), [](const auto& child) {
      return child->state == ChildState::running || child->state == ChildState::stopped;
    });
    if (!is_up) return;
    phase_ = Phase::running;
    ready_at_ = now();
  }
  if (phase_ != Phase::running) return;
  for (PendingReply& reply : std::exchange(init_replies_, {})) reply.deliver(Ready{});
}

}  // namespace sg::supervisor
