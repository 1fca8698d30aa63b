// StreamTransfers: batches in, results out in the same order, many requests in work at once up to a
// window; beyond it the stream is not read, which slows the client down.
#pragma once

#include <grpcpp/support/async_stream.h>

#include <deque>
#include <memory>
#include <optional>

#include "actors/gateway/transport/call.hpp"
#include "actors/gateway/transport/operation.hpp"
#include "actors/gateway/transport/rpc_server.hpp"
#include "proto/ledger.pb.h"

namespace sg::actors {

class RpcSubmission;

class StreamCall final : public Call {
 public:
  StreamCall(RpcServer& server, std::uint64_t id, const Served& served);

  void completed(const Completed& completed) override;
  void give_up_write() override;
  void drain() override;
  void failed(const std::exception& error) override;

 private:
  // A request in work, or its response waiting for those before it.
  struct Slot {
    std::weak_ptr<ledger::Submission> submission;
    std::optional<grpc::ByteBuffer> response;
    Admissions::Place place;  // until the response is sent
  };

  void received(bool ok);
  void read(bool ok);
  void wrote(bool ok);
  void done(bool ok);
  void finished(bool ok);

  void read_next();
  void take_request();
  bool take_portion(std::uint64_t number, const std::shared_ptr<RpcSubmission>& submission);
  void hand_in(Slot& slot, const std::shared_ptr<RpcSubmission>& submission);
  bool answer_portion(std::uint64_t number, RpcSubmission& submission);
  Slot* find_slot(std::uint64_t number);
  void end_at_once(const ledger::Error& error);
  void refuse(Slot& slot, const ledger::Error& error);
  void respond(Slot& slot, grpc::ByteBuffer response);
  void write_next();
  grpc::Status end_status() const;
  void forget_if_over();

  grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer> stream_;
  grpc::ByteBuffer request_;
  OperationOf<StreamCall, &StreamCall::received> received_operation_{this};
  OperationOf<StreamCall, &StreamCall::read> read_operation_{this};
  OperationOf<StreamCall, &StreamCall::wrote> wrote_operation_{this};
  OperationOf<StreamCall, &StreamCall::done> done_operation_{this};
  OperationOf<StreamCall, &StreamCall::finished> finished_operation_{this};
  Admissions::Place place_;       // of the stream itself
  std::deque<Slot> slots_;        // in the order of the requests
  std::uint64_t first_slot_ = 0;  // the number of slots_.front()
  bool reading_ = false;
  bool taking_ = false;  // a request was received, and its portions are being read
  bool writing_ = false;
  bool no_more_requests_ = false;
  bool broken_ = false;  // the client is gone: responses have nowhere to go
  bool draining_ = false;
  bool compressed_ = false;               // a request was: no more are taken
  std::optional<ledger::Error> failure_;  // a handler threw: it ends with this
  bool finishing_ = false;
  bool is_done_ = false;
  bool is_finished_ = false;
};

}  // namespace sg::actors
