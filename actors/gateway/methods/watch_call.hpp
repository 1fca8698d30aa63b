// grpc.health.v1.Health.Watch: a stream of serving statuses, one now and one at each change.
//
// Concurrency: as in Call. Limits: it holds one place for its stream, and ends when the server
// stops.
#pragma once

#include <grpcpp/support/async_stream.h>

#include <optional>
#include <string>

#include "actors/gateway/transport/call.hpp"
#include "actors/gateway/transport/operation.hpp"
#include "actors/gateway/transport/rpc_server.hpp"

namespace sg::actors {

class WatchCall final : public Call {
 public:
  WatchCall(RpcServer& server, std::uint64_t id, const Served& served);

  void completed(const Completed&) override {}
  void drain() override;
  void failed(const std::exception& error) override;
  void health_changed() override { write_next(); }

 private:
  // The events of the completion queue.
  void received(bool ok);
  void wrote(bool ok);
  void done(bool ok);
  void finished(bool ok);
  // Writes the status if it differs from the one that was told last, or ends the stream.
  void write_next();
  // Ends the stream with this status.
  void finish(const grpc::Status& status);

  grpc::ByteBuffer request_;
  grpc::ServerAsyncWriter<grpc::ByteBuffer> writer_;
  OperationOf<WatchCall, &WatchCall::received> received_operation_{this};
  OperationOf<WatchCall, &WatchCall::wrote> wrote_operation_{this};
  OperationOf<WatchCall, &WatchCall::done> done_operation_{this};
  OperationOf<WatchCall, &WatchCall::finished> finished_operation_{this};
  Admissions::Place place_;                       // of the stream
  std::string service_name_;                      // whose status is watched; "" is the whole server
  std::optional<RpcServer::ServingStatus> told_;  // the last status written
  bool started_ = false;                          // the client's request was read
  bool writing_ = false;                          // a write is under way
  bool ending_ = false;                           // the server stops, or the client has gone
  bool finishing_ = false;                        // the status of the call was given to gRPC
  bool is_done_ = false;                          // the call is over for gRPC
  bool is_finished_ = false;  // the status of the call was sent, or could not be
};

}  // namespace sg::actors
