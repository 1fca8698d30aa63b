// A submission that came by RPC. It owns the bytes of the request, which its transfers point into,
// and finds the way back to its call.
//
//   auto submission = std::make_shared<RpcSubmission>(call, 0, respond);
//   submission->begin_batch(request);
//   while (submission->read_batch_portion()) { /* other events */ }
//   if (!submission->batch_error()) call.submit(submission);
//
// Operation: if it is dropped without an answer, its destructor tells the call that the request was
// lost, with an unknown outcome.
//
// Concurrency: it is read and answered on the gateway's thread. In between it belongs to the
// coordinator. Limits: those of TransferReader and of Admissions, see bytes_held().
#pragma once

#include <google/protobuf/arena.h>
#include <grpcpp/support/byte_buffer.h>

#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "actors/gateway/methods/records_read.hpp"
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
  // The submission on its way back to the gateway's thread.
  class Answered;
  // Larger requests are large, see is_large(). A batch of 10,000 transfers between two accounts has
  // half of it.
  static constexpr std::size_t kLargeBytes = 1'048'576;
  // Answers the unary call with the submission's results.
  using Respond = void (*)(RpcSubmission& submission, UnaryCall& call);

  // `part` is the request's number on a stream, 0 for a unary call. `respond` is for unary calls; a
  // stream makes its own response of the results.
  RpcSubmission(Call& call, std::uint64_t part, Respond respond);
  // Tells the call that the request was lost, unless it was answered.
  ~RpcSubmission() override;

  // A new message on the submission's arena, which lives as long as the submission.
  template <class Message>
  Message& message() {
    return *google::protobuf::Arena::CreateMessage<Message>(&arena_);
  }

  // Reads one item of that form and checks its transfer. Returns the first error, or nullopt.
  [[nodiscard]] std::optional<ledger::Error> read_item(
      const grpc::ByteBuffer& request, proto::BatchForm form = proto::BatchForm::transfers);
  // Takes the bytes of a batch of that form. The buffer is empty afterwards.
  void begin_batch(grpc::ByteBuffer& request, proto::BatchForm form = proto::BatchForm::transfers);
  // True if the request takes milliseconds of work, which other calls should not have to wait for.
  bool is_large() const { return bytes_.size() > kLargeBytes; }
  // Reads a portion of the batch and checks each item. An item that fails is refused from the
  // start; in an atomic batch all items are. Returns true if there is more to read.
  [[nodiscard]] bool read_batch_portion();
  // Why the whole batch is refused, or nullopt. Needs: the batch was read.
  const std::optional<ledger::Error>& batch_error() const { return batch_error_; }
  // An estimate of the bytes that the submission holds until it is answered, with its answer.
  std::size_t bytes_held() const;
  // Makes the one transfer of a credit or debit and checks it. `amount` is positive for both. The
  // texts must live as long as the submission. Returns the first error, or nullopt.
  std::optional<ledger::Error> take(ledger::TransferKind kind, std::string_view account_id,
                                    ledger::Amount amount, std::string_view reference,
                                    std::string_view key);

  // It came as commands, or some of its transfers have details as only these have.
  bool is_command() const { return form_ == proto::BatchForm::commands || !details_.empty(); }
  // How its answers tell of what committed.
  proto::TransactionForm answer_form() const {
    return form_ == proto::BatchForm::commands ? proto::TransactionForm::whole
                                               : proto::TransactionForm::brief;
  }

  // The items of which the answer is read from their records (records_read.hpp), and was not yet.
  std::vector<std::uint32_t> items_to_read() const;
  void take_records(RecordsRead::Records records);
  // The Transaction that was read of the item, or null.
  const std::string* record_of(std::size_t item) const;

  // Writes a portion of the TransferBatchResponse. Returns true if there is more to write.
  [[nodiscard]] bool write_response_portion();
  // The response. Needs: write_response_portion() returned false.
  grpc::ByteBuffer take_response() { return writer_->take(); }

  // What became of the items, as the caller is told.
  const std::vector<ledger::ItemResult>& told_results() const {
    return told_.empty() ? results : told_;
  }
  // Why an item was refused, as its caller is told. Needs: it was refused. The results themselves
  // are left as they are: the coordinator may still share them with others.
  std::shared_ptr<const ledger::Error> told_error(std::size_t item) const;

  void respond(UnaryCall& call) { respond_(*this, call); }

 private:
  // Its transfers of which nobody will learn more, by their number of entries.
  telemetry::CountsByParties lost() const;
  void on_answered() override;
  // Keeps the request's bytes in one piece. Returns a view of them, or nullopt if gRPC cannot copy
  // them.
  std::optional<std::string_view> copy_bytes(const grpc::ByteBuffer& request);
  // Checks a transfer and fills the hash of its key.
  std::optional<ledger::Error> check_item(ledger::Transfer& transfer);
  // Adds the result of an item that was read: undecided, or refused by its checks.
  bool take_item(ledger::Transfer& transfer);

  google::protobuf::Arena arena_;
  grpc::Slice bytes_;                    // of the request
  std::vector<ledger::Entry> entries_;   // of all transfers, which have spans of it
  std::deque<ledger::Details> details_;  // of those that have some, which point at them
  std::size_t metadata_pairs_ = 0;       // in all of them
  proto::BatchForm form_ = proto::BatchForm::transfers;
  // Takes what the reader has made, but for the transfers.
  void take_list(proto::TransferList& list);
  // A batch that is being read: the reader and the list that it fills.
  struct Reading {
    proto::TransferList list;
    proto::TransferReader reader;
    Reading(std::string_view bytes, proto::BatchForm form) : reader(bytes, list, form) {}
  };
  std::unique_ptr<Reading> reading_;  // of a batch, until all of it is read
  std::optional<ledger::Error> batch_error_;
  ledger::IsOwn is_own_;                  // of the caller; empty: it is told everything
  std::vector<ledger::ItemResult> told_;  // the results, if some are told otherwise
  std::vector<std::string> records_;      // by item, empty where none was read; or none at all
  bool has_records_ = false;              // they were read, or cannot be
  std::optional<proto::ResultsWriter> writer_;  // of the response, once it was begun
  InboxPtr inbox_;
  std::uint64_t call_;  // Call::id()
  std::uint64_t part_;  // see the constructor
  Respond respond_;
};

// A submission of the call, with its deadline.
std::shared_ptr<RpcSubmission> submission_for(UnaryCall& call, RpcSubmission::Respond respond);
// The submission that a completion carries. Needs: it was not lost.
RpcSubmission& submission_of(const Completed& completed);

}  // namespace sg::actors
