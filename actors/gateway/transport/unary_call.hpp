// One unary RPC: bytes in, a message or a status out.
#pragma once

#include <grpcpp/support/async_unary_call.h>

#include <memory>

#include "actors/gateway/transport/call.hpp"
#include "actors/gateway/transport/operation.hpp"
#include "actors/gateway/transport/rpc_server.hpp"

namespace sg::actors {

// What answers a unary call when it comes back.
class UnaryCompletion : public Completion {
 public:
  virtual void respond(UnaryCall& call) = 0;
};

class UnaryCall final : public Call {
 public:
  UnaryCall(RpcServer& server, std::uint64_t id, const Served& served);

  grpc::ByteBuffer& request() { return request_; }
  const grpc::ServerContext& context() const { return context_; }
  bool is_write() const { return served_.method.effect == Effect::writes; }
  // Parses, or answers INVALID_ARGUMENT and returns false.
  bool parse_request(google::protobuf::Message& message);

  // See Call::do_in_portions().
  void in_portions(std::function<bool()> portion, bool large) {
    do_in_portions(std::move(portion), large);
  }
  // The call holds so many bytes in memory. Or answers OVERLOADED, and returns false.
  [[nodiscard]] bool hold(std::size_t bytes);
  void submit(ledger::SubmissionPtr submission);
  void ask(QueryPtr query, std::optional<ledger::Error> otherwise = {});
  void reply(const google::protobuf::Message& message);
  void reply(const grpc::ByteBuffer& response);
  void fail(const ledger::Error& error);
  void fail_with(const grpc::Status& status);

  void completed(const Completed& completed) override;
  void give_up_write() override { give_up(is_submitted_); }
  void give_up_read() override { give_up(is_asked_); }
  void failed(const std::exception& error) override;

 private:
  bool is_answered() const override { return answered_; }
  void received(bool ok);
  void done(bool ok);
  void finished(bool ok);
  void forget_if_over();
  void give_up(bool waits) {
    if (waits && !answered_) fail(otherwise_.value_or(lost_error()));
  }

  std::optional<ledger::Error> otherwise_;  // see ask()
  grpc::ByteBuffer request_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer_;
  OperationOf<UnaryCall, &UnaryCall::received> received_operation_{this};
  OperationOf<UnaryCall, &UnaryCall::done> done_operation_{this};
  OperationOf<UnaryCall, &UnaryCall::finished> finished_operation_{this};
  // Weak: a submission that everybody else dropped is lost, and says so.
  std::weak_ptr<ledger::Submission> submission_;
  Admissions::Place place_;  // until the answer is sent
  std::weak_ptr<Query> query_;
  bool is_submitted_ = false;
  bool is_asked_ = false;
  bool answered_ = false;
  bool is_done_ = false;
  bool is_finished_ = false;
};

}  // namespace sg::actors
