// AdminService.Verify: progress while the chain is walked, then the report.
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
  void failed(const std::exception& error) override;

 private:
  void received(bool ok);
  void wrote(bool ok);
  void done(bool ok);
  void finished(bool ok);

  void start();
  void cancel_query();
  void finish(const grpc::Status& status);
  void write_next();

  grpc::ByteBuffer request_;
  grpc::ServerAsyncWriter<grpc::ByteBuffer> writer_;
  OperationOf<VerifyCall, &VerifyCall::received> received_operation_{this};
  OperationOf<VerifyCall, &VerifyCall::wrote> wrote_operation_{this};
  OperationOf<VerifyCall, &VerifyCall::done> done_operation_{this};
  OperationOf<VerifyCall, &VerifyCall::finished> finished_operation_{this};
  // The newest message that is not written yet: older progress is of no use.
  std::optional<grpc::ByteBuffer> next_;
  std::optional<grpc::Status> end_;
  std::weak_ptr<Query> query_;
  bool is_under_way_ = false;  // the walk has an actor of its own by now
  Admissions::Place stream_place_;
  Admissions::Place place_;  // until the report is sent
  bool writing_ = false;
  bool finishing_ = false;
  bool is_done_ = false;
  bool is_finished_ = false;
};

}  // namespace sg::actors
