// The gateway's engine: one asynchronous gRPC server, one completion queue, one thread. It parses
// and validates requests, hands them to the coordinator and the queries actor, and sends what they
// answer.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <caf/actor.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "actors/gateway/transport/admissions.hpp"
#include "actors/gateway/transport/call.hpp"
#include "actors/gateway/transport/gathering.hpp"
#include "actors/gateway/transport/inbox.hpp"
#include "actors/gateway/transport/listener.hpp"
#include "actors/gateway/transport/method.hpp"
#include "actors/gateway/transport/operation.hpp"
#include "actors/gateway/transport/raw_service.hpp"
#include "actors/messages.hpp"
#include "actors/shared_processor.hpp"
#include "config/settings.hpp"
#include "proto/health.pb.h"

namespace sg::actors {

class RpcServer {
 public:
  using ServingStatus = grpc::health::v1::HealthCheckResponse::ServingStatus;

  // `methods`: one row for each method of the services that it names. Throws std::logic_error when
  // that is not so. Needs: they outlive the server.
  RpcServer(config::Server settings, std::shared_ptr<SharedProcessor> processor,
            std::span<const Method> methods);
  ~RpcServer();

  // Binds and serves. The port it got, or why it cannot listen.
  tl::expected<int, std::string> start(int port);
  // No new calls; what is in flight may end within `drain`. Returns when nothing is any more.
  void stop(std::chrono::milliseconds drain);

  // --- from any thread ---
  void set_coordinator(caf::actor coordinator);
  void set_queries(caf::actor queries);
  void set_root(caf::actor root);
  void set_serving(const std::string& service, bool serving);
  // The coordinator, or the queries actor, hangs: all that wait for it are told so.
  void give_up_writes();
  void give_up_reads();
  // A stop() that is under way, or comes, waits for nothing.
  void hurry();

  // --- on the server's thread ---
  const config::Server& settings() const { return settings_; }
  grpc::ServerCompletionQueue* queue() { return queue_.get(); }
  const InboxPtr& inbox() const { return inbox_; }
  // A place for a call; the error that refuses it when too much is in flight.
  ledger::Result<Admissions::Place> admit(std::size_t bytes);
  // The same for a stream, beside its requests.
  ledger::Result<Admissions::Place> admit_stream();
  // The call has portions of work to do, between other events.
  void work_later(std::uint64_t call) { working_.push_back(call); }
  // False when there is nobody to take it: the caller answers.
  bool submit(ledger::SubmissionPtr submission);
  // The answer to a submission came: its caller is likely to submit again.
  void submission_answered() { gathering_.answered(); }
  void cancel(ledger::SubmissionPtr submission);
  bool ask(QueryPtr query);
  caf::actor root() const;
  ServingStatus status_of(const std::string& service) const;
  void call_begun() { ++under_way_; }
  void forget(std::uint64_t call);
  std::span<const std::string> service_names() const { return service_names_; }
  bool stopping() const { return stopping_; }

  // Something threw that belongs to no call: the process ends.
  void failed(const std::exception& error);

  // Makes a call that waits for the method's next client.
  void arm(const Served& served) noexcept;

 private:
  // The service of that full name, made when it is named for the first time.
  RawService& service_named(std::string_view name);
  void arm_all();
  void run();
  // The queue's next event, or that it is closed.
  grpc::CompletionQueue::NextStatus await_event(void** tag, bool* ok);
  // The same within `server.busy_poll`, or that there was none.
  grpc::CompletionQueue::NextStatus poll(void** tag, bool* ok);
  // One portion of one call that has some.
  void work_on_portion();
  // Hands over what has gathered.
  void hand_over();
  void inbox_rang(bool ok);
  tl::expected<void, std::string> start_grpc();
  // When the server stops and no call is under way: closes the connections that are left, which
  // idle clients would hold open.
  void cut_idle_connections();
  void give_up(std::atomic<bool>& wanted, void (Call::*tell)());
  void tell_all(void (Call::*tell)());
  // Calls `use` with the call, if it is there still; what that throws ends the call.
  template <class Use>
  void guarded(std::uint64_t id, Use use);

  config::Server settings_;
  std::shared_ptr<SharedProcessor> processor_;
  std::vector<std::unique_ptr<RawService>> services_;
  std::vector<std::string> service_names_;  // of services_, in that order
  std::vector<Served> served_;              // calls point into it
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  OperationOf<RpcServer, &RpcServer::inbox_rang> inbox_operation_{this};
  InboxPtr inbox_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  bool drained_ = false;
  std::atomic<bool> closing_{false};  // gRPC's server has shut down
  bool closed_ = false;               // and the queue as well
  std::atomic<bool> hurried_{false};
  bool cut_ = false;           // connections were closed, with what was left of calls
  std::size_t under_way_ = 0;  // calls that have begun

  // Both outlive the calls, which hold places.
  Admissions admissions_;
  Admissions streams_;
  absl::flat_hash_map<std::uint64_t, std::unique_ptr<Call>> calls_;
  std::uint64_t next_call_ = 1;
  std::deque<std::uint64_t> working_;  // calls with portions of work, one after the other
  int events_since_portion_ = 0;
  Gathering gathering_;

  mutable std::mutex mutex_;  // guards what follows
  caf::actor coordinator_;
  caf::actor queries_;
  caf::actor root_;
  std::map<std::string, bool> serving_;
  std::atomic<bool> health_changed_{false};
  std::atomic<bool> gives_up_writes_{false};
  std::atomic<bool> gives_up_reads_{false};
};

}  // namespace sg::actors
