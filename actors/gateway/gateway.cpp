// The names that grpc.health.v1 knows: "" is the whole ledger, which serves while the journal is
// up. "shard/N" is one account shard, which serves while it is attached to the journal.
#include "actors/gateway/gateway.hpp"

#include "actors/actor_errors.hpp"
#include "actors/forwarding/messages.hpp"
#include "actors/gateway/methods/methods.hpp"
#include "actors/unhandled.hpp"
#include "supervisor/errors.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

// --- to itself ---
// It is time to look at the files of [tls] and [auth].
struct LookAtCredentials {};

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::LookAtCredentials)

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

namespace {

// The health service of one shard.
std::string shard_service(std::uint32_t shard) { return "shard/" + std::to_string(shard); }

}  // namespace

Gateway::Gateway(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
                 std::shared_ptr<GatewaySeat> seat)
    : self_(self),
      runtime_(std::move(runtime)),
      root_(std::move(root)),
      seat_(std::move(seat)),
      server_(runtime_->settings, methods(runtime_->settings.server.reflection), runtime_->metrics),
      watch_(
          runtime_->settings,
          [this](auto authenticator) {
            {
              const std::lock_guard lock(seat_->mutex_);
              seat_->authenticator_ = authenticator;
            }
            server_.set_authenticator(std::move(authenticator));
          },
          seat_->tls_material) {
  server_.set_tls_material(seat_->tls_material);
  server_.set_audit_log(runtime_->audit_log);
  if (runtime_->member) {
    server_.set_node(runtime_->settings.cluster.node_id, runtime_->settled,
                     [member = runtime_->member] { return member->knows_commands(); });
  }
  // Known from the start, so that a client is told NOT_SERVING and not that the service is unknown.
  server_.set_serving("", false);
  for (std::uint32_t i = 0; i < runtime_->settings.ledger.shards; ++i) {
    server_.set_serving(shard_service(i), false);
  }
}

Gateway::~Gateway() {
  const std::lock_guard lock(seat_->mutex_);
  // A successor may have taken the seat already.
  if (seat_->server_ == &server_) seat_->server_ = nullptr;
}

void GatewaySeat::hurry() {
  const std::lock_guard lock(mutex_);
  hurried_ = true;
  if (server_ != nullptr) server_->hurry();
}

caf::behavior Gateway::make_behavior() {
  // An orderly stop: calls in flight get `drain_timeout` to end.
  self_->set_exit_handler([this](const caf::exit_msg& message) {
    server_.stop(runtime_->settings.server.drain_timeout);
    self_->quit(message.reason);
  });
  return {
      [this](supervisor::Init) -> caf::result<supervisor::Ready> {
        // Answered later: the server listens when it has somebody to hand requests to.
        ready_ = self_->make_response_promise();
        server_.set_root(root_);
        watch_credentials();
        // Also stop when the actor is killed. This is attached after the supervisor's monitor, so
        // it runs before the supervisor hears of the kill. The successor finds the port free.
        self_->attach_functor([this] { server_.stop(std::chrono::milliseconds{0}); });
        subscribe(self_, root_);
        return ready_;
      },
      [this](supervisor::Probe) { return alive(self_); },
      [this](LookAtCredentials) { watch_credentials(); },
      [this](const supervisor::ChildUp& up) { child_up(up); },
      [this](const supervisor::ChildDown& down) { child_down(down); },
      [this](const RouteChanged& message) {
        if (!forwarder_) return;
        server_.set_coordinator(message.writes);
        server_.set_serving("", message.has_leader);
      },
      [this](const ShardAttached& message) {
        // A message of an ended journal is out of date.
        if (journal_.is_sender()) server_.set_serving(shard_service(message.shard), true);
      },
      [this](const ShardDetached& message) {
        if (journal_.is_sender()) server_.set_serving(shard_service(message.shard), false);
      },
  };
}

std::shared_ptr<const security::Authenticator> GatewaySeat::authenticator() const {
  const std::lock_guard lock(mutex_);
  return authenticator_;
}

void GatewaySeat::set_auth(config::Auth auth) {
  const std::lock_guard lock(mutex_);
  auth_ = std::move(auth);
  ++auth_changes_;
}

void Gateway::watch_credentials() {
  if (!watch_.is_needed()) return;
  {
    const std::lock_guard lock(seat_->mutex_);
    if (std::exchange(auth_changes_, seat_->auth_changes_) != seat_->auth_changes_) {
      watch_.set_auth(seat_->auth_);
    }
  }
  watch_.look();
  if (const auto until = watch_.certificate_until()) {
    runtime_->metrics->certificate_expiry_s.set(std::chrono::system_clock::to_time_t(*until));
  }
  self_->delayed_send(self_, CredentialWatch::kLookEvery, LookAtCredentials{});
}

caf::error Gateway::open() {
  // Only the first gateway chooses a port: clients know it from then on.
  const bool again = seat_->has_listened;
  auto port = server_.start(again ? seat_->port.load() : runtime_->settings.server.listen.port);
  if (!port) {
    log(Module::gateway).error("{}", port.error());
    if (!again) seat_->cannot_listen = true;
    return gateway_error(port.error());
  }
  seat_->port = *port;
  seat_->has_listened = true;
  {
    const std::lock_guard lock(seat_->mutex_);
    seat_->server_ = &server_;
    if (seat_->hurried_) server_.hurry();
  }
  if (!again && seat_->on_listening) {
    auto endpoint = runtime_->settings.server.listen;
    endpoint.port = static_cast<std::uint16_t>(*port);
    seat_->on_listening(to_string(endpoint));
  }
  return {};
}

void Gateway::child_up(const supervisor::ChildUp& up) {
  const bool is_member = runtime_->member != nullptr;
  if (forwarder_.is_up(up)) {
    server_.set_coordinator(up.handle);
    server_.set_cluster(up.handle);
    forwarder_.send(FollowRoute{handle_of(self_)});
  }
  if (coordinator_.is_up(up) && !is_member) server_.set_coordinator(up.handle);
  if (queries_.is_up(up)) server_.set_queries(up.handle);
  if (journal_.is_up(up)) {
    // The journal then tells which shards are attached, and every change.
    journal_.send(Watch{handle_of(self_)});
    if (!is_member) server_.set_serving("", true);
  }
  // Listen once all are there for the first time.
  if (!coordinator_ || !queries_ || !journal_ || !ready_.pending()) return;
  if (is_member && !forwarder_) return;
  if (auto error = open()) {
    ready_.deliver(error);
  } else {
    ready_.deliver(supervisor::Ready{});
  }
}

void Gateway::child_down(const supervisor::ChildDown& down) {
  // A child that hangs was abandoned: it may keep requests for ever. One that crashed has dropped
  // its requests, which are answered by that.
  const bool hangs = down.reason == supervisor::Errc::unresponsive;
  if (forwarder_.is_down(down)) server_.set_coordinator(nullptr);
  if (coordinator_.is_down(down)) {
    server_.set_coordinator(forwarder_.handle());
    if (hangs) server_.give_up_writes();
  }
  if (queries_.is_down(down)) {
    server_.set_queries(nullptr);
    if (hangs) server_.give_up_reads();
  }
  if (journal_.is_down(down)) {
    server_.set_serving("", false);
    for (std::uint32_t i = 0; i < runtime_->settings.ledger.shards; ++i) {
      server_.set_serving(shard_service(i), false);
    }
  }
}

caf::behavior gateway(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
                      std::shared_ptr<GatewaySeat> seat) {
  end_with_exceptions(self, kGatewayId);
  auto state =
      std::make_shared<Gateway>(self, std::move(runtime), std::move(root), std::move(seat));
  // The state lives as long as the actor.
  self->attach_functor([state] {});
  return state->make_behavior();
}

}  // namespace sg::actors
