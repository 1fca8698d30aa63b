// grpc.health.v1.Health.Watch: the serving status now, and at each change.
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
  void received(bool ok);
  void wrote(bool ok);
  void done(bool ok);
  void finished(bool ok);
  void write_next();
  void finish(const grpc::Status& status);

  grpc::ByteBuffer request_;
  grpc::ServerAsyncWriter<grpc::ByteBuffer> writer_;
  OperationOf<WatchCall, &WatchCall::received> received_operation_{this};
  OperationOf<WatchCall, &WatchCall::wrote> wrote_operation_{this};
  OperationOf<WatchCall, &WatchCall::done> done_operation_{this};
  OperationOf<WatchCall, &WatchCall::finished> finished_operation_{this};
  Admissions::Place place_;  // of the stream
  std::string service_name_;
  std::optional<RpcServer::ServingStatus> told_;
  bool started_ = false;
  bool writing_ = false;
  bool ending_ = false;
  bool finishing_ = false;
  bool is_done_ = false;
  bool is_finished_ = false;
};

}  // namespace sg::actors
