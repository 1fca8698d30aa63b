#include "server/tree_watch.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

#include "server/service_manager.hpp"
#include "telemetry/log.hpp"

namespace sg::server {
namespace {

using std::chrono::milliseconds;
using supervisor::ChildState;
using supervisor::TreeNode;
using telemetry::log;
using telemetry::Module;

// Without a watchdog, or with a slow one, the tree is asked so often.
constexpr milliseconds kLongestPause{2'000};
// So often within the watchdog's period. A pause and an answer that takes as long as a pause fit
// into it twice.
constexpr int kAsksPerPeriod = 4;

milliseconds pause_between_asks() {
  const auto period = watchdog_period();
  if (!period) return kLongestPause;
  const auto pause = std::chrono::duration_cast<milliseconds>(*period / kAsksPerPeriod);
  return std::clamp(pause, milliseconds(1), kLongestPause);
}

bool is_under_way(ChildState state) {
  return state == ChildState::starting || state == ChildState::restarting ||
         state == ChildState::stopping;
}

// The path of the first descendant that is neither up nor down; empty if there is none.
std::string first_under_way(const TreeNode& node) {
  for (const auto& child : node.children) {
    const auto below = first_under_way(child);
    if (!below.empty()) return child.id + "/" + below;
    if (is_under_way(child.state)) return child.id;
  }
  return {};
}

}  // namespace

std::string waits_for(const TreeNode& root) {
  if (!is_under_way(root.state)) return {};
  const auto child = first_under_way(root);
  return supervisor::to_string(root.state) + (child.empty() ? "" : ": waits for " + child);
}

caf::error await_tree_end(caf::scoped_actor& self, const caf::actor& root) {
  const auto pause = pause_between_asks();
  auto said = std::chrono::steady_clock::now();
  const bool has_watchdog = watchdog_period().has_value();
  const auto told = [&](const TreeNode& tree) {
    if (has_watchdog) tell_alive();
    const auto text = waits_for(tree);
    const auto now = std::chrono::steady_clock::now();
    if (text.empty()) {
      said = now;
    } else if (now - said >= kLongestPause) {
      said = now;
      log(Module::server).info("{}", text);
      tell_status(text);
    }
  };
  std::optional<caf::error> reason;
  while (!reason) {
    self->receive([&reason](const caf::down_msg& down) { reason = down.reason; },
                  caf::after(pause) >>
                      [&] {
                        self->request(root, pause, supervisor::GetTree{})
                            .receive(told, [](const caf::error&) {});
                      });
  }
  return *reason;
}

}  // namespace sg::server
