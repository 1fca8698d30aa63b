#include "actors/status/answers.hpp"

#include <nlohmann/json.hpp>

namespace sg::actors {
namespace {

int status_of(ledger::Code code) {
  switch (code) {
    case ledger::Code::invalid_argument:
      return 400;
    case ledger::Code::not_found:
      return 404;
    case ledger::Code::resource_exhausted:
      return 429;
    case ledger::Code::unavailable:
      return 503;
    default:
      return 500;
  }
}

}  // namespace

telemetry::HttpResponse json_response(const nlohmann::ordered_json& json) {
  telemetry::HttpResponse response;
  response.type = "application/json";
  // Ids are UTF-8; what else may come is replaced.
  response.body = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return response;
}

telemetry::HttpResponse error_response(int status, const std::string& reason,
                                       const std::string& message) {
  auto response = json_response({{"error", {{"reason", reason}, {"message", message}}}});
  response.status = status;
  return response;
}

telemetry::HttpResponse error_response(const ledger::Error& error) {
  return error_response(status_of(code_of(error.reason)), std::string(to_string(error.reason)),
                        error.message);
}

}  // namespace sg::actors
