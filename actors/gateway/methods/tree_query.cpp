#include "actors/gateway/methods/tree_query.hpp"

#include <caf/event_based_actor.hpp>

#include "actors/gateway/methods/rpc_submission.hpp"
#include "supervisor/messages.hpp"

namespace sg::actors {
namespace {

// Copies a node and, recursively, its children.
void fill(wire::TreeNode& to, const supervisor::TreeNode& from) {
  to.set_id(from.id);
  to.set_type(supervisor::to_string(from.type));
  to.set_state(supervisor::to_string(from.state));
  to.set_incarnation(from.incarnation);
  to.set_restarts_in_window(static_cast<std::int32_t>(from.restarts_in_window));
  to.set_last_exit_reason(from.last_exit);
  to.set_uptime_ms(from.uptime_ms);
  // A negative number: the depth of that actor's mailbox is not known.
  if (from.mailbox >= 0) to.set_mailbox_depth(from.mailbox);
  for (const auto& child : from.children) fill(*to.add_children(), child);
}

// Carries the tree to the gateway's thread.
class TreeAnswer final : public UnaryCompletion {
 public:
  explicit TreeAnswer(supervisor::TreeNode root) : root_(std::move(root)) {}
  void respond(UnaryCall& call) override {
    wire::GetTreeResponse response;
    fill(*response.mutable_root(), root_);
    call.reply(response);
  }

 private:
  supervisor::TreeNode root_;
};

}  // namespace

void ask_tree(UnaryCall& call) {
  const auto root = call.server().root();
  if (!root) {
    return call.fail({ledger::Reason::node_unavailable,
                      "the tree is not up yet: try again",
                      {},
                      ledger::Outcome::none});
  }
  // The server's thread is no actor, so an actor for this one question receives the answer. A root
  // that is gone answers with an error.
  auto asker = [inbox = call.server().inbox(), id = call.id(), root](caf::event_based_actor* self) {
    self->request(root, caf::infinite, supervisor::GetTree{})
        .then(
            [inbox, id](supervisor::TreeNode& node) {
              inbox->post({id, 0, std::make_shared<TreeAnswer>(std::move(node))});
            },
            [inbox, id](const caf::error&) {
              // Null: the call answers that the request was lost.
              inbox->post({id, 0, nullptr});
            });
  };
  root.home_system().spawn(asker);
}

}  // namespace sg::actors
