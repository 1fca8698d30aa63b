// AdminService.Verify: a stream of progress messages while the chain is walked, and then the
// report.
//
// Concurrency: as in Call; the walk runs on another thread and posts its progress to the inbox.
// Limits: the call holds a place for its stream and one for its bytes. At most one message waits to
// be written.
#pragma once

#include <grpcpp/support/async_stream.h>

#include <memory>
#include <optional>

#include "actors/gateway/transport/call.hpp"
#include "actors/gateway/transport/operation.hpp"
#include "actors/gateway/transport/rpc_server.hpp"
#include "proto/ledger.pb.h"

namespace sg::actors {

class VerifyCall final : public Call {
 public:
  VerifyCall(RpcServer& server, std::uint64_t id, const Served& served);

  void completed(const Completed& completed) override;
  void give_up_read() override;
  void drain() override;
  void failed(const std::exception& error) override;

 private:
  // The events of the completion queue.
  void received(bool ok);
  void wrote(bool ok);
  void done(bool ok);
  void finished(bool ok);

  // Takes both places and asks the queries actor for the walk.
  void start();
  // Tells the walk that nobody waits for it any more.
  void cancel_query();
  // Ends the call with this status, after the message that waits.
  void finish(const grpc::Status& status);
  // Writes the message that waits, or sends the status.
  void write_next();

  grpc::ByteBuffer request_;
  grpc::ServerAsyncWriter<grpc::ByteBuffer> writer_;
  OperationOf<VerifyCall, &VerifyCall::received> received_operation_{this};
  OperationOf<VerifyCall, &VerifyCall::wrote> wrote_operation_{this};
  OperationOf<VerifyCall, &VerifyCall::done> done_operation_{this};
  OperationOf<VerifyCall, &VerifyCall::finished> finished_operation_{this};
  // The newest message that is not written yet. Older progress is of no use, so it is replaced.
  std::optional<grpc::ByteBuffer> next_;
  std::optional<grpc::Status> end_;  // the status, once it is known
  std::weak_ptr<Query> query_;
  bool is_under_way_ = false;  // the walk has an actor of its own, so it does not hang with queries
  Admissions::Place stream_place_;
  Admissions::Place place_;   // until the report is sent
  bool writing_ = false;      // a write is under way
  bool finishing_ = false;    // the status was given to gRPC
  bool is_done_ = false;      // the call is over for gRPC
  bool is_finished_ = false;  // the status was sent, or could not be
};

}  // namespace sg::actors
