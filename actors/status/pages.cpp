#include "actors/status/pages.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "actors/status/answers.hpp"
#include "security/basic.hpp"
#include "telemetry/page.hpp"

namespace sg::actors {

using security::Permission;
using security::Verdict;
using telemetry::HttpRequest;
using telemetry::HttpResponse;

namespace {

// Null: the page has no such file.
const telemetry::PageFile* page_file(const std::string& path) {
  const auto files = telemetry::page_files();
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const auto& file) { return file.path == path; });
  return found == files.end() ? nullptr : &*found;
}

HttpResponse file_response(const telemetry::PageFile& file) {
  HttpResponse response;
  response.type = file.type;
  response.body = file.body;
  response.headers.emplace("ETag", file.etag);
  return response;
}

HttpResponse not_let_in(const std::string& message) {
  auto response = error_response(401, "UNAUTHENTICATED", message);
  // A browser asks for a name and a password; the password is the token.
  response.headers.emplace("WWW-Authenticate", R"(Basic realm="scalegraph", charset="UTF-8")");
  return response;
}

}  // namespace

std::optional<HttpResponse> StatusPages::refuse(const HttpRequest& request) const {
  if (!runtime_->settings.auth.is_on()) return std::nullopt;
  const auto authenticator = authenticators_();
  if (!authenticator) return error_response(503, "UNAVAILABLE", "nobody is let in at the moment");
  const auto header = security::as_bearer(request.authorization);
  security::Credentials credentials;
  if (!header.empty()) credentials.authorization.emplace_back(header);
  const auto found = authenticator->authenticate(credentials, std::chrono::system_clock::now());
  const auto tell = [&](const std::string& caller, const char* outcome) {
    if (!runtime_->audit_log) return;
    security::AuditEvent event;
    event.time = runtime_->wall_clock();
    event.caller = caller;
    event.peer = request.peer;
    event.method = "GET " + request.path;
    event.subject = request.value("id");
    event.outcome = outcome;
    event.refused = std::string_view(outcome) == "OK" ? 0 : 1;
    runtime_->audit_log->add(std::move(event));
  };
  if (!found) {
    tell(found.error().caller, "UNAUTHENTICATED");
    return not_let_in(found.error().message);
  }
  const auto& caller = *found->caller;
  const bool may = security::permitted(caller.role, Permission::inspect) == Verdict::allowed &&
                   security::permitted(caller.role, Permission::read_ledger) == Verdict::allowed;
  if (!may) {
    tell(caller.name, "PERMISSION_DENIED");
    return error_response(403, "PERMISSION_DENIED",
                          "the role " + std::string(to_string(caller.role)) + " of " + caller.name +
                              " may not see this: it takes auditor, operator or admin");
  }
  // Whoever watches asks each second: only what tells of accounts is kept.
  if (request.path == "/api/accounts" || request.path == "/api/history") tell(caller.name, "OK");
  return std::nullopt;
}

// Without [auth] every page that the operator's browser shows could ask this server, by a name of
// its own that it lets point here (DNS rebinding). A browser says which name it was told.
bool StatusPages::is_our_name(const std::string& host) const {
  if (runtime_->settings.auth.is_on() || host.empty()) return true;
  const auto end = host.front() == '[' ? host.find(']') + 1 : host.rfind(':');
  const auto name = host.substr(0, end);
  const auto is_of_address = [](char c) {
    return (c >= '0' && c <= '9') || c == '.' || c == ':' || c == '[' || c == ']' ||
           (c >= 'a' && c <= 'f');
  };
  const bool is_address = name.find_first_of(".:") != std::string::npos &&
                          std::all_of(name.begin(), name.end(), is_of_address) &&
                          name.find_first_of("0123456789:") != std::string::npos;
  return is_address || name == "localhost" || name == runtime_->settings.metrics.listen->host;
}

HttpResponse StatusPages::respond(const HttpRequest& request) const {
  auto response = [&]() -> HttpResponse {
    if (!is_our_name(request.host)) {
      return error_response(421, "MISDIRECTED_REQUEST",
                            "the server is not known by this name: ask it by its address, or by "
                            "the name in metrics.listen");
    }
    if (auto refused = refuse(request)) return std::move(*refused);
    if (request.path == "/metrics") return metrics();
    if (request.path == "/api/state") return state();
    if (request.path == "/api/accounts") return accounts(request);
    if (request.path == "/api/history") return history(request);
    if (const auto* file = page_file(request.path)) return file_response(*file);
    return error_response(404, "NOT_FOUND",
                          "there is no such page: see /, /metrics, /api/state, /api/accounts and "
                          "/api/history");
  }();
  response.headers.emplace("Content-Security-Policy", telemetry::page_policy());
  response.headers.emplace("X-Content-Type-Options", "nosniff");
  response.headers.emplace("Referrer-Policy", "no-referrer");
  response.headers.emplace("Cache-Control", "no-store");
  return response;
}

}  // namespace sg::actors
