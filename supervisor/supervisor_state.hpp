// The state of the supervisor's actor: what it handles, one function each. Its contract is that of
// supervisor.hpp.
//
// Starts that have an order stand in to_start_, whose front is under way; a one_for_one restart
// runs beside it. Stops go from the right: the last child with a handle is the one under way.
// Strategies that restart several children stop a range and put it into to_start_.
#pragma once

#include <caf/actor_addr.hpp>
#include <caf/behavior.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/expected.hpp>
#include <caf/response_promise.hpp>
#include <caf/system_messages.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

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
  void handle_subscribe(const caf::actor& subscriber);
  void handle_unsubscribe(const caf::actor& subscriber);
  ChildList which_children() const;
  ChildCounts count_children() const;
  void handle_get_tree();

  // Whatever changed a child ends with advance(), which does what can be done next.
  void advance();
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
  void ended_by_itself(Child& child, const caf::error& reason);
  void ended_when_stopped(Child& child, const caf::error& reason);
  void restart(Child& child);
  void forget(Child& child);

  // Stop.
  void stop(caf::error reason);
  void stop_child(Child& child);

  // Requests to children: answered by the child, or at its end by ourselves with
  // request_receiver_down.
  template <class Request, class... Handlers>
  void ask(Child& child, Request request, Handlers... handlers) {
    const auto response = self_->request(child.handle, caf::infinite, std::move(request));
    child.open_requests.push_back(response.id());
    self_->add_multiplexed_response_handler(response.id(), caf::behavior{std::move(handlers)...});
  }
  void answered(const ChildKey& key);

  void publish(const caf::message& message) const;
  ChildUp child_up(const Child& child) const;
  void report(Context context, const Child& child, std::string reason) const;
  TreeNode describe() const;
  TreeNode describe(const Child& child) const;
  RestartWindow::Time now() const;
  std::int64_t ms_since(RestartWindow::Time start) const;
  std::string text(const caf::error& reason) const;
  Child* find(const std::string& id) const;
  Child* find(const ChildKey& key, ChildState state) const;  // null if it is past
  Child* find(const caf::actor_addr& address) const;

  caf::event_based_actor* self_;
  caf::actor_addr parent_{};
  Flags flags_{};
  RestartWindow window_{0, std::chrono::milliseconds{1}};
  Phase phase_ = Phase::starting;
  std::vector<std::unique_ptr<Child>> children_{};  // in start order
  std::deque<std::string> to_start_{};
  std::vector<PendingReply> init_replies_{};
  std::vector<caf::actor> subscribers_{};
  RestartWindow::Time ready_at_{};
  caf::error exit_reason_{};
};

}  // namespace sg::supervisor
