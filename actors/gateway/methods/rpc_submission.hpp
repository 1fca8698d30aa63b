// A submission that came by RPC: it owns the request's bytes as parsed, which its transfers point
// into, and finds its way back to its call.
#pragma once

#include <google/protobuf/arena.h>
#include <grpcpp/support/byte_buffer.h>

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "actors/gateway/transport/call.hpp"
#include "actors/gateway/transport/inbox.hpp"
#include "ledger/submission.hpp"
#include "proto/ledger.pb.h"
#include "proto/transfer_reader.hpp"
#include "proto/transfer_writer.hpp"

namespace sg::actors {

namespace wire = scalegraph::ledger;

class UnaryCall;

class RpcSubmission final : public ledger::Submission {
 public:
  // Carries the submission back to the gateway's thread.
  class Answered;
  // A batch of 10,000 transfers between two accounts has half of it.
  static constexpr std::size_t kLargeBytes = 1'048'576;
  using Respond = void (*)(RpcSubmission& submission, UnaryCall& call);

  // `respond`: with a unary call; a stream makes its own response of the results.
  RpcSubmission(Call& call, std::uint64_t part, Respond respond);
  // Tells the call that the request was lost, unless it was answered.
  ~RpcSubmission() override;

  template <class Message>
  Message& message() {
    return *google::protobuf::Arena::CreateMessage<Message>(&arena_);
  }

  // Reads a TransferRequest and checks its transfer; the error of either.
  [[nodiscard]] std::optional<ledger::Error> read_transfer(const grpc::ByteBuffer& request);
  // Begins to read a TransferBatchRequest, and lets go of its buffer.
  void begin_batch(grpc::ByteBuffer& request);
  // Milliseconds of work, which others should not have to wait for.
  bool is_large() const { return bytes_.size() > kLargeBytes; }
  // Reads a portion of it, and checks each item: a wrong one is refused from the start, with an
  // atomic batch all of them are. True: there is more to read.
  [[nodiscard]] bool read_batch_portion();
  // Why the batch as a whole is refused, once it was read.
  const std::optional<ledger::Error>& batch_error() const { return batch_error_; }
  // What it holds in memory until its answer is made, and that answer as far as can be told.
  std::size_t bytes_held() const;
  // A credit or debit; the error of its checks.
  std::optional<ledger::Error> take(ledger::TransferKind kind, std::string_view account_id,
                                    ledger::Amount amount, std::string_view reference,
                                    std::string_view key);

  // Makes a portion of the TransferBatchResponse. True: there is more to make.
  [[nodiscard]] bool write_response_portion();
  grpc::ByteBuffer take_response() { return writer_->take(); }

  void respond(UnaryCall& call) { respond_(*this, call); }

 private:
  void on_answered() override;
  std::optional<std::string_view> copy_bytes(const grpc::ByteBuffer& request);
  std::optional<ledger::Error> check_item(ledger::Transfer& transfer);
  bool take_item(ledger::Transfer& transfer);
  void finish_batch();

  google::protobuf::Arena arena_;
  grpc::Slice bytes_;  // of the request
  std::vector<ledger::Entry> entries_;
  struct Reading {
    proto::TransferList list;
    proto::TransferReader reader;
    explicit Reading(std::string_view bytes) : reader(bytes, list) {}
  };
  std::unique_ptr<Reading> reading_;  // of a batch, until all of it is read
  std::optional<ledger::Error> batch_error_;
  std::optional<proto::ResultsWriter> writer_;
  InboxPtr inbox_;
  std::uint64_t call_;
  std::uint64_t part_;
  Respond respond_;
};

// The submission that a completion carries.
RpcSubmission& submission_of(const Completed& completed);

}  // namespace sg::actors
