#include "actors/gateway/unary_call.hpp"

#include <spdlog/spdlog.h>

#include "proto/conversion.hpp"

namespace sg::actors {
namespace {

// Reads begin with Get or List; all else but a health check changes the ledger.
bool changes_the_ledger(const google::protobuf::MethodDescriptor& method) {
  const auto& name = method.name();
  return name.rfind("Get", 0) != 0 && name.rfind("List", 0) != 0 && name != "Check";
}

// A probe has to be answered however busy the ledger is.
bool is_probe(const google::protobuf::MethodDescriptor& method) { return method.name() == "Check"; }

}  // namespace

UnaryCall::UnaryCall(RpcServer& server, std::uint64_t id, RawService& service,
                     std::size_t service_index, int method, UnaryHandler handler)
    : Call(server, id),
      service_(service),
      service_index_(service_index),
      method_(method),
      handler_(handler),
      is_write_(changes_the_ledger(*service.descriptor().method(method))),
      writer_(&context_) {
  context_.AsyncNotifyWhenDone(&done_operation_);
  service_.request_unary(method_, &context_, &request_, &writer_, server_.queue(),
                         &received_operation_);
}

void UnaryCall::received(bool ok) {
  // Not ok: the server stops. The done event does not come for a call that never was.
  if (!ok) return server_.forget(id_);
  server_.arm_unary(service_index_, method_, handler_);
  if (!is_probe(*service_.descriptor().method(method_))) {
    auto place = server_.admit();
    if (!place) return fail(place.error());
    place_ = std::move(*place);
  }
  try {
    handler_(*this);
  } catch (const std::exception& error) {
    if (!answered_) fail(internal_error(error.what()));
  }
}

bool UnaryCall::parse_request(google::protobuf::Message& message) {
  // Parsing empties the buffer: the copy shares its slices.
  grpc::ByteBuffer copy(request_);
  if (parse(request_, message)) return true;
  fail(malformed(*message.GetDescriptor(), copy));
  return false;
}

void UnaryCall::refuse_malformed(const google::protobuf::Descriptor& type) {
  fail(malformed(type, request_));
}

void UnaryCall::submit(ledger::SubmissionPtr submission) {
  submission_ = submission;
  is_submitted_ = true;
  if (server_.submit(std::move(submission))) return;
  fail({ledger::Reason::node_unavailable,
        "the coordinator is restarting: nothing changed, try again",
        {},
        ledger::Outcome::none});
}

void UnaryCall::ask(QueryPtr query) {
  is_asked_ = true;
  if (server_.ask(std::move(query))) return;
  fail({ledger::Reason::node_unavailable,
        "the queries actor is restarting: try again",
        {},
        ledger::Outcome::none});
}

void UnaryCall::completed(const Completed& completed) {
  if (is_submitted_) server_.submission_answered();
  if (answered_) return;
  if (!completed.completion) return fail(lost_error());
  try {
    static_cast<UnaryCompletion&>(*completed.completion).respond(*this);
  } catch (const std::exception& error) {
    if (!answered_) fail(internal_error(error.what()));
  }
}

void UnaryCall::reply(const google::protobuf::Message& message) { reply(serialize(message)); }

void UnaryCall::reply(const grpc::ByteBuffer& response) {
  answered_ = true;
  writer_.Finish(response, grpc::Status::OK, &finished_operation_);
}

void UnaryCall::fail(const ledger::Error& error) {
  fail_with(proto::to_status(with_correlation_id(error), is_write_));
}

void UnaryCall::fail_with(const grpc::Status& status) {
  answered_ = true;
  writer_.FinishWithError(status, &finished_operation_);
}

void UnaryCall::done(bool) {
  is_done_ = true;
  if (context_.IsCancelled()) {
    if (const auto submission = submission_.lock()) server_.cancel(submission);
    // Who was asked may hang: the call's place is free all the same.
    give_up(is_asked_);
  }
  forget_if_over();
}

void UnaryCall::finished(bool) {
  is_finished_ = true;
  place_.give_back();
  forget_if_over();
}

void UnaryCall::forget_if_over() {
  if (is_done_ && is_finished_) server_.forget(id_);
}

}  // namespace sg::actors
