#include "supervisor/child_spec.hpp"

#include <unordered_set>

namespace sg::supervisor {

Shutdown shutdown_of(const ChildSpec& spec) {
  if (spec.shutdown) return *spec.shutdown;
  return spec.type == ChildType::supervisor ? Shutdown::infinity() : Shutdown{};
}

namespace {

// What a child and a template have in common: all but the start function.
std::optional<std::string> check_fields(const ChildSpec& spec, AutoShutdown auto_shutdown) {
  const Shutdown shutdown = shutdown_of(spec);
  if (shutdown.kind == Shutdown::Kind::timeout && shutdown.timeout.count() < 0) {
    return "child has a negative shutdown timeout: " + spec.id;
  }
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
    if (!spec.start) return "child has no start function: " + spec.id;
    if (auto fault = check_fields(spec, auto_shutdown)) return fault;
  }
  return std::nullopt;
}

std::optional<std::string> check_template(std::span<const ChildSpec> specs,
                                          AutoShutdown auto_shutdown) {
  if (specs.size() != 1 || !specs.front().start_instance) {
    return "simple_one_for_one takes one spec, with start_instance";
  }
  if (specs.front().id.empty()) return "a child has no id";
  return check_fields(specs.front(), auto_shutdown);
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
