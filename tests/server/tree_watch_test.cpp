// What the daemon says that it waits for, and that it hears of the tree's end.
#include "server/tree_watch.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

#include "supervisor/supervisor.hpp"

namespace sg::server {
namespace {

using supervisor::ChildState;
using supervisor::TreeNode;

TreeNode child(std::string id, ChildState state, std::vector<TreeNode> children = {}) {
  TreeNode node;
  node.id = std::move(id);
  node.state = state;
  node.children = std::move(children);
  return node;
}

}  // namespace

TEST_CASE("The first child that is neither up nor down is what the tree waits for") {
  constexpr auto kUp = ChildState::running;
  constexpr auto kDown = ChildState::stopped;
  const auto root = [](ChildState state, std::vector<TreeNode> children) {
    return child("root", state, std::move(children));
  };
  const auto [tree, text] = GENERATE_COPY(table<TreeNode, std::string>({
      {root(kUp, {child("journal", kUp)}), ""},
      // A restart while the daemon serves is the supervisor's matter.
      {root(kUp, {child("journal", ChildState::restarting)}), ""},
      {root(ChildState::starting, {child("journal", ChildState::starting)}),
       "starting: waits for journal"},
      {root(ChildState::starting,
            {child("journal", kUp),
             child("shards", ChildState::starting,
                   {child("shard/0", kUp), child("shard/1", ChildState::starting)})}),
       "starting: waits for shards/shard/1"},
      {root(ChildState::stopping, {child("journal", kUp), child("gateway", ChildState::stopping)}),
       "stopping: waits for gateway"},
      {root(ChildState::stopping, {child("journal", kDown)}), "stopping"},
  }));
  CHECK(waits_for(tree) == text);
}

TEST_CASE("The reason of the tree's end is returned") {
  caf::actor_system_config config;
  supervisor::register_messages(config);
  caf::actor_system system(config);
  const auto root = supervisor::spawn_supervisor(system, {.name = "root"}, {});
  caf::scoped_actor self(system);
  self->monitor(root);
  caf::anon_send_exit(root, caf::exit_reason::user_shutdown);
  CHECK(await_tree_end(self, root) == caf::exit_reason::user_shutdown);
}

}  // namespace sg::server
