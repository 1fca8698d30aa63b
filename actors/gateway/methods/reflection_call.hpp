// ServerReflectionInfo of v1 and v1alpha: a stream that reads one request, writes its answer, and
// only then reads the next.
//
// Concurrency: as in Call. Limits: one request and one answer are held at a time, and each answer
// needs a place of its own.
#pragma once

#include <grpcpp/support/async_stream.h>

#include <optional>

#include "actors/gateway/transport/call.hpp"
#include "actors/gateway/transport/operation.hpp"
#include "actors/gateway/transport/rpc_server.hpp"

namespace sg::actors {

// Ends with OK when the client has no more requests, and with UNAVAILABLE when the server stops.
class ReflectionCall final : public Call {
 public:
  ReflectionCall(RpcServer& server, std::uint64_t id, const Served& served);

  void completed(const Completed&) override {}
  void drain() override;
  void failed(const std::exception& error) override;

 private:
  // The events of the completion queue.
  void received(bool ok);
  void read(bool ok);
  void wrote(bool ok);
  void done(bool ok);
  void finished(bool ok);

  // What they lead to.
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
  bool reading_ = false;            // an operation of each kind that is under way
  bool writing_ = false;
  bool draining_ = false;     // the server stops: end after the answer that is being written
  bool finishing_ = false;    // the status was given to gRPC
  bool is_done_ = false;      // the call is over for gRPC
  bool is_finished_ = false;  // the status was sent, or could not be
};

}  // namespace sg::actors
