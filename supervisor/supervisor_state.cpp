// The supervisor's messages, the order of its steps, its stop, and look-ups.
//
// A handler that changed a child calls advance(), which finds what can be done next:
//   1. stop the group in to_stop_, from the right
//   2. start the children in to_start_, from the left
//   3. tell the parent that all children are up
//   4. run the requests and restarts in postponed_
// While the supervisor stops there is one step only: stop the rightmost child, or quit when all are
// down. Steps 1 and 2 take as long as a child does. advance() then returns, and goes on when the
// child's answer or end arrives.
#include "supervisor/supervisor_state.hpp"

#include <algorithm>
#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>

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
  if (!fault) {
    fault = is_simple() ? check_template(specs, flags_.auto_shutdown)
                        : check_child_specs(specs, flags_.auto_shutdown);
  }
  if (fault) {
    self_->quit(make_error(Errc::bad_specification, *fault));
    return {};
  }
  window_ = RestartWindow{flags_.intensity, flags_.period};
  if (is_simple()) {
    template_ = std::move(specs.front());
    specs.clear();
  }
  for (ChildSpec& spec : specs) {
    to_start_.push_back(spec.id);
    children_.push_back(
        std::make_unique<Child>(Child{.spec = std::move(spec), .restarts = window_}));
  }
  self_->set_exit_handler([this](caf::exit_msg& msg) { handle_exit(msg); });
  self_->set_down_handler([this](caf::down_msg& msg) { handle_down(msg); });
  self_->set_error_handler([](caf::error&) {});  // CAF's default is to quit
  self_->set_default_handler(caf::drop);
  // CAF's default writes to standard output. An exception ends the supervisor, as a bug of its own.
  self_->set_exception_handler([](std::exception_ptr& exception) -> caf::error {
    std::string what = "an exception left a supervisor's handler";
    try {
      std::rethrow_exception(exception);
    } catch (const std::exception& error) {
      what += ": " + std::string(error.what());
    } catch (...) {
    }
    return caf::make_error(caf::sec::runtime_error, what);
  });
  advance();
  return {
      [this](Init) { handle_init(); },
      [this](const TryAgain& msg) { handle_try_again(msg.key); },
      [this](const StopTimeout& msg) { handle_stop_timeout(msg.key); },
      [this](const AskAlive& msg) { handle_ask_alive(msg.key); },
      [this](const LastCall& msg) { handle_last_call(msg.key); },
      [this](Probe) { return Alive{self_->mailbox().size()}; },
      when_settled<StartedChild>(&SupervisorState::start_child),
      when_settled<StartedChild>(&SupervisorState::start_instance),
      when_settled<caf::ok_atom>(&SupervisorState::terminate_child),
      when_settled<StartedChild>(&SupervisorState::restart_child),
      when_settled<caf::ok_atom>(&SupervisorState::delete_child),
      [this](const GetChildSpec& msg) { return get_child_spec(msg.id); },
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
  if (find(msg.source) != nullptr) return;  // a child: its down_msg tells the same
  if (msg.source != parent_ && exit_kind(msg.reason) != ExitKind::shutdown) return;
  stop(msg.reason);
  advance();
}

void SupervisorState::handle_down(const caf::down_msg& msg) {
  // One message may mean two things: a child can be a subscriber as well.
  std::erase_if(subscribers_, [&](const caf::actor& one) { return one.address() == msg.source; });
  if (Child* child = find(msg.source)) ended(*child, msg.reason);
}

void SupervisorState::handle_try_again(const ChildKey& key) {
  Child* child = find(key, ChildState::restarting);
  if (child == nullptr) return;
  try_again(*child);
  advance();
}

void SupervisorState::handle_stop_timeout(const ChildKey& key) {
  Child* child = find(key, ChildState::stopping);
  if (child == nullptr) return;
  self_->send_exit(child->handle, caf::exit_reason::kill);
  watch_last_call(*child);
}

void SupervisorState::advance() {
  if (phase_ != Phase::stopping && (!stop_group() || !start_group())) return;
  if (phase_ == Phase::stopping) return stop_next();
  answer_init_if_up();
  if (is_regrouping()) return;
  // One of them may begin a group; those behind it then put themselves into postponed_ again.
  for (const auto& postponed : std::exchange(postponed_, {})) postponed();
}

// Stops the children in to_stop_ one by one, from the right. Returns true when all of them are
// down; they stand in to_start_ then, in the same order.
bool SupervisorState::stop_group() {
  for (auto id = to_stop_.rbegin(); id != to_stop_.rend(); ++id) {
    Child* child = find(*id);
    if (child == nullptr || !child->handle) continue;
    if (child->state != ChildState::stopping) stop_child(*child);
    return false;
  }
  to_start_.insert(to_start_.end(), to_stop_.begin(), to_stop_.end());
  to_stop_.clear();
  return true;
}
bool SupervisorState::is_regrouping() const {
  if (!to_stop_.empty() || !to_start_.empty()) return true;
  return restarts_groups() &&
         std::any_of(children_.begin(), children_.end(), [](const auto& child) {
           return child->state == ChildState::starting || child->state == ChildState::stopping;
         });
}

// Stops the rightmost child that has a handle, or quits if there is none.
void SupervisorState::stop_next() {
  bool is_down = true;
  for (auto it = children_.rbegin(); it != children_.rend(); ++it) {
    Child& child = **it;
    if (!child.handle) continue;
    is_down = false;
    if (child.state != ChildState::stopping) stop_child(child);
    // Instances have no order: all are stopped at once.
    if (!is_simple()) return;
  }
  if (!is_down) return;
  // The parent still waits for Ready: this start has failed.
  for (PendingReply& reply : std::exchange(init_replies_, {})) {
    reply.deliver(exit_reason_ ? exit_reason_ : make_error(Errc::shutdown));
  }
  self_->quit(std::move(exit_reason_));
}
// -- stop --

// Begins to stop the supervisor; the first reason counts. The caller's advance() does the rest.
void SupervisorState::stop(caf::error reason) {
  if (phase_ == Phase::stopping) return;
  phase_ = Phase::stopping;
  to_start_.clear();
  exit_reason_ = std::move(reason);
  to_stop_.clear();
  for (const auto& child : children_) {
    if (child->state == ChildState::restarting) child->state = ChildState::stopped;
  }
  // In this phase take_or_postpone() answers each request with Errc::shutdown.
  for (const auto& postponed : std::exchange(postponed_, {})) postponed();
}

// Tells a child to stop, as its Shutdown says. Its down_msg ends in ended().
void SupervisorState::stop_child(Child& child) {
  child.state = ChildState::stopping;
  const Shutdown shutdown = shutdown_of(child.spec);
  if (shutdown.kind == Shutdown::Kind::brutal_kill) {
    self_->send_exit(child.handle, caf::exit_reason::kill);
    return watch_last_call(child);
  }
  self_->send_exit(child.handle, caf::exit_reason::user_shutdown);
  if (shutdown.kind == Shutdown::Kind::timeout) {
    self_->delayed_send(self_, shutdown.timeout, StopTimeout{key_of(child)});
  }
}

// -- requests and lookups --

void SupervisorState::answered(const ChildKey& key) {
  Child* child = find(key.id);
  if (child == nullptr || child->start_number != key.start_number) return;
  // Inside a response handler, the current message is the response.
  std::erase(child->open_requests, self_->current_message_id());
}

// The actor system's clock, which a test can set.
RestartWindow::Time SupervisorState::now() const { return self_->clock().now(); }

std::string SupervisorState::text(const caf::error& reason) const {
  return reason_text(self_->system(), reason);
}

void SupervisorState::report(Context context, const Child& child, std::string reason) const {
  if (!flags_.report) return;
  try {
    flags_.report(make_report(context, child, std::move(reason)));
  } catch (...) {  // a broken log must not end the tree
  }
}

Report SupervisorState::make_report(Context context, const Child& child, std::string reason) const {
  const ChildSpec& spec = child.spec;
  return {
      flags_.name,
      context,
      std::move(reason),
      {child.handle_text, spec.id, spec.restart, shutdown_of(spec), spec.type, spec.significant},
      child.is_abandoned,
      child.incarnation};
}

Child* SupervisorState::find(const std::string& id) const {
  auto it = std::find_if(children_.begin(), children_.end(),
                         [&](const auto& child) { return child->spec.id == id; });
  return it == children_.end() ? nullptr : it->get();
}

Child* SupervisorState::find(const ChildKey& key, ChildState state) const {
  Child* child = find(key.id);
  const bool is_current =
      child != nullptr && child->start_number == key.start_number && child->state == state;
  return is_current ? child : nullptr;
}
Child* SupervisorState::find(const caf::actor_addr& address) const {
  auto it = std::find_if(children_.begin(), children_.end(), [&](const auto& child) {
    return child->handle && child->handle.address() == address;
  });
  return it == children_.end() ? nullptr : it->get();
}

}  // namespace sg::supervisor
