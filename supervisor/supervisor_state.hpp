// The state of the supervisor's actor; supervisor.hpp states its contract. Its members by file:
//   supervisor_state.cpp           messages, the order of steps, stop, look-ups
//   supervisor_start.cpp           starts
//   supervisor_restart.cpp         what follows when a child ends
//   supervisor_liveness.cpp        children that hang
//   supervisor_administration.cpp  requests that change children
//   supervisor_queries.cpp         subscriptions, counts, the tree
//
// Queues of work. to_start_ holds the children that are started one after the other; the front is
// the one under way. A one_for_one restart does not pass through it. When all children stop, the
// one under way is the rightmost that has a handle. A strategy that restarts a group puts it into
// to_stop_, stops it from the right, and then moves it into to_start_. Whatever would disturb that
// waits in postponed_.
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

  // Checks flags and specs, begins to start the children, and returns the message handlers. With
  // faulty ones it quits with bad_specification. `parent` is null for a root.
  caf::behavior make_behavior(Flags flags, std::vector<ChildSpec> specs, caf::actor_addr parent);

 private:
  enum class Phase : std::uint8_t { starting, running, stopping };

  // Message handlers.
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

  // Requests that change children. when_settled() makes a message handler of such a member
  // function. The handler runs the request once no group of children is being started or stopped.
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
  // Returns nullopt if the child is down and no restart is due, else the error to answer with.
  std::optional<caf::error> must_be_down(const std::string& id) const;
  // Answer the requests that wait for the child's start, and those that wait for its end.
  void answer_start(Child& child, const caf::error& failure = {});
  void answer_stop(Child& child);

  // Does whatever can be done next. Every handler that changed a child calls it last.
  void advance();
  bool stop_group();
  bool start_group();
  // Requests that change children may run now.
  bool is_settled() const { return phase_ == Phase::running && !is_regrouping(); }
  // A group is being stopped or started. With one_for_all and rest_for_one, any child that is
  // starting or stopping counts as one, because its end would concern others.
  bool is_regrouping() const;
  bool restarts_groups() const {
    return flags_.strategy == Strategy::one_for_all || flags_.strategy == Strategy::rest_for_one;
  }
  void stop_next();

  // Start of a child, in the order of the calls.
  void start(Child& child);
  caf::expected<caf::actor> call_start(const Child& child);
  void ask_init(Child& child);
  void init_refused(const ChildKey& key, Child::Verdict verdict, const caf::error& reason);
  void became_ready(Child& child);
  void ignored(Child& child);
  void start_failed(Child& child, const caf::error& reason);
  void answer_init_if_up();

  // End of a child: ended() comes first and calls one of the others.
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

  // Stop of the supervisor, and of one child.
  void stop(caf::error reason);
  void stop_child(Child& child);
  bool is_simple() const { return flags_.strategy == Strategy::simple_one_for_one; }

  // Sends a request to a child. The child answers it. If the child ends or is abandoned first,
  // ended() answers with request_receiver_down. Every handler has to call answered() first.
  template <caf::message_priority Priority = caf::message_priority::normal, class Request,
            class... Handlers>
  void ask(Child& child, Request request, Handlers... handlers) {
    const auto response = self_->request<Priority>(child.handle, caf::infinite, std::move(request));
    child.open_requests.push_back(response.id());
    self_->add_multiplexed_response_handler(response.id(), caf::behavior{std::move(handlers)...});
  }
  void answered(const ChildKey& key);

  // Reports and descriptions.
  void publish(const caf::message& message) const;
  ChildUp child_up(const Child& child) const;
  void report(Context context, const Child& child, std::string reason) const;
  Report make_report(Context context, const Child& child, std::string reason) const;
  TreeNode describe() const;
  TreeNode describe(const Child& child) const;
  RestartWindow::Time now() const;
  std::int64_t ms_since(RestartWindow::Time start) const;
  std::string text(const caf::error& reason) const;

  // Look-ups; all return null if there is no such child.
  Child* find(const std::string& id) const;
  // Null also if the child was started again since, or is in another state.
  Child* find(const ChildKey& key, ChildState state) const;
  // A child that has to answer its probes: one that starts or runs. One that is stopping too, if
  // its hanging has to end the process.
  Child* find_alive(const ChildKey& key) const;
  bool is_being_stopped(const Child& child) const;  // as a member of a group, see to_stop_
  Child* find(const caf::actor_addr& address) const;

  caf::event_based_actor* self_;
  caf::actor_addr parent_{};  // null for a root
  Flags flags_{};
  RestartWindow window_{0, std::chrono::milliseconds{1}};  // of all children together
  Phase phase_ = Phase::starting;
  std::vector<std::unique_ptr<Child>> children_{};  // in start order
  std::optional<ChildSpec> template_{};             // with simple_one_for_one only
  std::uint64_t instances_ = 0;                     // made from template_ so far; numbers their ids
  std::uint64_t starts_ = 0;                        // starts so far; the last Child::start_number
  int abandoned_ = 0;                               // children that hung and were left behind
  std::deque<std::string> to_start_{};              // ids, in start order
  bool front_is_begun_ = false;                     // start() was called for the front of to_start_
  std::vector<std::string> to_stop_{};              // ids of a group, in start order
  std::vector<std::function<void()>> postponed_{};  // run once nothing is regrouping
  std::vector<PendingReply> init_replies_{};        // Init requests of the parent, until all is up
  std::vector<caf::actor> subscribers_{};           // each once
  RestartWindow::Time ready_at_{};                  // when all children were up for the first time
  caf::error exit_reason_{};                        // what the supervisor ends with, once it stops
};

}  // namespace sg::supervisor
