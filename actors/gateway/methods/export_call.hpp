// ExportService.Export: every durable record of the chain, in portions.
//
// Operation: a portion is read only when the one before it is on its way to the client. So a slow
// client slows its own export down, and holds two portions at most: one that is being written, and
// the next. No thread and no snapshot is kept for it.
//
// Concurrency: as in Call; portions are read by the queries actor, beside other reads. Limits: the
// call holds a place for its stream and one for its bytes.
#pragma once

#include <grpcpp/support/async_stream.h>

#include <memory>
#include <optional>

#include "actors/gateway/transport/call.hpp"
#include "actors/gateway/transport/operation.hpp"
#include "actors/gateway/transport/rpc_server.hpp"

namespace sg::actors {

class ExportCall final : public Call {
 public:
  ExportCall(RpcServer& server, std::uint64_t id, const Served& served);

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

  // Takes both places and asks for the first portion.
  void start();
  // Asks for the portion at `ask_`, unless there is no more.
  void ask_next();
  void cancel_query();
  // Ends the call with this error, or with OK after what waits was written.
  void finish(const ledger::Error& error);
  void finish(const grpc::Status& status);
  // Writes the portion that waits, or sends the status.
  void write_next();

  grpc::ByteBuffer request_;
  grpc::ServerAsyncWriter<grpc::ByteBuffer> writer_;
  OperationOf<ExportCall, &ExportCall::received> received_operation_{this};
  OperationOf<ExportCall, &ExportCall::wrote> wrote_operation_{this};
  OperationOf<ExportCall, &ExportCall::done> done_operation_{this};
  OperationOf<ExportCall, &ExportCall::finished> finished_operation_{this};
  RecordsOfChain ask_;   // the next portion
  Freshness freshness_;  // of the first portion as the client says it; later ones are of that past
  std::weak_ptr<Query> query_;            // the one that is being answered
  bool asking_ = false;                   // its answer is still to come
  std::optional<grpc::ByteBuffer> next_;  // a portion that is not written yet
  std::uint64_t records_ = 0;             // in all portions so far
  bool is_complete_ = false;              // there is no further portion
  std::optional<grpc::Status> end_;       // the status, once it is known
  Admissions::Place stream_place_;
  Admissions::Place place_;   // of the portions
  bool writing_ = false;      // a write is under way
  bool finishing_ = false;    // the status was given to gRPC
  bool is_done_ = false;      // the call is over for gRPC
  bool is_finished_ = false;  // the status was sent, or could not be
};

}  // namespace sg::actors
