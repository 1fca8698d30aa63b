#include "supervisor/child_spec.hpp"

#include <unordered_set>

namespace sg::supervisor {

Shutdown shutdown_of(const ChildSpec& spec) {
  if (spec.shutdown) return *spec.shutdown;
  return spec.type == ChildType::supervisor ? Shutdown::infinity() : Shutdown{};
}

std::optional<std::string> check_child_specs(std::span<const ChildSpec> specs) {
  std::unordered_set<std::string> ids;
  for (const ChildSpec& spec : specs) {
    if (spec.id.empty()) return "a child has no id";
    if (!ids.insert(spec.id).second) return "duplicate child id: " + spec.id;
    if (!spec.start) return "child has no start function: " + spec.id;
    const Shutdown shutdown = shutdown_of(spec);
    if (shutdown.kind == Shutdown::Kind::timeout && shutdown.timeout.count() < 0) {
      return "child has a negative shutdown timeout: " + spec.id;
    }
  }
  return std::nullopt;
}

std::string to_string(Restart restart) {
  switch (restart) {
    case Restart::permanent:
      return "permanent";
    case Restart::transient:
      return "transient";
    case Restart::temporary:
      return "temporary";
  }
  return "?";
}

std::string to_string(ChildType type) {
  return type == ChildType::worker ? "worker" : "supervisor";
}

std::string to_string(const Shutdown& shutdown) {
  switch (shutdown.kind) {
    case Shutdown::Kind::brutal_kill:
      return "brutal_kill";
    case Shutdown::Kind::timeout:
      return std::to_string(shutdown.timeout.count()) + "ms";
    case Shutdown::Kind::infinity:
      return "infinity";
  }
  return "?";
}

}  // namespace sg::supervisor
