// ServerReflectionInfo, of v1 and of v1alpha: one request is read, answered and written at a time.
#pragma once

#include <grpcpp/support/async_stream.h>

#include <optional>

#include "actors/gateway/transport/call.hpp"
#include "actors/gateway/transport/operation.hpp"
#include "actors/gateway/transport/rpc_server.hpp"

namespace sg::actors {

class ReflectionCall final : public Call {
 public:
  ReflectionCall(RpcServer& server, std::uint64_t id, const Served& served);

  void completed(const Completed&) override {}
  void drain() override;
  void failed(const std::exception& error) override;

 private:
  void received(bool ok);
  void read(bool ok);
  void wrote(bool ok);
  void done(bool ok);
  void finished(bool ok);

  void read_next();
  void answer();
  void finish(const grpc::Status& status);
  void forget_if_over();

  grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer> stream_;
  grpc::ByteBuffer request_;
  OperationOf<ReflectionCall, &ReflectionCall::received> received_operation_{this};
  OperationOf<ReflectionCall, &ReflectionCall::read> read_operation_{this};
  OperationOf<ReflectionCall, &ReflectionCall::wrote> wrote_operation_{this};
  OperationOf<ReflectionCall, &ReflectionCall::done> done_operation_{this};
  OperationOf<ReflectionCall, &ReflectionCall::finished> finished_operation_{this};
  Admissions::Place place_;         // of the stream
  Admissions::Place answer_place_;  // of the answer that is being written
  bool reading_ = false;
  bool writing_ = false;
  bool draining_ = false;
  bool finishing_ = false;
  bool is_done_ = false;
  bool is_finished_ = false;
};

}  // namespace sg::actors
