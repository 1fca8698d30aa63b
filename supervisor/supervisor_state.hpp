// The state of the supervisor's actor. Its contract is that of supervisor.hpp. By subject:
// messages, order of things and stop in supervisor_state.cpp, then supervisor_start.cpp,
// _restart.cpp, _liveness.cpp, _administration.cpp and _queries.cpp.
//
// Starts that have an order stand in to_start_, whose front is under way; a one_for_one restart
// runs beside it. Stops go from the right: the last child with a handle is the one under way.
// Strategies that restart several children stop those in to_stop_ and put them into to_start_;
// what would disturb that waits in postponed_.
#pragma once

#include <caf/actor_addr.hpp>
#include <caf/behavior.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/expected.hpp>
#include <caf/response_promise.hpp>
#include <caf/system_messages.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/administration.hpp"
#include "supervisor/child.hpp"
#include "supervisor/messages.hpp"
#include "supervisor/pending_reply.hpp"
#include "supervisor/restart_window.hpp"
#include "supervisor/supervisor.hpp"

namespace sg::supervisor {

class SupervisorState {
 public:
  static constexpr const char* name = "supervisor";

  explicit SupervisorState(caf::event_based_actor* self) : self_(self) {}
  ~SupervisorState();  // kills the children that are left
  SupervisorState(const SupervisorState&) = delete;
  SupervisorState& operator=(const SupervisorState&) = delete;

  caf::behavior make_behavior(Flags flags, std::vector<ChildSpec> specs, caf::actor_addr parent);

 private:
  enum class Phase : std::uint8_t { starting, running, stopping };

  // Messages.
  void handle_init();
  void handle_exit(const caf::exit_msg& msg);
  void handle_down(const caf::down_msg& msg);
  void handle_try_again(const ChildKey& key);
  void handle_stop_timeout(const ChildKey& key);
  void watch_liveness(Child& child);
  void watch_last_call(const Child& child);
  void handle_ask_alive(const ChildKey& key);
  void handle_last_call(const ChildKey& key);
  void handle_subscribe(const caf::actor& subscriber);
  void handle_unsubscribe(const caf::actor& subscriber);
  ChildList which_children() const;
  ChildCounts count_children() const;
  void handle_get_tree();

  // Requests that change children. Each has its turn when no group of children is being started or
  // stopped.
  template <class Reply, class Request>
  auto when_settled(void (SupervisorState::*handle)(const Request&, PendingReply)) {
    return [this, handle](const Request& request) -> caf::result<Reply> {
      auto promise = self_->make_response_promise();
      take_or_postpone(PendingReply{promise}, [this, handle, request](PendingReply reply) {
        (this->*handle)(request, std::move(reply));
      });
      return promise;
    };
  }
  void take_or_postpone(PendingReply reply, std::function<void(PendingReply)> request);
  void start_child(const StartChild& message, PendingReply reply);
  void start_instance(const StartInstance& message, PendingReply reply);
  void terminate_child(const TerminateChild& message, PendingReply reply);
  void restart_child(const RestartChild& message, PendingReply reply);
  void delete_child(const DeleteChild& message, PendingReply reply);
  caf::result<ChildSpec> get_child_spec(const std::string& id) const;
  void add(ChildSpec spec, PendingReply reply);
  // Down for good; nothing: something of it lives, or will.
  std::optional<caf::error> must_be_down(const std::string& id) const;
  void answer_start(Child& child, const caf::error& failure = {});
  void answer_stop(Child& child);

  // Whatever changed a child ends with advance(), which does what can be done next.
  void advance();
  bool stop_group();
  bool start_group();
  bool is_settled() const { return phase_ == Phase::running && !is_regrouping(); }
  // Where the end of one child concerns others, one thing is done after the other.
  bool is_regrouping() const;
  bool restarts_groups() const {
    return flags_.strategy == Strategy::one_for_all || flags_.strategy == Strategy::rest_for_one;
  }
  void stop_next();

  // Start.
  void start(Child& child);
  caf::expected<caf::actor> call_start(const Child& child);
  void ask_init(Child& child);
  void init_refused(const ChildKey& key, Child::Verdict verdict, const caf::error& reason);
  void became_ready(Child& child);
  void ignored(Child& child);
  void start_failed(Child& child, const caf::error& reason);
  void answer_init_if_up();

  // End of a child.
  void ended(Child& child, const caf::error& reason);
  void abandon(Child& child);
  void ended_by_itself(Child& child, const caf::error& reason);
  void ended_when_stopped(Child& child, const caf::error& reason);
  void crashed(Child& child);
  void try_again(Child& child);
  void restart(Child& child);
  void restart_group(Child& child);
  std::chrono::milliseconds backoff(Child& child);
  void forget(Child& child);
  bool ends_us(const Child& child) const;

  // Stop.
  void stop(caf::error reason);
  void stop_child(Child& child);
  bool is_simple() const { return flags_.strategy == Strategy::simple_one_for_one; }

  // Requests to children: answered by the child, or at its end by ourselves with
  // request_receiver_down.
  template <caf::message_priority Priority = caf::message_priority::normal, class Request,
            class... Handlers>
  void ask(Child& child, Request request, Handlers... handlers) {
    const auto response = self_->request<Priority>(child.handle, caf::infinite, std::move(request));
    child.open_requests.push_back(response.id());
    self_->add_multiplexed_response_handler(response.id(), caf::behavior{std::move(handlers)...});
  }
  void answered(const ChildKey& key);

  void publish(const caf::message& message) const;
  ChildUp child_up(const Child& child) const;
  void report(Context context, const Child& child, std::string reason) const;
  Report make_report(Context context, const Child& child, std::string reason) const;
  TreeNode describe() const;
  TreeNode describe(const Child& child) const;
  RestartWindow::Time now() const;
  std::int64_t ms_since(RestartWindow::Time start) const;
  std::string text(const caf::error& reason) const;
  Child* find(const std::string& id) const;
  Child* find(const ChildKey& key, ChildState state) const;  // null if it is past
  // Starting or running; or stopping, if the process must not outlive its hanging.
  Child* find_alive(const ChildKey& key) const;
  bool is_being_stopped(const Child& child) const;  // with its group
  Child* find(const caf::actor_addr& address) const;

  caf::event_based_actor* self_;
  caf::actor_addr parent_{};
  Flags flags_{};
  RestartWindow window_{0, std::chrono::milliseconds{1}};
  Phase phase_ = Phase::starting;
  std::vector<std::unique_ptr<Child>> children_{};  // in start order
  std::optional<ChildSpec> template_{};             // of simple_one_for_one
  std::uint64_t instances_ = 0;
  std::uint64_t lives_ = 0;
  int abandoned_ = 0;
  std::deque<std::string> to_start_{};
  bool front_is_begun_ = false;
  std::vector<std::string> to_stop_{};  // in start order; then they are started
  std::vector<std::function<void()>> postponed_{};
  std::vector<PendingReply> init_replies_{};
  std::vector<caf::actor> subscribers_{};
  RestartWindow::Time ready_at_{};
  caf::error exit_reason_{};
};

}  // namespace sg::supervisor
