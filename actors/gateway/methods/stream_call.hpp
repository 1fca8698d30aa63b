// StreamTransfers and Import: a stream of batches in, their results out in the same order.
//
// Operation: many requests are in work at once, up to a window (`server.max_stream_window`). When
// it is full, the stream is not read, and HTTP/2's flow control slows the client down. Requests are
// handed to the coordinator in their order. A request that is refused gets a response with an
// error, and the stream goes on.
//
// Concurrency: as in Call. Limits: the stream holds one place, and each request in work another.
#pragma once

#include <grpcpp/support/async_stream.h>

#include <deque>
#include <memory>
#include <optional>

#include "actors/gateway/transport/call.hpp"
#include "actors/gateway/transport/operation.hpp"
#include "actors/gateway/transport/rpc_server.hpp"
#include "proto/ledger.pb.h"
#include "proto/transfer_reader.hpp"

namespace sg::actors {

class RpcSubmission;

class StreamCall final : public Call {
 public:
  // `form`: of the batches.
  StreamCall(RpcServer& server, std::uint64_t id, const Served& served, proto::BatchForm form);

  void completed(const Completed& completed) override;
  void give_up_write() override;
  void give_up_read() override;
  void drain() override;
  void failed(const std::exception& error) override;

 private:
  // A request in work, or its response, which waits for the responses before it.
  struct Slot {
    std::weak_ptr<ledger::Submission> submission;  // weak: a dropped one must be destroyed
    std::shared_ptr<RpcSubmission> reading;        // while its records are read for the response
    std::weak_ptr<Query> records_query;            // that reads them
    std::optional<grpc::ByteBuffer> response;      // once it is known
    Admissions::Place place;                       // until the response is sent
    ledger::SteadyTime received{};
  };

  // The events of the completion queue.
  void received(bool ok);
  void read(bool ok);
  void wrote(bool ok);
  void done(bool ok);
  void finished(bool ok);

  // Reads the next request, unless one is being read or taken, the window is full, or the stream
  // ends.
  void read_next();
  // Gives the request that was read a slot, and begins to parse it.
  void take_request();
  // A portion of parsing; with the last one the request is handed in. Returns true if there are
  // more.
  bool take_portion(std::uint64_t number, const std::shared_ptr<RpcSubmission>& submission);
  // Submits the parsed request, or answers it at once.
  void hand_in(Slot& slot, const std::shared_ptr<RpcSubmission>& submission);
  void submit(Slot& slot, const std::shared_ptr<RpcSubmission>& submission);
  // The request debits accounts of which it is not known whether they are the caller's own: asks,
  // and reads no further request until the answer is there.
  void ask_own_accounts(const std::shared_ptr<RpcSubmission>& submission);
  void own_accounts_known(const Completed& completed);
  // Answers that request with an error, and drops the question.
  void give_up_held(const ledger::Error& error);
  // What was read of the records that a response tells.
  void records_read(const Completed& completed);
  // The response is written without the records of those that wait for them.
  void give_up_records();
  void begin_answer(std::uint64_t number, std::shared_ptr<RpcSubmission> submission);
  // A portion of writing the response. Returns true if there are more.
  bool answer_portion(std::uint64_t number, RpcSubmission& submission);
  // The slot of that request, or null if it has gone.
  Slot* find_slot(std::uint64_t number);
  // Ends the stream with an error. Requests in work get no response.
  void end_at_once(const ledger::Error& error);
  // Answers the request with an error, or with this response. write_next() sends it in its turn.
  void refuse(Slot& slot, const ledger::Error& error);
  void respond(Slot& slot, grpc::ByteBuffer response);
  // Writes the next response if its turn has come, or ends the stream when nothing is left to do.
  void write_next();
  // The status of a stream that ends in good order.
  grpc::Status end_status() const;
  void forget_if_over();

  const proto::BatchForm form_;
  grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer> stream_;
  grpc::ByteBuffer request_;
  OperationOf<StreamCall, &StreamCall::received> received_operation_{this};
  OperationOf<StreamCall, &StreamCall::read> read_operation_{this};
  OperationOf<StreamCall, &StreamCall::wrote> wrote_operation_{this};
  OperationOf<StreamCall, &StreamCall::done> done_operation_{this};
  OperationOf<StreamCall, &StreamCall::finished> finished_operation_{this};
  Admissions::Place place_;              // of the stream itself
  std::deque<Slot> slots_;               // in the order of the requests
  std::shared_ptr<RpcSubmission> held_;  // until the caller's own accounts are known
  std::uint64_t held_number_ = 0;        // of that request
  std::weak_ptr<Query> own_query_;       // that asks for them
  std::optional<ledger::Error> denial_;  // the caller is not let in any more: it ends with this
  std::uint64_t first_slot_ = 0;         // the number of slots_.front()
  bool reading_ = false;                 // a read is under way
  bool taking_ = false;                  // a request was received, and its portions are being read
  bool writing_ = false;                 // a write is under way
  bool no_more_requests_ = false;        // the client has sent its last request
  bool broken_ = false;                  // the client is gone: responses have nowhere to go
  bool draining_ = false;    // the server stops: requests in work are answered, no more are taken
  bool compressed_ = false;  // a request was compressed: no more are taken
  std::optional<ledger::Error> failure_;  // a handler threw: it ends with this
  ledger::Sequence observed_ = 0;         // of all that was answered
  bool finishing_ = false;                // the status was given to gRPC
  bool is_done_ = false;                  // the call is over for gRPC
  bool is_finished_ = false;              // the status was sent, or could not be
};

}  // namespace sg::actors
