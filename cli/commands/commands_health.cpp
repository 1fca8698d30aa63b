// health: whether the server takes calls, as load balancers and containers ask it. Needs no token.
// Ends with exit code 1 if it does not serve, so that a script notices.
#include <memory>
#include <string>

#include "cli/commands/commands.hpp"

namespace sg::cli {
namespace {

namespace wire = grpc::health::v1;

std::string render_health(const wire::HealthCheckResponse& reply, bool /*colour*/) {
  return reply.status() == wire::HealthCheckResponse::SERVING ? "serving\n" : "not serving\n";
}

ExitCode health(Session& session, const std::string& service) {
  wire::HealthCheckRequest request;
  request.set_service(service);
  wire::HealthCheckResponse reply;
  const ExitCode code = session.ask(&wire::Health::Stub::Check, request, reply, render_health);
  const bool serves = reply.status() == wire::HealthCheckResponse::SERVING;
  return code == kDone && !serves ? kRefused : code;
}

}  // namespace

void add_health_command(CLI::App& app, Command& chosen) {
  const auto service = std::make_shared<std::string>();
  auto* command =
      app.add_subcommand("health", "Whether the server takes calls; exit code 1 if it does not");
  command
      ->add_option("SERVICE", *service,
                   "one account shard, such as shard/0; the whole server if not given")
      ->type_name("");
  command->callback([&chosen, service] {
    chosen = [service](Session& session) { return health(session, *service); };
  });
}

}  // namespace sg::cli
