// Requests are numbered from 0. slots_ holds those that are not answered yet, from first_slot_ on.
// So a request's number finds its slot, and a response is written when its slot is the first one.
//
//   read() -> take_request() -> take_portion()... -> hand_in() -> coordinator
//   completed() -> answer_portion()... -> respond() -> write_next() -> wrote()
//
// The stream ends when no more requests come, all slots are gone, and no operation is under way.
#include "actors/gateway/methods/stream_call.hpp"

#include <exception>
#include <string_view>
#include <utility>

#include "actors/gateway/methods/rpc_submission.hpp"
#include "actors/gateway/transport/own_accounts.hpp"
#include "ledger/rights.hpp"
#include "proto/conversion.hpp"

namespace sg::actors {
StreamCall::StreamCall(RpcServer& server, std::uint64_t id, const Served& served,
                       proto::BatchForm form)
    : Call(server, id, served), form_(form), stream_(&context_) {
  context_.AsyncNotifyWhenDone(&done_operation_);
  served.service.request_bidi_stream(served.index, &context_, &stream_, server_.queue(),
                                     &received_operation_);
}

void StreamCall::received(bool ok) {
  // No client came: the server stops.
  if (!ok) return server_.forget(id_);
  begin();
  tell_request_id();
  if (auto error = let_in()) return end_at_once(*error);
  auto place = admit_stream();
  if (!place) return end_at_once(place.error());
  place_ = std::move(*place);
  // The server's drain may have passed before this call began.
  if (server_.stopping()) return drain();
  read_next();
}

// Requests in work are not answered on this stream any more, so their outcome is unknown.
void StreamCall::failed(const std::exception& error) {
  failure_ = internal_error(error.what());
  if (!writing_) end_at_once(*failure_);
}

void StreamCall::end_at_once(const ledger::Error& error) {
  if (std::exchange(finishing_, true)) return;
  audit(error);
  add_trailers(observed_);
  // True: a write's error carries an outcome.
  stream_.Finish(ended(proto::to_status(error, true)), &finished_operation_);
}

void StreamCall::read_next() {
  if (reading_ || taking_ || no_more_requests_ || broken_ || draining_ || compressed_ || denial_ ||
      finishing_ || slots_.size() >= server_.settings().max_stream_window) {
    return;
  }
  reading_ = true;
  stream_.Read(&request_, &read_operation_);
}

void StreamCall::read(bool ok) {
  reading_ = false;
  if (ok && (draining_ || finishing_)) {
    // Not taken: the client is told to send it elsewhere.
  } else if (ok && arrived_compressed()) {
    compressed_ = true;
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
  slot.received = std::chrono::steady_clock::now();
  grpc::ByteBuffer bytes;
  // Frees request_ for the next read.
  bytes.Swap(&request_);
  try {
    if (auto error = let_in()) {
      // One that is not let in any more. One that sends too much goes on.
      if (error->reason != ledger::Reason::overloaded) denial_ = *error;
      return refuse(slot, *error);
    }
    auto place = admit(bytes.Length());
    if (!place) return refuse(slot, place.error());
    slot.place = std::move(*place);
    auto submission = std::make_shared<RpcSubmission>(*this, number, nullptr);
    submission->begin_batch(bytes, form_);
    taking_ = true;
    do_in_portions([this, number, submission] { return take_portion(number, submission); },
                   submission->is_large());
  } catch (const std::exception& error) {
    taking_ = false;
    refuse(slot, internal_error(error.what()));
  }
}

// The next request is read after this one was handed in, because requests are applied in their
// order.
bool StreamCall::take_portion(std::uint64_t number,
                              const std::shared_ptr<RpcSubmission>& submission) {
  auto* slot = find_slot(number);
  try {
    if (!broken_ && slot != nullptr && !slot->response && submission->read_batch_portion()) {
      // The place grows with what was parsed. A request that would pass the limit is refused.
      if (slot->place.try_resize(submission->bytes_held())) return true;
      refuse(*slot, too_many_bytes());
    }
    taking_ = false;
    if (slot != nullptr && !slot->response) {
      if (broken_) {
        // The client has gone, so the request is not handed in. An empty response only frees the
        // slot.
        respond(*slot, {});  // the client has gone before it was handed in
      } else {
        hand_in(*slot, submission);
      }
    }
  } catch (const std::exception& error) {
    taking_ = false;
    if (!slot->response) refuse(*slot, internal_error(error.what()));
  }
  read_next();
  write_next();
  return false;
}

void StreamCall::hand_in(Slot& slot, const std::shared_ptr<RpcSubmission>& submission) {
  if (const auto& error = submission->batch_error()) return refuse(slot, *error);
  if (submission->is_command()) {
    if (const auto error = refuse_before_upgrade(*submission)) return refuse(slot, *error);
  }
  // An empty batch changes nothing, so the coordinator need not see it.
  if (submission->transfers().empty()) {
    return respond(slot, serialize(wire::TransferBatchResponse()));
  }
  if (!slot.place.try_resize(submission->bytes_held())) {
    return refuse(slot, too_many_bytes());
  }
  submission->deadline = steady_deadline(context_);
  submission->origin = origin();
  submission->trace = trace();
  submission->times.received = slot.received;
  slot.submission = submission;
  if (!only_participant().empty()) {
    if (!ledger::is_permitted(*submission, own_accounts())) return ask_own_accounts(submission);
  }
  submit(slot, submission);
}

void StreamCall::submit(Slot& slot, const std::shared_ptr<RpcSubmission>& submission) {
  if (!server_.submit(submission)) refuse(slot, coordinator_away_error(*submission));
}

// The next request is read after the answer, because requests are applied in their order.
void StreamCall::ask_own_accounts(const std::shared_ptr<RpcSubmission>& submission) {
  taking_ = true;
  held_ = submission;
  held_number_ = first_slot_ + slots_.size() - 1;
  auto query = ask_for_own_accounts(*this, held_number_, only_participant());
  own_query_ = query;
  // A query that cannot be asked is dropped, and so reported as lost.
  (void)server_.ask(std::move(query));
}

void StreamCall::give_up_held(const ledger::Error& error) {
  const auto submission = std::exchange(held_, nullptr);
  if (!submission) return;
  if (const auto query = own_query_.lock()) query->cancelled = true;
  taking_ = false;
  auto* slot = find_slot(held_number_);
  if (slot != nullptr && !slot->response) refuse(*slot, with_outcome_of(error, *submission));
}

void StreamCall::give_up_read() {
  give_up_records();
  if (!held_) return;  // nothing of it waits for a read, or no client has come yet
  give_up_held(queries_away_error());
  read_next();
  write_next();
}

void StreamCall::own_accounts_known(const Completed& completed) {
  const auto number = completed.part & ~kOwnAccountsPart;
  if (!held_ || number != held_number_) return;  // it was given up
  taking_ = false;
  const auto submission = std::exchange(held_, nullptr);
  auto* slot = find_slot(number);
  if (submission && slot != nullptr && !slot->response) {
    const auto* known = completed.completion ? &as<OwnAccounts>(completed).ids : nullptr;
    if (known == nullptr) {
      refuse(*slot, with_outcome_of(queries_away_error(), *submission));
    } else if (!*known) {
      refuse(*slot, with_outcome_of(known->error(), *submission));
    } else {
      auto& own = client()->own_accounts;
      own.insert((*known)->begin(), (*known)->end());
      ledger::refuse_forbidden(*submission, own_accounts());
      if (ledger::has_undecided(*submission)) {
        submit(*slot, submission);
      } else {
        submission->answer();
      }
    }
  }
  read_next();
  write_next();
}

StreamCall::Slot* StreamCall::find_slot(std::uint64_t number) {
  if (number < first_slot_ || number - first_slot_ >= slots_.size()) return nullptr;
  return &slots_[number - first_slot_];
}

void StreamCall::refuse(Slot& slot, const ledger::Error& error) {
  audit(error);
  wire::TransferBatchResponse response;
  proto::fill(*response.mutable_error(), with_correlation_id(error));
  (*response.mutable_error()->mutable_metadata())["request_id"] = request_id();
  respond(slot, serialize(response));
}

void StreamCall::respond(Slot& slot, grpc::ByteBuffer response) {
  slot.place.resize(response.Length());
  slot.response = std::move(response);
}

void StreamCall::completed(const Completed& completed) {
  if ((completed.part & kOwnAccountsPart) != 0) return own_accounts_known(completed);
  if ((completed.part & kRecordsPart) != 0) return records_read(completed);
  if (completed.completion) {
    server_.submission_answered(*this, submission_of(completed));
  } else {
    server_.submission_lost(completed);
  }
  // A request that was refused before it was handed in is dropped, and so reported as lost. By then
  // its slot may have gone.
  auto* slot = find_slot(completed.part);
  if (slot == nullptr || slot->response) return;
  if (!completed.completion) {
    refuse(*slot, lost_error());
    return write_next();
  }
  auto& submission = submission_of(completed);
  auto self = std::static_pointer_cast<RpcSubmission>(submission.shared_from_this());
  auto query = query_for_records(*this, completed.part | kRecordsPart, submission);
  // Of a client that has gone nobody wants to know.
  if (!query || broken_) return begin_answer(completed.part, std::move(self));
  slot->reading = std::move(self);
  slot->records_query = query;
  // A query that cannot be asked is dropped, and so answered.
  (void)server_.ask(std::move(query));
}

void StreamCall::records_read(const Completed& completed) {
  auto* slot = find_slot(completed.part & ~kRecordsPart);
  // It was given up.
  if (slot == nullptr || !slot->reading) return;
  as<RecordsRead>(completed).hand_over();
  begin_answer(completed.part & ~kRecordsPart, std::exchange(slot->reading, nullptr));
}

void StreamCall::give_up_records() {
  // It has its status: with the next answer it may be over.
  if (finishing_) {
    for (auto& slot : slots_) slot.reading = nullptr;
    return;
  }
  // To begin an answer may end it, and with it the slots before it.
  std::vector<std::pair<std::uint64_t, std::shared_ptr<RpcSubmission>>> waiting;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].reading) continue;
    if (const auto query = slots_[i].records_query.lock()) query->cancelled = true;
    waiting.emplace_back(first_slot_ + i, std::exchange(slots_[i].reading, nullptr));
  }
  for (auto& [number, submission] : waiting) {
    submission->take_records(tl::unexpected(records_away_error()));
    begin_answer(number, std::move(submission));
  }
}

void StreamCall::begin_answer(std::uint64_t number, std::shared_ptr<RpcSubmission> submission) {
  const bool is_large = submission->is_large();
  do_in_portions(
      [this, number, submission = std::move(submission)] {
        return answer_portion(number, *submission);
      },
      is_large);
}

bool StreamCall::answer_portion(std::uint64_t number, RpcSubmission& submission) {
  auto* slot = find_slot(number);
  if (slot == nullptr || slot->response) return false;
  try {
    if (submission.write_response_portion()) return true;
    observed_ = std::max(observed_, submission.observed);
    audit(submission);
    respond(*slot, submission.take_response());
  } catch (const std::exception& error) {
    // The transfers may be committed. The client learns their outcome by a retry.
    refuse(*slot, internal_error(error.what()));
  }
  write_next();
  return false;
}

void StreamCall::give_up_write() {
  give_up_held(lost_error());
  for (auto& slot : slots_) {
    if (!slot.response && !slot.reading) refuse(slot, lost_error());
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
  // Every slot is answered and no request will follow.
  const bool over = no_more_requests_ || draining_ || broken_ || compressed_ || denial_;
  // A status other than OK may go out while a read is under way: it ends that read.
  if (over && slots_.empty() && (!reading_ || (draining_ && !broken_))) {
    finishing_ = true;
    add_trailers(observed_);
    stream_.Finish(ended(end_status()), &finished_operation_);
  }
}

grpc::Status StreamCall::end_status() const {
  if (compressed_) return compressed_status();
  if (denial_ && !broken_) return proto::to_status(*denial_, true);
  if (broken_) return grpc::Status::CANCELLED;
  if (no_more_requests_) return grpc::Status::OK;
  return proto::to_status({ledger::Reason::node_unavailable,
                           "the server stops: send the rest to the next one",
                           {},
                           ledger::Outcome::none},
                          true);
}

void StreamCall::wrote(bool ok) {
  writing_ = false;
  if (failure_) {
    end_at_once(*failure_);
    return forget_if_over();
  }
  if (!ok) broken_ = true;
  // The response is sent: its slot and place are free, and the window has room.
  slots_.pop_front();
  ++first_slot_;
  read_next();
  write_next();
}

void StreamCall::drain() {
  if (!is_begun()) return;
  draining_ = true;
  write_next();
}

void StreamCall::done(bool) {
  is_done_ = true;
  if (context_.IsCancelled()) {
    broken_ = true;
    give_up_held(queries_away_error());
    for (const auto& slot : slots_) {
      if (const auto submission = slot.submission.lock()) server_.cancel(submission);
    }
    give_up_records();
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
