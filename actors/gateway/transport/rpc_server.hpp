// The gateway's engine: one asynchronous gRPC server, with one completion queue and one thread. The
// thread parses and checks requests, hands them to the coordinator and the queries actor, and sends
// their answers.
//
//   RpcServer server(settings, methods(), metrics);
//   auto port = server.start(50051);            // or why it cannot listen
//   server.set_coordinator(coordinator);        // whenever a new one is up
//   server.stop(drain_timeout);
//
// Operation: for each method some calls wait for clients ("armed"). Submissions are gathered and
// handed over together (gathering.hpp). Answers come back through the inbox (inbox.hpp).
//
// Concurrency: start() and stop() belong to one thread, the gateway's actor. The groups below say
// which other functions belong to any thread, and which to the server's own.
//
// Limits: calls in flight, the bytes that they hold, and streams are bounded (admissions.hpp).
#pragma once

#include <absl/container/flat_hash_map.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <caf/actor.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "actors/gateway/door/admissions.hpp"
#include "actors/gateway/door/gatekeeper.hpp"
#include "actors/gateway/door/tls_material.hpp"
#include "actors/gateway/transport/call.hpp"
#include "actors/gateway/transport/call_meter.hpp"
#include "actors/gateway/transport/gathering.hpp"
#include "actors/gateway/transport/inbox.hpp"
#include "actors/gateway/transport/listener.hpp"
#include "actors/gateway/transport/method.hpp"
#include "actors/gateway/transport/operation.hpp"
#include "actors/gateway/transport/raw_service.hpp"
#include "actors/gateway/transport/recent_writes.hpp"
#include "actors/query.hpp"
#include "config/settings.hpp"
#include "proto/health.pb.h"
#include "security/audit_log.hpp"

namespace sg::actors {

class RpcServer {
 public:
  using ServingStatus = grpc::health::v1::HealthCheckResponse::ServingStatus;

  // `methods` has one row for each method of every service that it names. Throws std::logic_error
  // if that is not so. Needs: the rows outlive the server.
  RpcServer(const config::Settings& settings, std::span<const Method> methods,
            std::shared_ptr<telemetry::Metrics> metrics);
  ~RpcServer();

  // This is a node of a cluster, and says so with each answer. `settled` is the last sequence that
  // its answers may show. Before start().
  // `knows_commands`: whether every node knows the records of commands; any thread may ask.
  void set_node(std::uint64_t node, std::shared_ptr<const std::atomic<ledger::Sequence>> settled,
                std::function<bool()> knows_commands) {
    node_ = node;
    settled_ = std::move(settled);
    knows_commands_ = std::move(knows_commands);
  }

  // What TLS shows to clients. Before start().
  void set_tls_material(std::shared_ptr<const TlsMaterial> material) {
    tls_material_ = std::move(material);
  }
  // From now on calls are told to this log; null: to none. Before start().
  void set_audit_log(std::shared_ptr<security::AuditLog> log) { audit_log_ = std::move(log); }

  // Binds, listens and serves. Returns the port that it got, or a sentence that says why it cannot.
  tl::expected<int, std::string> start(int port);
  // Takes no new calls, and gives those in flight up to `drain` to end. The rest are cancelled.
  // Nothing is in flight afterwards. The log says how many there were, and how many were cut off.
  // Does nothing unless the server was started.
  void stop(std::chrono::milliseconds drain);

  // --- from any thread ---
  // The handles that requests are sent to; null while the actor is down.
  void set_coordinator(caf::actor coordinator);
  void set_queries(caf::actor queries);
  void set_root(caf::actor root);
  // Who answers operators of a cluster; null: the ledger stands alone.
  void set_cluster(caf::actor cluster);
  // From now on this says who calls. Nobody is let in before it is set once, if [auth] is on.
  void set_authenticator(std::shared_ptr<const security::Authenticator> authenticator) {
    gatekeeper_.use(std::move(authenticator));
  }
  // What health checks are told about a service; "" is the whole server.
  void set_serving(const std::string& service, bool serving);
  // The coordinator hangs, or the queries actor hangs. Every call that waits for it is answered.
  void give_up_writes();
  void give_up_reads();
  // Makes a stop() that is under way, or comes later, wait for nothing.
  void hurry();

  // --- on the server's thread ---
  const config::Server& settings() const { return settings_; }
  grpc::ServerCompletionQueue* queue() { return queue_.get(); }
  const InboxPtr& inbox() const { return inbox_; }
  std::uint64_t node() const { return node_; }  // 0: the ledger stands alone
  ledger::Sequence settled() const { return settled_->load(std::memory_order_acquire); }
  // False while some node of the cluster is of an older version.
  bool knows_commands() const { return !knows_commands_ || knows_commands_(); }
  Gatekeeper& gatekeeper() { return gatekeeper_; }
  security::AuditLog* audit_log() { return audit_log_.get(); }
  // What all calls take places of, and all open streams. A client's stand below them.
  Admissions& admissions() { return admissions_; }
  Admissions& streams() { return streams_; }
  // The streams of health checks. With authentication they stand apart: anybody may watch, and must
  // not keep callers out.
  Admissions& watches() { return has_callers_ ? watches_ : streams_; }
  // Queues a call that has portions of work. Between events, queued calls do one portion in turn.
  void work_later(std::uint64_t call) { working_.push_back(call); }
  // Gathers the submission for the coordinator. Returns false if the coordinator is down; then the
  // caller answers.
  bool submit(ledger::SubmissionPtr submission);
  // A submission of the call was answered, so its client is likely to submit again.
  void submission_answered(Call& call, const ledger::Submission& submission);
  // The same for one that was dropped without an answer.
  void submission_lost(const Completed& completed);
  const RecentWrites& recent_writes() const { return recent_writes_; }
  CallMeter& meter() { return meter_; }
  // Sets `cancelled` and tells the coordinator, which may then refuse the submission.
  void cancel(ledger::SubmissionPtr submission);
  // Gathers the query for the queries actor: it is sent on before the thread waits for the next
  // event. Returns false if that actor is down.
  bool ask(QueryPtr query);
  // The root supervisor; null before it is known.
  caf::actor root() const;
  caf::actor cluster() const;
  ServingStatus status_of(const std::string& service) const;
  // An armed call got its client.
  void call_begun() { ++under_way_; }
  // Shows how much is in flight to whoever reads the metrics.
  void show_load() { meter_.show_load(admissions_.calls(), admissions_.bytes(), streams_.calls()); }
  // Destroys the call. Needs: none of its operations is under way.
  void forget(std::uint64_t call);
  // Full names of the services that are served.
  std::span<const std::string> service_names() const { return service_names_; }
  // True from the beginning of stop() on.
  bool stopping() const { return stopping_; }

  // Something threw that belongs to no call. Logs it and ends the process.
  void failed(const std::exception& error);

  // Makes a call that waits for the method's next client. Does nothing while the server stops.
  void arm(const Served& served) noexcept;

 private:
  // The service of that full name; it is made when it is first named.
  RawService& service_named(std::string_view name);
  // Arms calls of every method.
  void arm_all();
  // The server's thread: handles events until the queue is closed.
  void run();
  // Waits for the queue's next event. Returns GOT_EVENT, or SHUTDOWN once the queue is closed.
  grpc::CompletionQueue::NextStatus await_event(void** tag, bool* ok);
  // Polls for the next event for up to `server.busy_poll`. Returns TIMEOUT if there was none.
  grpc::CompletionQueue::NextStatus poll(void** tag, bool* ok);
  // One portion of one call. Needs: working_ is not empty.
  void work_on_portion();
  // Sends all gathered submissions to the coordinator.
  void hand_over();
  // Sends all gathered queries to the queries actor.
  void hand_over_reads();
  // The inbox's alarm: passes answers on, and looks at the flags that other threads have set.
  void inbox_rang(bool ok);
  // Tells every call that the server stops, and the log how many there are.
  void drain_calls();
  // Starts gRPC's server. The error is a sentence.
  tl::expected<void, std::string> start_grpc();
  // While the server stops: closes the connections that idle clients would hold open, once no call
  // is under way.
  void cut_idle_connections();
  // Calls `tell` on every call if `wanted` is set, and clears it.
  void give_up(std::atomic<bool>& wanted, void (Call::*tell)());
  // Calls a member function of every call.
  void tell_all(void (Call::*tell)());
  // Calls `use` with the call, if it still exists. If `use` throws, that call fails.
  template <class Use>
  void guarded(std::uint64_t id, Use use);

  config::Server settings_;
  config::Tls tls_;
  CallMeter meter_;
  RecentWrites recent_writes_;
  std::shared_ptr<const TlsMaterial> tls_material_;
  std::shared_ptr<grpc::ServerCredentials> credentials_;  // gRPC asks them as long as it runs
  std::shared_ptr<security::AuditLog> audit_log_;
  std::uint64_t node_ = 0;
  std::shared_ptr<const std::atomic<ledger::Sequence>> settled_;
  std::function<bool()> knows_commands_;  // empty: the ledger stands alone
  std::vector<std::unique_ptr<RawService>> services_;
  std::vector<std::string> service_names_;  // of services_, in the same order
  std::vector<Served> served_;              // one for each method; calls hold references into it
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  OperationOf<RpcServer, &RpcServer::inbox_rang> inbox_operation_{this};
  InboxPtr inbox_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  bool drained_ = false;                // every call was told to drain
  std::atomic<bool> closing_{false};    // gRPC's server has shut down
  bool closed_ = false;                 // the queue has shut down as well
  std::atomic<bool> hurried_{false};    // hurry() was called
  bool cut_ = false;                    // cut_idle_connections() has done its work
  std::size_t under_way_ = 0;           // calls that have a client
  std::size_t cut_off_ = 0;             // calls that ended only after their time to drain
  std::chrono::milliseconds drain_{0};  // of stop(); set before stopping_
  std::chrono::steady_clock::time_point drain_ends_{};  // as above

  // These are declared before the calls, which hold places of them.
  Admissions admissions_;
  Admissions streams_;  // open streams; counts no bytes
  Admissions watches_;  // those of health checks, beside them
  bool has_callers_;    // [auth] is on
  Gatekeeper gatekeeper_;
  absl::flat_hash_map<std::uint64_t, std::unique_ptr<Call>> calls_;
  std::uint64_t next_call_ = 1;
  std::deque<std::uint64_t> working_;  // calls with portions of work, in turn
  int events_since_portion_ = 0;
  Gathering gathering_;
  std::vector<QueryPtr> reads_;  // gathered
  int events_since_read_ = 0;    // since they were handed over last

  mutable std::mutex mutex_;  // guards the five below
  caf::actor coordinator_;
  caf::actor queries_;
  caf::actor root_;
  caf::actor cluster_;
  std::map<std::string, bool> serving_;  // by service: for health checks
  // Set by other threads; inbox_rang() looks at them.
  std::atomic<bool> health_changed_{false};
  std::atomic<bool> gives_up_writes_{false};
  std::atomic<bool> gives_up_reads_{false};
};

}  // namespace sg::actors
