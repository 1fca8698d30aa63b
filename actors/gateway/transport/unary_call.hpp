// One unary RPC: the bytes of a request in, and a message or a status out.
//
// The handler of the method parses the request and then calls submit() or ask(). The answer comes
// back as a UnaryCompletion, which calls reply() or fail(). A handler may also reply or fail at
// once.
//
//   void get_account(UnaryCall& call) {
//     wire::GetAccountRequest request;
//     if (call.parse_request(request)) call.ask(query_for(call, request));
//   }
//
// Concurrency: as in Call. Limits: exactly one of reply() and fail() is called, and once.
#pragma once

#include <grpcpp/support/async_unary_call.h>

#include <memory>

#include "actors/gateway/transport/call.hpp"
#include "actors/gateway/transport/operation.hpp"
#include "actors/gateway/transport/rpc_server.hpp"

namespace sg::actors {

// The answer to a unary call's submission or query.
class UnaryCompletion : public Completion {
 public:
  // Makes the response, or fails the call. On the gateway's thread.
  virtual void respond(UnaryCall& call) = 0;
};

class UnaryCall final : public Call {
 public:
  // Arms the call: gRPC fills it with the next client's request.
  UnaryCall(RpcServer& server, std::uint64_t id, const Served& served);

  // The request's bytes; empty once they are parsed.
  grpc::ByteBuffer& request() { return request_; }
  const grpc::ServerContext& context() const { return context_; }
  bool is_write() const { return served_.method.effect == Effect::writes; }
  // Parses the request. If that is not possible, answers INVALID_ARGUMENT and returns false.
  bool parse_request(google::protobuf::Message& message);

  // See Call::do_in_portions().
  void in_portions(std::function<bool()> portion, bool large) {
    do_in_portions(std::move(portion), large);
  }
  // From now on the call holds `bytes` in memory. If that passes the server's limit, answers
  // OVERLOADED and returns false.
  [[nodiscard]] bool hold(std::size_t bytes);
  // Hands the submission to the coordinator, or fails the call if the coordinator is restarting.
  // Transfers that debit an account which the caller may not debit are refused before.
  void submit(ledger::SubmissionPtr submission);
  // Hands the query to the queries actor. `otherwise` is the error for the client if that actor is
  // restarting or hangs; by default a read fails with UNAVAILABLE.
  void ask(QueryPtr query, std::optional<ledger::Error> otherwise = {});
  // As ask(), on behalf of a submission whose answer was decided at this sequence: reads at least
  // up to it. `otherwise` answers the call if the queries actor is restarting or hangs.
  void read_back(QueryPtr query, ledger::Sequence sequence, std::function<void()> otherwise);
  // Whom or what it is about, for the audit log.
  using Call::set_subject;
  // Answers with this message, within the limits of an answer.
  void reply(const google::protobuf::Message& message);
  void reply(const grpc::ByteBuffer& response);
  // Answers with an error. An INTERNAL error is logged first.
  void fail(const ledger::Error& error);
  void fail_with(const grpc::Status& status);

  void completed(const Completed& completed) override;
  void give_up_write() override { give_up(is_submitted_); }
  void give_up_read() override { give_up(is_asked_); }
  void failed(const std::exception& error) override;

 private:
  bool is_answered() const override { return answered_; }
  ledger::Sequence observed() const;
  // The events of the completion queue, see unary_call.cpp.
  void received(bool ok);
  void done(bool ok);
  void finished(bool ok);
  // Tells the meter what came of the submission.
  void count(const Completed& completed);
  // Hand it to the coordinator, or to the queries actor.
  void hand_in(ledger::SubmissionPtr submission);
  void hand_in(QueryPtr query, std::function<void()> otherwise);
  // Answers the call without whom it waits for.
  void do_without();
  // The answer of ask_for_own_accounts(), on behalf of held_.
  void own_accounts_known(const Completed& completed);
  // The server may destroy the call after the events done and finished, in either order.
  void forget_if_over();
  // Fails the call if it waits for an actor that hangs.
  void give_up(bool waits) {
    if (waits && !answered_) do_without();
  }

  std::function<void()> otherwise_;  // of the query that it waits for, if it was given one
  grpc::ByteBuffer request_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer_;
  OperationOf<UnaryCall, &UnaryCall::received> received_operation_{this};
  OperationOf<UnaryCall, &UnaryCall::done> done_operation_{this};
  OperationOf<UnaryCall, &UnaryCall::finished> finished_operation_{this};
  // Weak, so that a submission that everybody else dropped is destroyed. Its destructor then tells
  // this call that it was lost.
  std::weak_ptr<ledger::Submission> submission_;
  ledger::SubmissionPtr held_;  // until the caller's own accounts are known
  Admissions::Place place_;     // until the answer is sent
  std::weak_ptr<Query> query_;
  bool is_submitted_ = false;  // waits for the coordinator, or did
  bool is_counted_ = false;    // the meter knows what came of the submission
  bool is_asked_ = false;      // waits for the queries actor, or did
  bool answered_ = false;
  bool is_done_ = false;      // gRPC's done event came: the client has its status, or has gone
  bool is_finished_ = false;  // the answer was sent, or could not be
};

}  // namespace sg::actors
