// One channel to a server, or to the first of several that can be reached, and calls on it with a
// deadline.
//
//   auto connection = Connection::open("127.0.0.1:50051", {}, std::chrono::seconds(10));
//   if (auto status = (*connection)->connect(); !status.ok()) return status;
//   auto status = (*connection)->call(&LedgerService::Stub::Credit, request, &reply);
//
// Concurrency: connect() once, then call() from any number of threads.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>
#include <string>
#include <tuple>

#include "client/channel.hpp"
#include "proto/health.grpc.pb.h"
#include "proto/ledger.grpc.pb.h"

namespace sg::cli {

class Connection {
 public:
  // `timeout` bounds connecting, and each call on its own. Opens no connection yet. The error is a
  // sentence: a file that cannot be read. With several servers and TLS, the certificate of each has
  // to have `options.server_name`, or else the host of the first.
  static tl::expected<std::unique_ptr<Connection>, std::string> open(
      std::string server, const client::ChannelOptions& options, std::chrono::milliseconds timeout);
  // To another server, with the same options.
  tl::expected<std::unique_ptr<Connection>, std::string> open_another(std::string server) const {
    return open(std::move(server), options_, timeout_);
  }

  // Waits until the server has accepted a connection. Returns the status of unreachable()
  // (errors.hpp) if it refuses, if there is no such host, or if nothing answers within the timeout.
  [[nodiscard]] grpc::Status connect();

  // Makes one unary call and waits for its answer, at most for the timeout. Returns the status of
  // the call; `reply` is valid only if that is OK.
  template <class Stub, class Request, class Reply>
  [[nodiscard]] grpc::Status call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Reply*),
                                  const Request& request, Reply* reply) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout_);
    return (stub<Stub>().*method)(&context, request, reply);
  }

  // The stub of a service, for calls that are not unary. The caller chooses their deadline.
  template <class Stub>
  [[nodiscard]] Stub& stub() {
    return *std::get<std::unique_ptr<Stub>>(stubs_);
  }

  [[nodiscard]] const std::string& server() const { return server_; }  // or several: A,B,C
  [[nodiscard]] std::chrono::milliseconds timeout() const { return timeout_; }

 private:
  Connection(std::string server, client::ChannelOptions options,
             std::shared_ptr<grpc::Channel> channel, std::chrono::milliseconds timeout);

  std::string server_;
  client::ChannelOptions options_;
  std::chrono::milliseconds timeout_;  // of connecting, and of each call
  std::shared_ptr<grpc::Channel> channel_;
  std::tuple<std::unique_ptr<scalegraph::ledger::ParticipantService::Stub>,
             std::unique_ptr<scalegraph::ledger::LedgerService::Stub>,
             std::unique_ptr<scalegraph::ledger::CommandService::Stub>,
             std::unique_ptr<scalegraph::ledger::QueryService::Stub>,
             std::unique_ptr<scalegraph::ledger::AccountService::Stub>,
             std::unique_ptr<scalegraph::ledger::AdminService::Stub>,
             std::unique_ptr<scalegraph::ledger::ClusterService::Stub>,
             std::unique_ptr<scalegraph::ledger::BackupService::Stub>,
             std::unique_ptr<scalegraph::ledger::ExportService::Stub>,
             std::unique_ptr<scalegraph::ledger::ImportService::Stub>,
             std::unique_ptr<grpc::health::v1::Health::Stub>>
      stubs_;
};

}  // namespace sg::cli
