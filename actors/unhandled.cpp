#include "actors/unhandled.hpp"

#include <caf/error.hpp>
#include <caf/sec.hpp>
#include <exception>

#include "telemetry/log.hpp"

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

namespace {

std::string text_of(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of an unknown type";
  }
}

}  // namespace

void end_with_exceptions(caf::scheduled_actor* self, std::string_view id) {
  self->set_exception_handler([id = std::string(id)](std::exception_ptr& exception) -> caf::error {
    const auto text = text_of(exception);
    log(Module::supervisor).error("{}: {}", id, text);
    return caf::make_error(caf::sec::runtime_error, text);
  });
}

}  // namespace sg::actors
