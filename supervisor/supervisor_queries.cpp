// What others may ask a supervisor: subscriptions, counts and the tree.
//
// The tree is gathered by recursion over actors. Each supervisor describes its own children from
// what it knows, and sends GetTree to those that are supervisors. It answers when all of them have.
#include <algorithm>
#include <caf/send.hpp>

#include "supervisor/supervisor_state.hpp"

namespace sg::supervisor {
namespace {

// A tree that is not complete yet. The response handlers of all sub-supervisors share it. If this
// supervisor ends first, the last handler goes with it, and PendingReply answers with an error.
struct TreeAnswer {
  PendingReply reply;
  TreeNode root;
  std::size_t missing = 0;  // answers still to come, plus one while they are being asked for

  void complete_one() {
    if (--missing == 0) reply.deliver(std::move(root));
  }
};

}  // namespace

void SupervisorState::publish(const caf::message& message) const {
  for (const caf::actor& subscriber : subscribers_) caf::anon_send(subscriber, message);
}

ChildUp SupervisorState::child_up(const Child& child) const {
  return {flags_.name, child.spec.id, child.incarnation, child.handle};
}

void SupervisorState::handle_subscribe(const caf::actor& subscriber) {
  if (!subscriber) return;
  if (std::find(subscribers_.begin(), subscribers_.end(), subscriber) == subscribers_.end()) {
    // A child is monitored already. A second monitor would do harm: demonitor() removes all
    // monitors of an actor, so a child that unsubscribes would no longer be watched.
    if (find(subscriber.address()) == nullptr) self_->monitor(subscriber);
    subscribers_.push_back(subscriber);
  }
  for (const auto& child : children_) {
    if (child->is_announced) caf::anon_send(subscriber, child_up(*child));
  }
}

void SupervisorState::handle_unsubscribe(const caf::actor& subscriber) {
  if (std::erase(subscribers_, subscriber) == 0) return;
  if (find(subscriber.address()) == nullptr) self_->demonitor(subscriber);
}

ChildList SupervisorState::which_children() const {
  ChildList list;
  for (const auto& child : children_) {
    const ChildSpec& spec = child->spec;
    list.children.push_back({spec.id, child->handle, child->state, spec.type, spec.restart});
  }
  return list;
}

ChildCounts SupervisorState::count_children() const {
  ChildCounts counts;
  for (const auto& child : children_) {
    ++counts.specs;
    counts.active += child->handle ? 1 : 0;
    ++(child->spec.type == ChildType::supervisor ? counts.supervisors : counts.workers);
  }
  return counts;
}

void SupervisorState::handle_get_tree() {
  auto answer = std::make_shared<TreeAnswer>(
      TreeAnswer{PendingReply{self_->make_response_promise()}, describe(), 1});
  for (std::size_t i = 0; i != children_.size(); ++i) {
    Child& child = *children_[i];
    if (child.spec.type != ChildType::supervisor || !child.handle) continue;
    ++answer->missing;
    const ChildKey key = key_of(child);
    ask(
        child, GetTree{},
        [this, key, answer, i](TreeNode& node) {
          answered(key);
          // The answer holds the children as they were when it was begun, so `i` is still right.
          answer->root.children[i].children = std::move(node.children);
          answer->complete_one();
        },
        [this, key, answer](const caf::error&) {
          answered(key);
          answer->complete_one();
        });
  }
  // The one that was counted from the start, so that no early answer completes the tree.
  answer->complete_one();
}

TreeNode SupervisorState::describe() const {
  TreeNode root{
      .id = flags_.name, .type = ChildType::supervisor, .restarts_in_window = window_.count(now())};
  switch (phase_) {
    case Phase::starting:
      root.state = ChildState::starting;
      break;
    case Phase::running:
      root.state = ChildState::running;
      root.uptime_ms = ms_since(ready_at_);
      break;
    case Phase::stopping:
      root.state = ChildState::stopping;
      break;
  }
  for (const auto& child : children_) root.children.push_back(describe(*child));
  return root;
}

TreeNode SupervisorState::describe(const Child& child) const {
  return {.id = child.spec.id,
          .type = child.spec.type,
          .state = child.state,
          .incarnation = child.incarnation,
          .restarts_in_window = child.restarts.count(now()),
          .last_exit = child.last_exit,
          .uptime_ms = child.state == ChildState::running ? ms_since(child.ready_at) : 0,
          .mailbox = child.mailbox};
}

std::int64_t SupervisorState::ms_since(RestartWindow::Time start) const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(now() - start).count();
}

}  // namespace sg::supervisor
