// One channel to one server, and calls on it with a deadline.
//
// connect() once, then call() from any number of threads.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>
#include <string>
#include <tuple>

#include "proto/ledger.grpc.pb.h"

namespace sg::cli {

class Connection {
 public:
  // `timeout` bounds connecting and each call. Opens nothing yet.
  Connection(std::string server, std::chrono::milliseconds timeout);

  // Returns once the server accepted the connection, or with the status of errors.hpp's
  // unreachable(): refused, no such host, or no answer within the timeout.
  [[nodiscard]] grpc::Status connect();

  // One unary call: connection.call(&LedgerService::Stub::Credit, request, &reply).
  template <class Stub, class Request, class Reply>
  [[nodiscard]] grpc::Status call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Reply*),
                                  const Request& request, Reply* reply) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout_);
    return (stub<Stub>().*method)(&context, request, reply);
  }

  // For calls that are not unary.
  template <class Stub>
  [[nodiscard]] Stub& stub() {
    return *std::get<std::unique_ptr<Stub>>(stubs_);
  }

  [[nodiscard]] const std::string& server() const { return server_; }

 private:
  std::string server_;
  std::chrono::milliseconds timeout_;
  std::shared_ptr<grpc::Channel> channel_;
  std::tuple<std::unique_ptr<scalegraph::ledger::ParticipantService::Stub>,
             std::unique_ptr<scalegraph::ledger::LedgerService::Stub>,
             std::unique_ptr<scalegraph::ledger::AdminService::Stub>>
      stubs_;
};

}  // namespace sg::cli
