#include "supervisor/child_spec.hpp"

#include <unordered_set>

namespace sg::supervisor {

Shutdown shutdown_of(const ChildSpec& spec) {
  if (spec.shutdown) return *spec.shutdown;
  return spec.type == ChildType::supervisor ? Shutdown::infinity() : Shutdown{};
}

namespace {

// What check_child_specs() checks beyond id, start function and shutdown.
std::optional<std::string> check_extras(const ChildSpec& spec, AutoShutdown auto_shutdown) {
  if (spec.significant && spec.restart == Restart::permanent) {
    return "a permanent child cannot be significant, it never ends for good: " + spec.id;
  }
  if (spec.significant && auto_shutdown == AutoShutdown::never) {
    return "a child is significant, but auto_shutdown is never: " + spec.id;
  }
  if (spec.backoff) {
    const auto& [min, max, jitter] = *spec.backoff;
    // Written as a negation, so that a jitter that is not a number is refused too.
    if (min.count() <= 0 || max < min || !(jitter >= 0)) {
      return "child needs a back-off with 0 < min <= max and jitter >= 0: " + spec.id;
    }
  }
  if (spec.liveness && spec.liveness->period.count() <= 0) {
    return "child has a liveness period that is not positive: " + spec.id;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> check_child_specs(std::span<const ChildSpec> specs,
                                             AutoShutdown auto_shutdown) {
  std::unordered_set<std::string> ids;
  for (const ChildSpec& spec : specs) {
    if (spec.id.empty()) return "a child has no id";
    if (!ids.insert(spec.id).second) return "duplicate child id: " + spec.id;
    // Whether the spec is a template depends on the strategy, which only the supervisor knows.
    if (!spec.start && !spec.start_instance) return "child has no start function: " + spec.id;
    const Shutdown shutdown = shutdown_of(spec);
    if (shutdown.kind == Shutdown::Kind::timeout && shutdown.timeout.count() < 0) {
      return "child has a negative shutdown timeout: " + spec.id;
    }
    if (auto fault = check_extras(spec, auto_shutdown)) return fault;
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
