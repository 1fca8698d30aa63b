// A call that streams progress while long work goes on, and then the result.
//
// A kind of call derives from it: make_query() reads the request and makes the query, and tells
// progress by what teller() gives. The query's encode function makes the last message.
//
// Concurrency: as in Call; the work runs on another thread and posts its progress to the inbox.
// Limits: the call holds a place for its stream and one for its bytes. At most one message waits to
// be written.
#pragma once

#include <grpcpp/support/async_stream.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "actors/gateway/methods/rpc_query.hpp"
#include "actors/gateway/transport/call.hpp"
#include "actors/gateway/transport/operation.hpp"
#include "actors/gateway/transport/rpc_server.hpp"

namespace sg::actors {

class ProgressCall : public Call {
 public:
  ProgressCall(RpcServer& server, std::uint64_t id, const Served& served);

  void completed(const Completed& completed) override;
  void give_up_read() override;
  void drain() override;
  void failed(const std::exception& error) override;

 protected:
  using QueryResult = ledger::Result<std::shared_ptr<RpcQuery>>;
  // The query for this request, or the error that the call ends with.
  virtual QueryResult make_query(grpc::ByteBuffer& request) = 0;
  // What a client is told whose call ends with the server.
  virtual std::string stopping_text() const = 0;
  // Sends messages of progress, a few a second: `make` is called for those that are sent. The
  // function may be called from any one thread, also when the call is over.
  using Make = std::function<grpc::ByteBuffer()>;
  std::function<void(const Make& make)> teller();

 private:
  // The events of the completion queue.
  void received(bool ok);
  void wrote(bool ok);
  void done(bool ok);
  void finished(bool ok);

  // Takes both places and asks the queries actor for the work.
  void start();
  ledger::Error stopping_error() const;
  // Tells the work that nobody waits for it any more.
  void cancel_query();
  // Ends the call with this status, after the message that waits.
  void finish(const grpc::Status& status);
  // Writes the message that waits, or sends the status.
  void write_next();

  grpc::ByteBuffer request_;
  grpc::ServerAsyncWriter<grpc::ByteBuffer> writer_;
  OperationOf<ProgressCall, &ProgressCall::received> received_operation_{this};
  OperationOf<ProgressCall, &ProgressCall::wrote> wrote_operation_{this};
  OperationOf<ProgressCall, &ProgressCall::done> done_operation_{this};
  OperationOf<ProgressCall, &ProgressCall::finished> finished_operation_{this};
  // The newest message that is not written yet. Older progress is of no use, so it is replaced.
  std::optional<grpc::ByteBuffer> next_;
  std::optional<grpc::Status> end_;  // the status, once it is known
  std::weak_ptr<Query> query_;
  bool is_under_way_ = false;  // the work has an actor of its own, so it does not hang with queries
  Admissions::Place stream_place_;
  Admissions::Place place_;   // until the result is sent
  bool writing_ = false;      // a write is under way
  bool finishing_ = false;    // the status was given to gRPC
  bool is_done_ = false;      // the call is over for gRPC
  bool is_finished_ = false;  // the status was sent, or could not be
};

}  // namespace sg::actors
