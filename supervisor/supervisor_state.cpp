#include "supervisor/supervisor_state.hpp"

#include <algorithm>
#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <random>

#include "supervisor/exit_rule.hpp"
#include "supervisor/supervisor_messages.hpp"

namespace sg::supervisor {

namespace {

// How long a killed child with a liveness may take to end, at least.
constexpr std::chrono::milliseconds kLastCall{1000};

// The threads that would run it hang as well: restarting is of no use.
constexpr int kHungStarts = 2;
// A start may take so many periods of its liveness: it may have much to load.
constexpr int kStartPeriods = 6;

double random_share() {
  std::random_device device;
  return std::generate_canonical<double, 32>(device);
}

}  // namespace

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
  if (!fault) fault = check_child_specs(specs, flags_.auto_shutdown);
  if (!fault && is_simple() && (specs.size() != 1 || !specs.front().start_instance)) {
    fault = "simple_one_for_one takes one spec, with start_instance";
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
  advance();
  return {
      [this](Init) { handle_init(); },
      [this](const TryAgain& msg) { handle_try_again(msg.key); },
      [this](const StopTimeout& msg) { handle_stop_timeout(msg.key); },
      [this](const AskAlive& msg) { handle_ask_alive(msg.key); },
      [this](const LastCall& msg) { handle_last_call(msg.key); },
      [this](Probe) { return Alive{self_->mailbox().size()}; },
      [this](const StartChild& msg) -> caf::result<StartedChild> {
        auto promise = self_->make_response_promise();
        when_settled(PendingReply{promise},
                     [this, msg](PendingReply reply) { start_child(msg, std::move(reply)); });
        return promise;
      },
      [this](const StartInstance& msg) -> caf::result<StartedChild> {
        auto promise = self_->make_response_promise();
        when_settled(PendingReply{promise},
                     [this, msg](PendingReply reply) { start_instance(msg, std::move(reply)); });
        return promise;
      },
      [this](const TerminateChild& msg) -> caf::result<caf::ok_atom> {
        auto promise = self_->make_response_promise();
        when_settled(PendingReply{promise}, [this, id = msg.id](PendingReply reply) {
          terminate_child(id, std::move(reply));
        });
        return promise;
      },
      [this](const RestartChild& msg) -> caf::result<StartedChild> {
        auto promise = self_->make_response_promise();
        when_settled(PendingReply{promise}, [this, id = msg.id](PendingReply reply) {
          restart_child(id, std::move(reply));
        });
        return promise;
      },
      [this](const DeleteChild& msg) -> caf::result<caf::ok_atom> {
        auto promise = self_->make_response_promise();
        when_settled(PendingReply{promise}, [this, id = msg.id](PendingReply reply) {
          delete_child(id, std::move(reply));
        });
        return promise;
      },
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
  try_again(*child);
  advance();
}

void SupervisorState::handle_stop_timeout(const ChildKey& key) {
  Child* child = find(key, ChildState::stopping);
  if (child == nullptr) return;
  self_->send_exit(child->handle, caf::exit_reason::kill);
  if (!child->spec.liveness) return;
  self_->delayed_send(self_, std::max(child->spec.liveness->period, kLastCall), LastCall{key});
}

void SupervisorState::advance() {
  if (phase_ != Phase::stopping && (!stop_group() || !start_group())) return;
  if (phase_ == Phase::stopping) return stop_next();
  answer_init_if_up();
  if (is_regrouping()) return;
  for (const auto& postponed : std::exchange(postponed_, {})) postponed();
}

// Stops what stands in to_stop_, from the right. True when it is down and stands in to_start_.
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

// True when nothing is left to be started, or when the supervisor stops.
bool SupervisorState::start_group() {
  while (phase_ != Phase::stopping && !to_start_.empty()) {
    const std::string id = to_start_.front();
    Child* child = find(id);
    if (child != nullptr && !std::exchange(front_is_begun_, true)) {
      start(*child);
      // It may have failed, and ended the group.
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

bool SupervisorState::is_regrouping() const {
  if (!to_stop_.empty() || !to_start_.empty()) return true;
  return restarts_groups() &&
         std::any_of(children_.begin(), children_.end(), [](const auto& child) {
           return child->state == ChildState::starting || child->state == ChildState::stopping;
         });
}

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
  for (PendingReply& reply : std::exchange(init_replies_, {})) {
    reply.deliver(exit_reason_ ? exit_reason_ : make_error(Errc::shutdown));
  }
  self_->quit(std::move(exit_reason_));
}

// -- start --

void SupervisorState::start(Child& child) {
  ++child.incarnation;
  child.life = ++lives_;
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
  self_->unlink_from(child.handle);
  self_->monitor(child.handle);
  // The first start of one that ends the process may take any time.
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
  // Something below it hung.
  if (!child.is_abandoned && reason == Errc::unresponsive) ++child.hung_starts;
  if (child.hung_starts >= kHungStarts) {
    report(Context::shutdown, child, "hangs whenever it is started");
    return stop(make_error(Errc::shutdown, child.spec.id + " hangs whenever it is started"));
  }
  // What stands to its right in the group is started with the next attempt.
  if (!to_start_.empty() && to_start_.front() == child.spec.id) to_start_.clear();
  child.state = ChildState::restarting;
  const auto wait = backoff(child);
  if (wait.count() == 0) return self_->send(self_, TryAgain{key_of(child)});
  self_->delayed_send(self_, wait, TryAgain{key_of(child)});
}

void SupervisorState::answer_init_if_up() {
  if (phase_ == Phase::starting) {
    if (is_regrouping()) return;
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
  if (!child.when_stopped.empty() || is_being_stopped(child)) {
    // Told to go, whatever it was about.
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
  if (rule.consequence == Consequence::restart) return crashed(child);
  const bool ends = ends_us(child);
  if (rule.consequence == Consequence::forget || is_simple()) forget(child);
  if (ends) stop(make_error(Errc::shutdown, "auto_shutdown"));
}

// Whether its end, which no restart follows, is that of the supervisor too.
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
  const double doubled = static_cast<double>(min.count()) * std::exp2(child.attempts++);
  const double bounded = std::min(doubled, static_cast<double>(max.count()));
  const double share = flags_.random ? flags_.random() : random_share();
  return std::chrono::milliseconds{static_cast<std::int64_t>(bounded * (1 + share * jitter))};
}

void SupervisorState::try_again(Child& child) {
  if (!restarts_groups() || !is_regrouping()) return restart(child);
  // Another group of children is under way.
  postponed_.emplace_back([this, key = key_of(child)] { handle_try_again(key); });
}

void SupervisorState::restart(Child& child) {
  (void)child.restarts.add(now());
  if (!window_.add(now())) {
    child.state = ChildState::stopped;
    report(Context::shutdown, child, "reached_max_restart_intensity");
    return stop(make_error(Errc::shutdown, "reached_max_restart_intensity"));
  }
  child.occasion = Child::Occasion::automatic;
  if (!restarts_groups()) return start(child);
  restart_group(child);
}

// The next advance() stops and starts them.
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

// -- liveness --

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
  self_->send_exit(child.handle, caf::exit_reason::kill);
  if (++abandoned_ > flags_.intensity && phase_ != Phase::stopping) {
    // Each has left its memory behind, and perhaps a thread: no window forgives that.
    report(Context::shutdown, child, "too many children hang");
    stop(make_error(Errc::shutdown, "too many children hang"));
  }
  ended(child, reason);
}

// -- stop --

void SupervisorState::stop(caf::error reason) {
  if (phase_ == Phase::stopping) return;
  phase_ = Phase::stopping;
  to_start_.clear();
  exit_reason_ = std::move(reason);
  to_stop_.clear();
  postponed_.clear();
  for (const auto& child : children_) {
    if (child->state == ChildState::restarting) child->state = ChildState::stopped;
  }
}

void SupervisorState::stop_child(Child& child) {
  child.state = ChildState::stopping;
  const Shutdown shutdown = shutdown_of(child.spec);
  if (shutdown.kind == Shutdown::Kind::brutal_kill) {
    self_->send_exit(child.handle, caf::exit_reason::kill);
    if (child.spec.liveness) {
      self_->delayed_send(self_, std::max(child.spec.liveness->period, kLastCall),
                          LastCall{key_of(child)});
    }
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
  if (child == nullptr || child->life != key.life) return;
  std::erase(child->open_requests, self_->current_message_id());
}

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
  const bool is_current = child != nullptr && child->life == key.life && child->state == state;
  return is_current ? child : nullptr;
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

bool SupervisorState::is_being_stopped(const Child& child) const {
  return std::find(to_stop_.begin(), to_stop_.end(), child.spec.id) != to_stop_.end();
}

Child* SupervisorState::find(const caf::actor_addr& address) const {
  auto it = std::find_if(children_.begin(), children_.end(), [&](const auto& child) {
    return child->handle && child->handle.address() == address;
  });
  return it == children_.end() ? nullptr : it->get();
}

}  // namespace sg::supervisor
