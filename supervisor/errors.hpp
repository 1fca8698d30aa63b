// The supervisor's own errors and how it reads the reasons of others. CAF has no reason `shutdown`,
// so user_shutdown and Errc::shutdown are both taken for one.
#pragma once

#include <caf/actor_system.hpp>
#include <caf/atom.hpp>
#include <caf/error.hpp>
#include <cstdint>
#include <string>

namespace sg::supervisor {

enum class Errc : std::uint8_t {
  shutdown = 1,           // an orderly end; also how a supervisor ends that gives up restarting
  failed_to_start_child,  // context: the child's id and the reason
  bad_specification,      // faulty flags or child specs
  start_failed,           // a start function threw, gave no handle or one in use
  ignore,                 // from a start function: nothing to run, and that is right
  unresponsive,           // a child did not answer its probe and was abandoned
  not_found,              // no child has the id
  already_started,        // a child with the id runs
  already_present,        // a child with the id has a spec, but does not run
  running,                // the child runs: what was asked needs it down
  restarting,             // the child waits for its next attempt: what was asked needs it down
  wrong_strategy,         // not with this strategy
};

inline constexpr caf::atom_value error_category = caf::atom("supervisor");

[[nodiscard]] caf::error make_error(Errc code);
[[nodiscard]] caf::error make_error(Errc code, std::string context);

enum class ExitKind : std::uint8_t {
  normal,    // no error, or exit_reason::normal
  shutdown,  // asked to stop, or a supervisor's orderly end
  abnormal,  // everything else, a kill too
};

[[nodiscard]] ExitKind exit_kind(const caf::error& reason);

// One line for logs: "normal", "user_shutdown", "failed_to_start_child: journal: ...", or what the
// system's renderer of the category says.
[[nodiscard]] std::string reason_text(const caf::actor_system& system, const caf::error& reason);

// The renderer of our category, for actor_system_config::add_error_category.
[[nodiscard]] std::string render_error(std::uint8_t code, caf::atom_value category,
                                       const caf::message& context);

}  // namespace sg::supervisor
