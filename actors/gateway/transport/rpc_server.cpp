// How the thread spends its time. Events come first, as long as the queue has any. Between events
// it does portions of long work, at the latest after kEventsPerPortion events. When the queue is
// empty and there is no such work, it hands the gathered submissions over and waits. While calls
// are in flight it waits by polling: the next event is near, and going to sleep and being woken
// costs as much as several calls.
//
// rpc_server_stop.cpp is about its end.
#include "actors/gateway/transport/rpc_server.hpp"

#include <grpc/grpc.h>
#include <sched.h>

#include <algorithm>
#include <stdexcept>

#include "actors/coordinator/messages.hpp"
#include "actors/gateway/door/credentials.hpp"
#include "actors/queries/messages.hpp"
#include "faults/fault_injection.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

namespace {

// Unary calls of one method that may arrive in one turn of the queue before a new one is armed.
constexpr int kArmedPerMethod = 16;

// This many reads are handed over even if more may follow.
constexpr std::size_t kReadsTogether = 64;
// At most this many events are handled while a read waits to be handed over.
constexpr int kEventsPerReads = 256;

// After this many events one portion of long work is done, even if there are more events.
constexpr int kEventsPerPortion = 16;

// Of a client that shows a certificate. Its calls end first.
constexpr int kLongestConnectionMs = 3'600'000;

// For TLS and the first bytes of HTTP/2.
constexpr int kHandshakeWithinMs = 20'000;

// gRPC measures a ping's interval by the time of arrival, so a ping on time may look early. A tenth
// of the interval is tolerated.
constexpr int kPingToleranceDivisor = 10;

int milliseconds_of(std::chrono::milliseconds time) { return static_cast<int>(time.count()); }

void set_arguments(grpc::ServerBuilder& builder, const config::Server& settings) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(settings.max_message_bytes));
  // No limit by gRPC: answers have one of their own, kMaxAnswerBytes.
  builder.SetMaxSendMessageSize(-1);
  // gRPC has no bound on the size of an inflated message. So nothing is inflated.
  for (const auto algorithm : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP}) {
    builder.SetCompressionAlgorithmSupportStatus(algorithm, false);
  }
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  // Clients may send pings while they have no calls. One that pings too often is disconnected.
  const auto least =
      settings.min_ping_interval - settings.min_ping_interval / kPingToleranceDivisor;
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             milliseconds_of(least));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, milliseconds_of(settings.ping_interval));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, milliseconds_of(settings.ping_timeout));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // no limit
  // A connection that says nothing holds a descriptor only so long.
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeWithinMs);
}

}  // namespace

RpcServer::RpcServer(const config::Settings& settings, std::span<const Method> methods,
                     std::shared_ptr<telemetry::Metrics> metrics)
    : settings_(settings.server),
      tls_(settings.tls),
      meter_(std::move(metrics)),
      recent_writes_(settings.ledger.shards),
      admissions_(settings_.max_in_flight, settings_.max_in_flight_bytes),
      streams_(settings_.max_streams, 0),
      watches_(settings_.max_streams, 0),
      has_callers_(settings.auth.is_on()),
      gatekeeper_(settings.auth, admissions_, streams_) {
  served_.reserve(methods.size());
  for (const auto& method : methods) {
    auto& service = service_named(method.service);
    const auto* found = service.descriptor().FindMethodByName(std::string(method.name));
    if (found == nullptr) {
      throw std::logic_error("no method " + std::string(method.service) + "." +
                             std::string(method.name));
    }
    served_.push_back({method, service, found->index(), meter_.of(method)});
  }
  for (const auto& service : services_) {
    // The service is served as a whole, so each of its methods needs a row.
    const auto rows = std::count_if(served_.begin(), served_.end(), [&](const Served& served) {
      return &served.service == service.get();
    });
    if (rows == service->descriptor().method_count()) continue;
    throw std::logic_error("not every method of " + service->descriptor().full_name() +
                           " has one row");
  }
}

RawService& RpcServer::service_named(std::string_view name) {
  const auto known = std::find(service_names_.begin(), service_names_.end(), name);
  if (known != service_names_.end()) {
    return *services_[static_cast<std::size_t>(known - service_names_.begin())];
  }
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  const auto* descriptor = pool->FindServiceByName(std::string(name));
  if (descriptor == nullptr) throw std::logic_error("no service " + std::string(name));
  service_names_.emplace_back(name);
  return *services_.emplace_back(std::make_unique<RawService>(*descriptor));
}

RpcServer::~RpcServer() { stop(std::chrono::milliseconds{0}); }

tl::expected<int, std::string> RpcServer::start(int port) {
  auto where = settings_.listen;
  where.port = static_cast<std::uint16_t>(port);
  auto listener = Listener::open(where, settings_.max_connections_per_address);
  if (!listener) return tl::unexpected(listener.error());
  listener_ = std::move(*listener);
  if (auto started = start_grpc(); !started) return tl::unexpected(started.error());
  inbox_ = std::make_shared<Inbox>(queue_.get(), &inbox_operation_);
  arm_all();
  thread_ = std::thread([this] { run(); });
  listener_->serve([this](int connection) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters taken;
    taken.fd = connection;
    acceptor_->HandleNewConnection(&taken);
  });
  return listener_->port();
}

tl::expected<void, std::string> RpcServer::start_grpc() {
  if (tls_.is_on() && !tls_material_->is_set()) {
    return tl::unexpected(std::string("the files of [tls] are wrong, and none were right before"));
  }
  credentials_ = server_credentials(tls_, tls_material_);
  grpc::ServerBuilder builder;
  acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, credentials_);
  set_arguments(builder, settings_);
  // A certificate is judged when a connection is made. So none lives for ever.
  if (tls_.client_certificates != config::ClientCertificates::none) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, kLongestConnectionMs);
  }
  for (const auto& service : services_) builder.RegisterService(service.get());
  queue_ = builder.AddCompletionQueue();
  server_ = builder.BuildAndStart();
  if (server_) return {};
  // A queue must be shut down and empty before it is destroyed.
  queue_->Shutdown();
  void* tag = nullptr;
  for (bool ok = false; queue_->Next(&tag, &ok);) {
  }
  queue_.reset();
  return tl::unexpected(std::string("gRPC does not start: the log says why at level debug"));
}

void RpcServer::forget(std::uint64_t call) {
  const auto found = calls_.find(call);
  if (found == calls_.end()) return;
  if (found->second->is_begun()) {
    --under_way_;
    if (stopping_ && (hurried_ || std::chrono::steady_clock::now() >= drain_ends_)) ++cut_off_;
  }
  calls_.erase(found);
  show_load();
}

void RpcServer::run() {
  const auto at_once = gpr_inf_past(GPR_CLOCK_MONOTONIC);
  for (;;) {
    void* tag = nullptr;
    bool ok = false;
    auto next = queue_->AsyncNext(&tag, &ok, at_once);
    if (next == grpc::CompletionQueue::TIMEOUT && !working_.empty()) {
      // Nothing else is near: what has gathered need not wait for a portion of work.
      hand_over();
      work_on_portion();
      continue;
    }
    if (next == grpc::CompletionQueue::TIMEOUT) next = await_event(&tag, &ok);
    if (next != grpc::CompletionQueue::GOT_EVENT) break;
    // After the queue was closed its last events are taken, but calls must not start anything more.
    if (!closed_) static_cast<Operation*>(tag)->done(ok);
    if (stopping_) cut_idle_connections();
    gathering_.event();
    // Events of calls that are refused may keep the queue from ever being empty.
    if (!reads_.empty() && ++events_since_read_ >= kEventsPerReads) hand_over_reads();
    if (gathering_.is_full()) hand_over();
    if (!working_.empty() && ++events_since_portion_ >= kEventsPerPortion) work_on_portion();
  }
  hand_over();
}

// Round robin: a call with more portions goes to the end of the line.
void RpcServer::work_on_portion() {
  events_since_portion_ = 0;
  const auto id = working_.front();
  working_.pop_front();
  const auto call = calls_.find(id);
  if (call != calls_.end() && call->second->work_on()) working_.push_back(id);
}

grpc::CompletionQueue::NextStatus RpcServer::await_event(void** tag, bool* ok) {
  hand_over_reads();
  show_load();
  if (admissions_.calls() > 0 && settings_.busy_poll.count() > 0) {
    const auto next = poll(tag, ok);
    if (next != grpc::CompletionQueue::TIMEOUT) return next;
  }
  hand_over();
  return queue_->Next(tag, ok) ? grpc::CompletionQueue::GOT_EVENT : grpc::CompletionQueue::SHUTDOWN;
}

// Yields in each turn, so that any other thread with work gets this processor.
grpc::CompletionQueue::NextStatus RpcServer::poll(void** tag, bool* ok) {
  using Clock = std::chrono::steady_clock;
  const auto at_once = gpr_inf_past(GPR_CLOCK_MONOTONIC);
  auto now = Clock::now();
  const auto end = now + settings_.busy_poll;
  do {
    if (gathering_.is_due(now)) hand_over();
    sched_yield();
    const auto next = queue_->AsyncNext(tag, ok, at_once);
    if (next != grpc::CompletionQueue::TIMEOUT) return next;
    now = Clock::now();
  } while (now < end);
  return grpc::CompletionQueue::TIMEOUT;
}

void RpcServer::submission_answered(Call& call, const ledger::Submission& submission) {
  gathering_.answered();
  const auto now = std::chrono::steady_clock::now();
  meter_.count(submission, now);
  if (submission.key_request() == nullptr) call.describe(recent_writes_.add(submission, now));
}

void RpcServer::submission_lost(const Completed& completed) {
  gathering_.answered();
  meter_.count_lost(completed.lost);
}

void RpcServer::hand_over() {
  hand_over_reads();
  if (gathering_.empty()) return;
  auto submissions = gathering_.take();
  const std::lock_guard lock(mutex_);
  // If the coordinator is down, these submissions are dropped here. Their destructors answer the
  // calls.
  if (coordinator_) caf::anon_send(coordinator_, Submit{std::move(submissions)});
}

void RpcServer::hand_over_reads() {
  if (reads_.empty()) return;
  events_since_read_ = 0;
  const std::lock_guard lock(mutex_);
  // As above: queries that are dropped answer their calls.
  auto queries = std::exchange(reads_, {});
  if (queries_) caf::anon_send(queries_, AnswerQueries{std::move(queries)});
}

template <class Use>
void RpcServer::guarded(std::uint64_t id, Use use) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  auto& call = *found->second;
  try {
    use(call);
  } catch (const std::exception& error) {
    call.failed(error);
  }
}

void RpcServer::inbox_rang(bool) {
  for (const auto& completed : inbox_->take()) {
    guarded(completed.call, [&completed](Call& call) { call.completed(completed); });
  }
  give_up(gives_up_writes_, &Call::give_up_write);
  give_up(gives_up_reads_, &Call::give_up_read);
  if (health_changed_.exchange(false)) tell_all(&Call::health_changed);
  if (stopping_ && !std::exchange(drained_, true)) drain_calls();
  if (closing_ && !std::exchange(closed_, true)) {
    inbox_->close();
    // A portion could start an operation, and a queue that was shut down takes none.
    working_.clear();
    queue_->Shutdown();
  }
}

void RpcServer::give_up(std::atomic<bool>& wanted, void (Call::*tell)()) {
  if (wanted.exchange(false)) tell_all(tell);
}

void RpcServer::tell_all(void (Call::*tell)()) {
  // By id, since a call may end and so leave the map during the walk.
  std::vector<std::uint64_t> ids;
  ids.reserve(calls_.size());
  for (const auto& [id, call] : calls_) ids.push_back(id);
  for (const auto id : ids) guarded(id, [tell](Call& call) { (call.*tell)(); });
}

// Without its inbox the gateway could answer nobody, so the process ends.
void RpcServer::failed(const std::exception& error) {
  log(Module::gateway).critical("it cannot go on: {}", error.what());
  std::terminate();
}

void RpcServer::give_up_writes() {
  gives_up_writes_ = true;
  if (inbox_) inbox_->wake();
}

void RpcServer::give_up_reads() {
  gives_up_reads_ = true;
  if (inbox_) inbox_->wake();
}

// noexcept: an exception here ends the process. Once the call is made, gRPC holds its tag. And a
// method without an armed call would never be served again.
void RpcServer::arm(const Served& served) noexcept {
  if (stopping_) return;
  const auto id = next_call_++;
  calls_[id] = served.method.make_call(*this, id, served);
}

void RpcServer::arm_all() {
  for (const auto& served : served_) {
    // Only unary methods have a handler. One armed call suffices for a method that streams.
    const int calls = served.method.handler != nullptr ? kArmedPerMethod : 1;
    for (int i = 0; i < calls; ++i) arm(served);
  }
}

bool RpcServer::submit(ledger::SubmissionPtr submission) {
  faults::reach(faults::Point::gateway_before_submit);
  {
    const std::lock_guard lock(mutex_);
    if (!coordinator_) return false;
  }
  submission->is_handed_over = true;
  gathering_.add(std::move(submission), std::chrono::steady_clock::now());
  return true;
}

void RpcServer::cancel(ledger::SubmissionPtr submission) {
  submission->cancelled = true;
  const std::lock_guard lock(mutex_);
  if (coordinator_) caf::anon_send(coordinator_, Cancel{std::move(submission)});
}

bool RpcServer::ask(QueryPtr query) {
  {
    const std::lock_guard lock(mutex_);
    if (!queries_) return false;
  }
  reads_.push_back(std::move(query));
  if (reads_.size() >= kReadsTogether) hand_over_reads();
  return true;
}

caf::actor RpcServer::root() const {
  const std::lock_guard lock(mutex_);
  return root_;
}

caf::actor RpcServer::cluster() const {
  const std::lock_guard lock(mutex_);
  return cluster_;
}

void RpcServer::set_cluster(caf::actor cluster) {
  const std::lock_guard lock(mutex_);
  cluster_ = std::move(cluster);
}

void RpcServer::set_coordinator(caf::actor coordinator) {
  const std::lock_guard lock(mutex_);
  coordinator_ = std::move(coordinator);
}

void RpcServer::set_queries(caf::actor queries) {
  const std::lock_guard lock(mutex_);
  queries_ = std::move(queries);
}

void RpcServer::set_root(caf::actor root) {
  const std::lock_guard lock(mutex_);
  root_ = std::move(root);
}

// The server's thread is woken, so that streams of Health.Watch learn of the change.
void RpcServer::set_serving(const std::string& service, bool serving) {
  {
    const std::lock_guard lock(mutex_);
    serving_[service] = serving;
  }
  health_changed_ = true;
  if (inbox_) inbox_->wake();
}

RpcServer::ServingStatus RpcServer::status_of(const std::string& service) const {
  using grpc::health::v1::HealthCheckResponse;
  const std::lock_guard lock(mutex_);
  const auto found = serving_.find(service);
  if (found == serving_.end()) return HealthCheckResponse::SERVICE_UNKNOWN;
  return found->second && !stopping_ ? HealthCheckResponse::SERVING
                                     : HealthCheckResponse::NOT_SERVING;
}

}  // namespace sg::actors
