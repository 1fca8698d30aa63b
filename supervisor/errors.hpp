// The supervisor's own errors, and how it reads the exit reasons of other actors. CAF has no exit
// reason `shutdown`, so user_shutdown and Errc::shutdown both count as one.
//
//   return make_error(Errc::not_found, "no child has the id journal");
#pragma once

#include <caf/actor_system.hpp>
#include <caf/atom.hpp>
#include <caf/error.hpp>
#include <cstdint>
#include <string>

namespace sg::supervisor {

// The codes of our errors. 0 is no code: CAF takes it for success.
enum class Errc : std::uint8_t {
  shutdown = 1,           // an orderly end; a supervisor that gives up ends with it too
  failed_to_start_child,  // a supervisor could not start; context: the child's id and the reason
  bad_specification,      // faulty flags or child specs
  start_failed,           // a start function threw, or returned no handle or a sibling's
  ignore,                 // from a start function: there is nothing to run; not a failure
  unresponsive,           // a child did not answer its probe and was abandoned
  not_found,              // no child has the id
  already_started,        // a child with the id runs
  already_present,        // a child with the id has a spec, but does not run
  running,                // the request needs the child down, but it runs
  restarting,             // the request needs the child down, but it waits for its next attempt
  wrong_strategy,         // the supervisor's strategy does not allow the request
};

// The category of our errors in CAF, which marks whose code an error carries.
inline constexpr caf::atom_value error_category = caf::atom("supervisor");

// An error of our category. `context` is a text for people: an id, or what went wrong.
[[nodiscard]] caf::error make_error(Errc code);
[[nodiscard]] caf::error make_error(Errc code, std::string context);

// How a supervisor classifies an exit reason. Restart and exit_rule.hpp build on it.
enum class ExitKind : std::uint8_t {
  normal,    // no error, or exit_reason::normal
  shutdown,  // user_shutdown, Errc::shutdown or Errc::failed_to_start_child
  abnormal,  // everything else, also a kill
};

// Classifies an exit reason.
[[nodiscard]] ExitKind exit_kind(const caf::error& reason);

// Returns one line for logs: "normal", "user_shutdown", "failed_to_start_child: journal: ...". For
// an error of another category it is what the system's renderer of that category returns.
[[nodiscard]] std::string reason_text(const caf::actor_system& system, const caf::error& reason);

// Renders an error of our category, as "code" or "code: context". register_messages() passes it to
// actor_system_config::add_error_category.
[[nodiscard]] std::string render_error(std::uint8_t code, caf::atom_value category,
                                       const caf::message& context);

}  // namespace sg::supervisor
