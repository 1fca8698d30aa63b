#include "actors/status/status.hpp"

#include <string>
#include <utility>

#include "actors/actor_errors.hpp"
#include "actors/unhandled.hpp"
#include "security/server_certificate.hpp"
#include "supervisor/errors.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

using telemetry::HttpServer;
using telemetry::log;
using telemetry::Module;

namespace {

HttpServer::SetUpTls tls_of(const config::Settings& settings,
                            std::shared_ptr<const TlsMaterial> material) {
  if (!settings.tls.is_on()) return {};
  return [material = std::move(material)](ssl_ctx_st& context) {
    security::show_certificate(context, [material] {
      std::uint64_t none_seen = 0;
      const auto files = material->newer_than(none_seen);
      return files ? security::ServerCertificate{files->certificate, files->key}
                   : security::ServerCertificate{};
    });
  };
}

class Status {
 public:
  Status(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
         std::shared_ptr<StatusSeat> seat)
      : self_(self), runtime_(std::move(runtime)), root_(std::move(root)), seat_(std::move(seat)) {}

  caf::behavior make_behavior() {
    return {
        [this](supervisor::Init) -> caf::result<supervisor::Ready> {
          if (auto error = open()) return error;
          subscribe(self_, root_);
          return supervisor::Ready{};
        },
        [this](supervisor::Probe) { return alive(self_); },
        [this](const supervisor::ChildUp& up) {
          const bool is_new = queries_.is_up(up) | forwarder_.is_up(up);
          if (is_new) tell_sources();
        },
        [this](const supervisor::ChildDown& down) {
          const bool is_gone = queries_.is_down(down) | forwarder_.is_down(down);
          if (is_gone) tell_sources();
        },
    };
  }

 private:
  caf::error open() {
    const auto& settings = runtime_->settings;
    auto place = *settings.metrics.listen;
    if (const auto port = seat_->port.load(); port != 0) {
      place.port = static_cast<std::uint16_t>(port);
    }
    tell_sources();
    auto pages = std::make_shared<StatusPages>(runtime_, sources_, seat_->authenticators);
    auto server =
        HttpServer::open({place.host, place.port}, tls_of(settings, seat_->tls_material),
                         [pages](const auto& request) { return pages->respond(request); });
    if (!server) {
      log(Module::status).error("{}", server.error());
      if (seat_->port == 0) seat_->cannot_listen = true;
      return cannot_listen_error(server.error());
    }
    server_ = std::move(*server);
    place.port = static_cast<std::uint16_t>(server_->port());
    seat_->port = server_->port();
    log(Module::status)
        .info("metrics and the status page at {}://{}/", settings.tls.is_on() ? "https" : "http",
              to_string(place));
    return {};
  }

  void tell_sources() { sources_->set({root_, queries_.handle(), forwarder_.handle()}); }

  caf::event_based_actor* self_;
  RuntimePtr runtime_;
  caf::actor root_;
  std::shared_ptr<StatusSeat> seat_;
  Followed queries_{self_, kQueriesId};
  Followed forwarder_{self_, kForwarderId};  // in a cluster
  std::shared_ptr<StatusSources> sources_ = std::make_shared<StatusSources>();
  std::unique_ptr<HttpServer> server_;
};

}  // namespace

caf::behavior status(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
                     std::shared_ptr<StatusSeat> seat) {
  end_with_exceptions(self, kStatusId);
  auto state = std::make_shared<Status>(self, std::move(runtime), std::move(root), std::move(seat));
  self->attach_functor([state] {});
  return state->make_behavior();
}

supervisor::ChildSpec status_spec(const RuntimePtr& runtime, std::shared_ptr<StatusSeat> seat) {
  supervisor::ChildSpec spec;
  spec.id = std::string(kStatusId);
  spec.start = [runtime, seat = std::move(seat)](
                   caf::event_based_actor* parent) -> caf::expected<caf::actor> {
    const auto root = caf::actor_cast<caf::actor>(parent);
    // Its end waits for the threads of the HTTP server.
    if (runtime->detached) return parent->spawn<caf::detached>(status, runtime, root, seat);
    return parent->spawn(status, runtime, root, seat);
  };
  return spec;
}

}  // namespace sg::actors
