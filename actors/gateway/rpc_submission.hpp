// A submission that came by RPC: it owns the request's bytes as parsed, which its transfers point
// into, and finds its way back to its call.
#pragma once

#include <google/protobuf/arena.h>
#include <grpcpp/support/byte_buffer.h>

#include <memory>
#include <vector>

#include "actors/gateway/call.hpp"
#include "actors/gateway/inbox.hpp"
#include "ledger/submission.hpp"
#include "proto/ledger.pb.h"

namespace sg::actors {

namespace wire = scalegraph::ledger;

class UnaryCall;

class RpcSubmission final : public ledger::Submission {
 public:
  // Carries the submission back to the gateway's thread.
  class Answered;
  using Respond = void (*)(RpcSubmission& submission, UnaryCall& call);

  // `respond`: with a unary call; a stream makes its own response of the results.
  RpcSubmission(Call& call, std::uint64_t part, Respond respond);
  // Tells the call that the request was lost, unless it was answered.
  ~RpcSubmission() override;

  template <class Message>
  Message& message() {
    return *google::protobuf::Arena::CreateMessage<Message>(&arena_);
  }

  // Reads a request, not yet checked. False when the bytes are no such request.
  [[nodiscard]] bool read_transfer(const grpc::ByteBuffer& request);
  [[nodiscard]] bool read_batch(const grpc::ByteBuffer& request);
  // The error of an item's checks.
  std::optional<ledger::Error> check_item(std::size_t item);
  // The items of a batch, each checked: a wrong one is refused from the start, with an atomic batch
  // all of them are.
  void check_items();
  // A credit or debit; the error of its checks.
  std::optional<ledger::Error> take(ledger::TransferKind kind, std::string_view account_id,
                                    ledger::Amount amount, std::string_view reference,
                                    std::string_view key);

  // A TransferBatchResponse.
  grpc::ByteBuffer batch_response();

  void respond(UnaryCall& call) { respond_(*this, call); }

 private:
  void on_answered() override;
  template <class Read>
  bool read(const grpc::ByteBuffer& request, Read read_list);

  google::protobuf::Arena arena_;
  grpc::Slice bytes_;  // of the request
  std::vector<ledger::Entry> entries_;
  InboxPtr inbox_;
  std::uint64_t call_;
  std::uint64_t part_;
  Respond respond_;
};

// What is wrong with the batch as a whole: too many transfers, or an atomic one of mixed keys.
std::optional<ledger::Error> check_batch(const RpcSubmission& submission);

// The submission that a completion carries.
RpcSubmission& submission_of(const Completed& completed);

}  // namespace sg::actors
