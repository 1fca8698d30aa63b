// How the server stops:
//
//   stop()          the listener closes; stopping_; the inbox wakes the thread
//   thread          every call drains: streams end themselves, armed calls are left
//   stop()          server_->Shutdown(): calls in flight end, or are cancelled after `drain`
//   thread          once no call is under way, closes the connections of idle clients
//   stop()          closing_; the inbox wakes the thread
//   thread          closes inbox and queue; takes the last events; ends
#include <grpc/grpc.h>

#include <chrono>

#include "actors/gateway/transport/rpc_server.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

void RpcServer::stop(std::chrono::milliseconds drain) {
  if (!server_) return;
  listener_->stop();
  drain_ = drain;
  drain_ends_ = std::chrono::steady_clock::now() + drain;
  stopping_ = true;
  inbox_->wake();
  server_->Shutdown(std::chrono::system_clock::now() + drain);
  // The server's thread closes the queue. No call can start anything on it afterwards.
  closing_ = true;
  inbox_->wake();
  thread_.join();
  if (const auto cut = cut_off_ + under_way_; cut > 0) {
    log(Module::gateway).warn("{} calls were cut off: their clients do not know the outcome", cut);
  } else {
    log(Module::gateway).info("no call is in flight any more");
  }
  calls_.clear();
  server_.reset();
  queue_.reset();
}

void RpcServer::hurry() {
  hurried_ = true;
  if (inbox_) inbox_->wake();
}

void RpcServer::drain_calls() {
  if (under_way_ > 0) {
    log(Module::gateway)
        .info("takes no new calls; {} in flight have {} ms to end", under_way_, drain_.count());
  }
  tell_all(&Call::drain);
}

// gRPC's Shutdown() waits until its deadline while idle clients hold connections open. This closes
// them.
void RpcServer::cut_idle_connections() {
  if (!drained_ || cut_ || closing_ || (under_way_ > 0 && !hurried_)) return;
  cut_ = true;
  grpc_server_cancel_all_calls(server_->c_server());
}

}  // namespace sg::actors
