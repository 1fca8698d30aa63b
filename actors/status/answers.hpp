// Answers of the status pages as HTTP.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "ledger/error.hpp"
#include "telemetry/http_server.hpp"

namespace sg::actors {

telemetry::HttpResponse json_response(const nlohmann::ordered_json& json);
telemetry::HttpResponse error_response(int status, const std::string& reason,
                                       const std::string& message);
// With the status of HTTP that is nearest.
telemetry::HttpResponse error_response(const ledger::Error& error);

}  // namespace sg::actors
