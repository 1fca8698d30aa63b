// Requests that change a supervisor's children; administration.hpp states their contract.
//
// A handler never answers while the work is under way. It puts the reply into the child's
// when_started or when_stopped. answer_start() and answer_stop() answer when the step is complete.
#include <caf/send.hpp>
#include <memory>
#include <utility>

#include "supervisor/supervisor_state.hpp"

namespace sg::supervisor {

void SupervisorState::take_or_postpone(PendingReply reply,
                                       std::function<void(PendingReply)> request) {
  if (phase_ == Phase::stopping) {
    return reply.deliver(make_error(Errc::shutdown, "the supervisor " + flags_.name + " stops"));
  }
  if (is_settled()) {
    request(std::move(reply));
    return advance();
  }
  // std::function has to be copyable, a PendingReply is not: hence the shared pointer.
  auto kept = std::make_shared<PendingReply>(std::move(reply));
  postponed_.emplace_back(
      [this, kept, request = std::move(request)] { take_or_postpone(std::move(*kept), request); });
}

void SupervisorState::start_child(const StartChild& message, PendingReply reply) {
  if (is_simple()) return reply.deliver(make_error(Errc::wrong_strategy, "use StartInstance"));
  const ChildSpec& spec = message.spec;
  if (const auto fault = check_child_specs({&spec, 1}, flags_.auto_shutdown)) {
    return reply.deliver(make_error(Errc::bad_specification, *fault));
  }
  if (const Child* child = find(spec.id)) {
    // A child that waits for its next attempt has no handle, but counts as started.
    const bool lives = child->handle || child->state == ChildState::restarting;
    return reply.deliver(
        make_error(lives ? Errc::already_started : Errc::already_present, spec.id));
  }
  add(spec, std::move(reply));
}

void SupervisorState::start_instance(const StartInstance& message, PendingReply reply) {
  if (!is_simple()) return reply.deliver(make_error(Errc::wrong_strategy, "use StartChild"));
  ChildSpec spec = *template_;
  // The number never repeats, so an id names one instance for as long as the supervisor runs.
  spec.id += "/" + std::to_string(++instances_);
  spec.start = [start = template_->start_instance, argument = message.argument](
                   caf::event_based_actor* supervisor) { return start(supervisor, argument); };
  add(std::move(spec), std::move(reply));
}

void SupervisorState::add(ChildSpec spec, PendingReply reply) {
  auto& child = *children_.emplace_back(
      std::make_unique<Child>(Child{.spec = std::move(spec),
                                    .restarts = {flags_.intensity, flags_.period},
                                    .occasion = Child::Occasion::added}));
  child.when_started.push_back(std::move(reply));
  start(child);
}

void SupervisorState::terminate_child(const TerminateChild& message, PendingReply reply) {
  Child* child = find(message.id);
  if (child == nullptr) return reply.deliver(make_error(Errc::not_found, message.id));
  // A reply in when_stopped also keeps ended() from restarting the child.
  child->when_stopped.push_back(std::move(reply));
  if (child->handle) {
    if (child->state != ChildState::stopping) stop_child(*child);
    return;
  }
  child->state = ChildState::stopped;  // cancels a restart that is due
  answer_stop(*child);
}

std::optional<caf::error> SupervisorState::must_be_down(const std::string& id) const {
  if (is_simple()) return make_error(Errc::wrong_strategy, "an instance that ends is gone");
  const Child* child = find(id);
  if (child == nullptr) return make_error(Errc::not_found, id);
  if (child->state == ChildState::restarting) return make_error(Errc::restarting, id);
  if (child->handle) return make_error(Errc::running, id);
  return std::nullopt;
}

void SupervisorState::restart_child(const RestartChild& message, PendingReply reply) {
  if (auto error = must_be_down(message.id)) return reply.deliver(std::move(*error));
  Child& child = *find(message.id);
  child.occasion = Child::Occasion::request;
  child.when_started.push_back(std::move(reply));
  start(child);
}

void SupervisorState::delete_child(const DeleteChild& message, PendingReply reply) {
  if (auto error = must_be_down(message.id)) return reply.deliver(std::move(*error));
  forget(*find(message.id));
  reply.deliver(caf::ok_atom_v);
}

caf::result<ChildSpec> SupervisorState::get_child_spec(const std::string& id) const {
  if (is_simple()) return *template_;
  const Child* child = find(id);
  if (child == nullptr) return make_error(Errc::not_found, id);
  return child->spec;
}

void SupervisorState::answer_start(Child& child, const caf::error& failure) {
  for (PendingReply& reply : std::exchange(child.when_started, {})) {
    if (failure) {
      reply.deliver(failure);
    } else {
      reply.deliver(StartedChild{child.spec.id, child.handle});
    }
  }
}

// Removes a child that has no reason to be kept, so the caller must not use `child` afterwards. The
// requester is answered last: when it hears ok, the spec is gone already.
void SupervisorState::answer_stop(Child& child) {
  const auto replies = std::make_shared<std::vector<PendingReply>>(std::move(child.when_stopped));
  answer_start(child, make_error(Errc::shutdown, child.spec.id + " was told to stop"));
  const bool is_kept = child.spec.restart != Restart::temporary && !is_simple();
  if (!is_kept && phase_ != Phase::stopping) forget(child);
  for (PendingReply& reply : *replies) reply.deliver(caf::ok_atom_v);
}

}  // namespace sg::supervisor
