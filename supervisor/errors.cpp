#include "supervisor/errors.hpp"

#include <caf/exit_reason.hpp>
#include <caf/message.hpp>

namespace sg::supervisor {
namespace {

std::string code_name(Errc code) {
  switch (code) {
    case Errc::shutdown:
      return "shutdown";
    case Errc::failed_to_start_child:
      return "failed_to_start_child";
    case Errc::bad_specification:
      return "bad_specification";
    case Errc::start_failed:
      return "start_failed";
    case Errc::ignore:
      return "ignore";
    case Errc::unresponsive:
      return "unresponsive";
    case Errc::not_found:
      return "not_found";
    case Errc::already_started:
      return "already_started";
    case Errc::already_present:
      return "already_present";
    case Errc::running:
      return "running";
    case Errc::restarting:
      return "restarting";
    case Errc::wrong_strategy:
      return "wrong_strategy";
  }
  return "?";
}

}  // namespace

caf::error make_error(Errc code) { return {static_cast<std::uint8_t>(code), error_category}; }

caf::error make_error(Errc code, std::string context) {
  return {static_cast<std::uint8_t>(code), error_category, caf::make_message(std::move(context))};
}

ExitKind exit_kind(const caf::error& reason) {
  if (!reason) return ExitKind::normal;
  // OTP's supervisor ends after a failed start with {shutdown, {failed_to_start_child, ...}}, so
  // that reason counts as a shutdown here too.
  const bool shutdown = reason == caf::exit_reason::user_shutdown || reason == Errc::shutdown ||
                        reason == Errc::failed_to_start_child;
  return shutdown ? ExitKind::shutdown : ExitKind::abnormal;
}

std::string render_error(std::uint8_t code, caf::atom_value, const caf::message& context) {
  std::string text = code_name(static_cast<Errc>(code));
  if (context.match_elements<std::string>()) text += ": " + context.get_as<std::string>(0);
  return text;
}

std::string reason_text(const caf::actor_system& system, const caf::error& reason) {
  if (!reason) return "normal";
  if (reason.category() == error_category) {
    return render_error(reason.code(), reason.category(), reason.context());
  }
  for (auto code : {caf::exit_reason::user_shutdown, caf::exit_reason::kill}) {
    if (reason == code) return to_string(code);
  }
  return system.render(reason);
}

}  // namespace sg::supervisor
