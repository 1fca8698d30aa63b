#include "supervisor/supervisor_state.hpp"

#include <algorithm>
#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <exception>

#include "supervisor/exit_rule.hpp"
#include "supervisor/supervisor_messages.hpp"

namespace sg::supervisor {

SupervisorState::~SupervisorState() {
  for (const auto& child : children_) {
    if (child->handle) caf::anon_send_exit(child->handle, caf::exit_reason::kill);
  }
}

caf::behavior SupervisorState::make_behavior(Flags flags, std::vector<ChildSpec> specs,
                                             caf::actor_addr parent) {
  flags_ = std::move(flags);
  parent_ = std::move(parent);
  auto fault = check_flags(flags_);
  if (!fault) fault = check_child_specs(specs);
  if (fault) {
    self_->quit(make_error(Errc::bad_specification, *fault));
    return {};
  }
  window_ = RestartWindow{flags_.intensity, flags_.period};
  for (ChildSpec& spec : specs) {
    to_start_.push_back(spec.id);
    children_.push_back(
        std::make_unique<Child>(Child{.spec = std::move(spec), .restarts = window_}));
  }
  self_->set_exit_handler([this](caf::exit_msg& msg) { handle_exit(msg); });
  self_->set_down_handler([this](caf::down_msg& msg) { handle_down(msg); });
  self_->set_error_handler([](caf::error&) {});  // CAF's default is to quit
  self_->set_default_handler(caf::drop);
  advance();
  return {
      [this](Init) { handle_init(); },
      [this](const TryAgain& msg) { handle_try_again(msg.key); },
      [this](const StopTimeout& msg) { handle_stop_timeout(msg.key); },
      [this](const Subscribe& msg) { handle_subscribe(msg.subscriber); },
      [this](const Unsubscribe& msg) { handle_unsubscribe(msg.subscriber); },
      [this](WhichChildren) { return which_children(); },
      [this](CountChildren) { return count_children(); },
      [this](GetTree) { handle_get_tree(); },
  };
}

void SupervisorState::handle_init() {
  init_replies_.emplace_back(self_->make_response_promise());
  answer_init_if_up();
}

void SupervisorState::handle_exit(const caf::exit_msg& msg) {
  if (find(msg.source) != nullptr) return;  // its down_msg tells the same
  if (msg.source != parent_ && exit_kind(msg.reason) != ExitKind::shutdown) return;
  stop(msg.reason);
  advance();
}

void SupervisorState::handle_down(const caf::down_msg& msg) {
  std::erase_if(subscribers_, [&](const caf::actor& one) { return one.address() == msg.source; });
  if (Child* child = find(msg.source)) ended(*child, msg.reason);
}

void SupervisorState::handle_try_again(const ChildKey& key) {
  Child* child = find(key, ChildState::restarting);
  if (child == nullptr) return;
  restart(*child);
  advance();
}

void SupervisorState::handle_stop_timeout(const ChildKey& key) {
  if (Child* child = find(key, ChildState::stopping)) {
    self_->send_exit(child->handle, caf::exit_reason::kill);
  }
}

void SupervisorState::advance() {
  while (phase_ != Phase::stopping && !to_start_.empty()) {
    const std::string id = to_start_.front();
    if (Child* child = find(id); child != nullptr && child->incarnation == 0) start(*child);
    if (phase_ == Phase::stopping) break;
    const Child* child = find(id);
    if (child != nullptr && child->handle && child->state != ChildState::running) return;
    to_start_.pop_front();
  }
  if (phase_ == Phase::stopping) return stop_next();
  answer_init_if_up();
}

void SupervisorState::stop_next() {
  for (auto it = children_.rbegin(); it != children_.rend(); ++it) {
    Child& child = **it;
    if (!child.handle) continue;
    if (child.state != ChildState::stopping) stop_child(child);
    return;
  }
  for (PendingReply& reply : std::exchange(init_replies_, {})) {
    reply.deliver(exit_reason_ ? exit_reason_ : make_error(Errc::shutdown));
  }
  self_->quit(std::move(exit_reason_));
}

// -- start --

void SupervisorState::start(Child& child) {
  ++child.incarnation;
  child.state = ChildState::starting;
  child.verdict = Child::Verdict::none;
  child.handle_text.clear();
  auto started = call_start(child);
  if (!started) {
    if (started.error() == Errc::ignore) return ignored(child);
    return start_failed(child, started.error());
  }
  child.handle = std::move(*started);
  child.handle_text = to_string(child.handle);
  self_->unlink_from(child.handle);
  self_->monitor(child.handle);
  ask_init(child);
}

caf::expected<caf::actor> SupervisorState::call_start(const Child& child) {
  try {
    auto started = child.spec.start(self_);
    if (!started) return started;
    if (!*started) return make_error(Errc::start_failed, "start gave no handle");
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
  child.is_announced = true;
  report(Context::progress, child, {});
  publish(caf::make_message(child_up(child)));
  advance();
}

void SupervisorState::ignored(Child& child) {
  child.state = ChildState::stopped;
  if (child.spec.restart == Restart::temporary) forget(child);
}

void SupervisorState::start_failed(Child& child, const caf::error& reason) {
  child.state = ChildState::stopped;
  child.last_exit = text(reason);
  report(Context::start_error, child, child.last_exit);
  if (phase_ == Phase::stopping) return;
  if (!to_start_.empty() && to_start_.front() == child.spec.id) {
    return stop(make_error(Errc::failed_to_start_child, child.spec.id + ": " + child.last_exit));
  }
  child.state = ChildState::restarting;
  self_->send(self_, TryAgain{key_of(child)});
}

void SupervisorState::answer_init_if_up() {
  if (phase_ == Phase::starting) {
    // While to_start_ is not empty, its front is starting or stopping.
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

// -- end of a child --

void SupervisorState::ended(Child& child, const caf::error& reason) {
  const ChildState before = std::exchange(child.state, ChildState::stopped);
  child.handle = nullptr;
  child.last_exit = text(reason);
  for (caf::message_id request : std::exchange(child.open_requests, {})) {
    self_->eq_impl(request, self_->ctrl(), self_->context(),
                   caf::make_error(caf::sec::request_receiver_down));
  }
  if (std::exchange(child.is_announced, false)) {
    publish(caf::make_message(ChildDown{flags_.name, child.spec.id, child.incarnation, reason}));
  }
  if (before == ChildState::starting) {
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
      return;
    case Child::Verdict::ignored:
      return ignored(child);
    case Child::Verdict::start_failed: {
      // A child that dies with Init in its mailbox is answered for by CAF; its own reason says
      // more.
      const bool died_first = child.start_error == caf::sec::request_receiver_down && reason &&
                              reason != caf::exit_reason::user_shutdown;
      return start_failed(child, died_first ? reason : child.start_error);
    }
  }
}

void SupervisorState::ended_by_itself(Child& child, const caf::error& reason) {
  if (phase_ == Phase::stopping) return ended_when_stopped(child, reason);
  const ExitRule rule = exit_rule(child.spec.restart, exit_kind(reason));
  if (rule.report) report(Context::child_terminated, child, child.last_exit);
  if (rule.consequence == Consequence::restart) restart(child);
  if (rule.consequence == Consequence::forget) forget(child);
}

void SupervisorState::restart(Child& child) {
  (void)child.restarts.add(now());
  if (window_.add(now())) return start(child);
  child.state = ChildState::stopped;
  report(Context::shutdown, child, "reached_max_restart_intensity");
  stop(make_error(Errc::shutdown, "reached_max_restart_intensity"));
}

void SupervisorState::forget(Child& child) {
  std::erase_if(children_, [&](const auto& one) { return one.get() == &child; });
}

// -- stop --

void SupervisorState::stop(caf::error reason) {
  if (phase_ == Phase::stopping) return;
  phase_ = Phase::stopping;
  to_start_.clear();
  exit_reason_ = std::move(reason);
  for (const auto& child : children_) {
    if (child->state == ChildState::restarting) child->state = ChildState::stopped;
  }
}

void SupervisorState::stop_child(Child& child) {
  child.state = ChildState::stopping;
  const Shutdown shutdown = shutdown_of(child.spec);
  if (shutdown.kind == Shutdown::Kind::brutal_kill) {
    self_->send_exit(child.handle, caf::exit_reason::kill);
    return;
  }
  self_->send_exit(child.handle, caf::exit_reason::user_shutdown);
  if (shutdown.kind == Shutdown::Kind::timeout) {
    self_->delayed_send(self_, shutdown.timeout, StopTimeout{key_of(child)});
  }
}

// -- requests and lookups --

void SupervisorState::answered(const ChildKey& key) {
  Child* child = find(key.id);
  if (child == nullptr || child->incarnation != key.incarnation) return;
  std::erase(child->open_requests, self_->current_message_id());
}

RestartWindow::Time SupervisorState::now() const { return self_->clock().now(); }

std::string SupervisorState::text(const caf::error& reason) const {
  return reason_text(self_->system(), reason);
}

void SupervisorState::report(Context context, const Child& child, std::string reason) const {
  if (!flags_.report) return;
  const ChildSpec& spec = child.spec;
  try {
    flags_.report({flags_.name,
                   context,
                   std::move(reason),
                   {child.handle_text, spec.id, spec.restart, shutdown_of(spec), spec.type},
                   child.incarnation});
  } catch (...) {  // a broken log must not end the tree
  }
}

Child* SupervisorState::find(const std::string& id) const {
  auto it = std::find_if(children_.begin(), children_.end(),
                         [&](const auto& child) { return child->spec.id == id; });
  return it == children_.end() ? nullptr : it->get();
}

Child* SupervisorState::find(const ChildKey& key, ChildState state) const {
  Child* child = find(key.id);
  const bool is_current =
      child != nullptr && child->incarnation == key.incarnation && child->state == state;
  return is_current ? child : nullptr;
}

Child* SupervisorState::find(const caf::actor_addr& address) const {
  auto it = std::find_if(children_.begin(), children_.end(), [&](const auto& child) {
    return child->handle && child->handle.address() == address;
  });
  return it == children_.end() ? nullptr : it->get();
}

}  // namespace sg::supervisor
