#include "actors/gateway/methods/methods.hpp"

#include <spdlog/spdlog.h>

#include <cstdlib>

#include "actors/gateway/transport/unary_call.hpp"
#include "proto/health.pb.h"

namespace sg::actors {
namespace {

void check_health(UnaryCall& call) {
  grpc::health::v1::HealthCheckRequest request;
  if (!call.parse_request(request)) return;
  const auto status = call.server().status_of(request.service());
  if (status == grpc::health::v1::HealthCheckResponse::SERVICE_UNKNOWN) {
    return call.fail_with({grpc::StatusCode::NOT_FOUND,
                           "no service " + request.service() + ": known are \"\" and shard/N"});
  }
  grpc::health::v1::HealthCheckResponse response;
  response.set_status(status);
  call.reply(response);
}

}  // namespace

UnaryHandler unary_handler(std::string_view full_name) {
  const auto name = full_name.substr(full_name.rfind('.') + 1);
  if (name == "Check") return check_health;
  auto handler = write_handler(name);
  if (handler == nullptr) handler = read_handler(name);
  if (handler != nullptr) return handler;
  spdlog::critical("gateway: method {} has no handler", full_name);
  std::abort();
}

}  // namespace sg::actors
