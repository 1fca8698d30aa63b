#include "actors/gateway/stream_call.hpp"

#include <string_view>
#include <utility>

#include "actors/gateway/rpc_submission.hpp"
#include "proto/conversion.hpp"

namespace sg::actors {
namespace {

int stream_method(const RawService& service) {
  return service.descriptor().FindMethodByName("StreamTransfers")->index();
}

}  // namespace

StreamCall::StreamCall(RpcServer& server, std::uint64_t id, RawService& service)
    : Call(server, id), stream_(&context_) {
  context_.AsyncNotifyWhenDone(&done_operation_);
  service.request_bidi_stream(stream_method(service), &context_, &stream_, server_.queue(),
                              &received_operation_);
}

void StreamCall::received(bool ok) {
  if (!ok) return server_.forget(id_);
  started_ = true;
  server_.arm_stream_transfers();
  read_next();
}

void StreamCall::read_next() {
  if (reading_ || no_more_requests_ || broken_ || draining_ ||
      slots_.size() >= server_.settings().max_stream_window) {
    return;
  }
  reading_ = true;
  stream_.Read(&request_, &read_operation_);
}

void StreamCall::read(bool ok) {
  reading_ = false;
  if (ok && draining_) {
    // Not taken: the client is told to send it elsewhere.
  } else if (ok) {
    take_request();
    read_next();
  } else {
    no_more_requests_ = true;
  }
  write_next();
}

void StreamCall::take_request() {
  const auto number = first_slot_ + slots_.size();
  auto& slot = slots_.emplace_back();
  grpc::ByteBuffer bytes;
  bytes.Swap(&request_);
  auto place = server_.admit();
  if (!place) return refuse(slot, place.error());
  slot.place = std::move(*place);
  auto submission = std::make_shared<RpcSubmission>(*this, number, nullptr);
  if (!submission->read_batch(bytes)) {
    return refuse(slot, malformed(*wire::TransferBatchRequest::descriptor(), bytes));
  }
  if (auto error = check_batch(*submission)) return refuse(slot, *error);
  if (submission->transfers.empty()) {
    return respond(slot, serialize(wire::TransferBatchResponse()));
  }
  submission->check_items();
  submission->deadline = steady_deadline(context_);
  slot.submission = submission;
  if (!server_.submit(std::move(submission))) {
    refuse(slot, {ledger::Reason::node_unavailable,
                  "the coordinator is restarting: nothing changed, try again",
                  {},
                  ledger::Outcome::none});
  }
}

void StreamCall::refuse(Slot& slot, const ledger::Error& error) {
  wire::TransferBatchResponse response;
  proto::fill(*response.mutable_error(), error);
  respond(slot, serialize(response));
}

void StreamCall::respond(Slot& slot, grpc::ByteBuffer response) {
  slot.response = std::move(response);
}

void StreamCall::completed(const Completed& completed) {
  server_.submission_answered();
  // A request that was refused at the door is lost as well, after its slot has gone.
  if (completed.part < first_slot_ || completed.part - first_slot_ >= slots_.size()) return;
  auto& slot = slots_[completed.part - first_slot_];
  if (slot.response) return;
  if (completed.completion) {
    respond(slot, submission_of(completed).batch_response());
  } else {
    refuse(slot, lost_error());
  }
  write_next();
}

void StreamCall::give_up_write() {
  for (auto& slot : slots_) {
    if (!slot.response) refuse(slot, lost_error());
  }
  write_next();
}

void StreamCall::write_next() {
  // While a response is being written, its slot has to stay where wrote() finds it.
  if (broken_ && !writing_) {
    while (!slots_.empty() && slots_.front().response) {
      slots_.pop_front();
      ++first_slot_;
    }
  }
  if (writing_ || finishing_) return forget_if_over();
  if (!broken_ && !slots_.empty() && slots_.front().response) {
    writing_ = true;
    stream_.Write(*slots_.front().response, &wrote_operation_);
    return;
  }
  const bool over = no_more_requests_ || draining_ || broken_;
  // A status other than OK may go out while a read is under way: it ends that read.
  if (over && slots_.empty() && (!reading_ || (draining_ && !broken_))) {
    finishing_ = true;
    const auto status = no_more_requests_ || broken_
                            ? grpc::Status::OK
                            : proto::to_status({ledger::Reason::node_unavailable,
                                                "the server stops: send the rest to the next one",
                                                {},
                                                ledger::Outcome::none},
                                               true);
    stream_.Finish(status, &finished_operation_);
  }
}

void StreamCall::wrote(bool ok) {
  writing_ = false;
  if (!ok) broken_ = true;
  slots_.pop_front();
  ++first_slot_;
  read_next();
  write_next();
}

void StreamCall::drain() {
  if (!started_) return;
  draining_ = true;
  write_next();
}

void StreamCall::done(bool) {
  is_done_ = true;
  if (context_.IsCancelled()) {
    broken_ = true;
    for (const auto& slot : slots_) {
      if (const auto submission = slot.submission.lock()) server_.cancel(submission);
    }
  }
  write_next();
}

void StreamCall::finished(bool) {
  is_finished_ = true;
  forget_if_over();
}

void StreamCall::forget_if_over() {
  if (is_done_ && is_finished_ && !reading_ && !writing_) server_.forget(id_);
}

}  // namespace sg::actors
