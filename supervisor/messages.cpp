#include "supervisor/messages.hpp"

#include "supervisor/errors.hpp"

namespace sg::supervisor {

std::string to_string(ChildState state) {
  switch (state) {
    case ChildState::stopped:
      return "stopped";
    case ChildState::starting:
      return "starting";
    case ChildState::running:
      return "running";
    case ChildState::restarting:
      return "restarting";
    case ChildState::stopping:
      return "stopping";
  }
  return "?";
}

void register_messages(caf::actor_system_config& config) {
  config.add_message_types<caf::id_block::supervisor>();
  config.add_error_category(error_category, render_error);
}

}  // namespace sg::supervisor
