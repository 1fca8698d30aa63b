// At most one operation of each kind is under way: read() leads to answer(), that to wrote(), and
// that to the next read. The server may destroy the call only after all of them have ended.
#include "actors/gateway/methods/reflection_call.hpp"

#include "actors/gateway/methods/reflection.hpp"
#include "proto/conversion.hpp"

namespace sg::actors {
namespace {

// A request names a file, a type or a symbol, so it is short.
constexpr std::size_t kMaxRequestBytes = 16'384;

const grpc::Status kStopping(grpc::StatusCode::UNAVAILABLE, "the server stops");

}  // namespace

ReflectionCall::ReflectionCall(RpcServer& server, std::uint64_t id, const Served& served)
    : Call(server, id, served), stream_(&context_) {
  context_.AsyncNotifyWhenDone(&done_operation_);
  served.service.request_bidi_stream(served.index, &context_, &stream_, server_.queue(),
                                     &received_operation_);
}

void ReflectionCall::received(bool ok) {
  // No client came: the server stops.
  if (!ok) return server_.forget(id_);
  begin();
  if (const auto error = let_in()) {
    audit(*error);
    return finish(proto::to_status(*error, false));
  }
  auto place = admit_stream();
  if (!place) return finish(proto::to_status(place.error(), false));
  place_ = std::move(*place);
  // The server's drain may have passed before this call began.
  if (server_.stopping()) return finish(kStopping);
  read_next();
}

void ReflectionCall::read_next() {
  reading_ = true;
  stream_.Read(&request_, &read_operation_);
}

void ReflectionCall::read(bool ok) {
  reading_ = false;
  // The status is on its way. It has ended this read.
  if (finishing_) return forget_if_over();
  // The client has no more requests.
  if (!ok) return finish(grpc::Status::OK);
  answer();
}

void ReflectionCall::answer() {
  if (arrived_compressed()) return finish(compressed_status());
  if (const auto error = let_in()) {
    audit(*error);
    return finish(proto::to_status(*error, false));
  }
  grpc::reflection::v1::ServerReflectionRequest request;
  if (request_.Length() > kMaxRequestBytes || !parse(request_, request)) {
    return finish(
        {grpc::StatusCode::INVALID_ARGUMENT,
         "no ServerReflectionRequest of at most " + std::to_string(kMaxRequestBytes) + " bytes"});
  }
  const auto response = serialize(reflect(request, server_.service_names()));
  auto place = admit(response.Length());
  if (!place) return finish(proto::to_status(place.error(), false));
  // Held until the answer is written.
  answer_place_ = std::move(*place);
  writing_ = true;
  stream_.Write(response, &wrote_operation_);
}

void ReflectionCall::wrote(bool ok) {
  writing_ = false;
  answer_place_.give_back();
  if (!ok) return finish(grpc::Status::OK);
  if (draining_) return finish(kStopping);
  read_next();
}

void ReflectionCall::drain() {
  draining_ = true;
  if (is_begun() && !writing_) finish(kStopping);
}

void ReflectionCall::failed(const std::exception& error) {
  // gRPC takes no status while a write is under way. The cancelled write then ends the call.
  if (writing_) return context_.TryCancel();
  finish(proto::to_status(internal_error(error.what()), false));
}

// A status other than OK may be sent while a read is under way. It ends that read.
void ReflectionCall::finish(const grpc::Status& status) {
  if (std::exchange(finishing_, true)) return;
  stream_.Finish(ended(status), &finished_operation_);
}

void ReflectionCall::done(bool) {
  is_done_ = true;
  forget_if_over();
}

void ReflectionCall::finished(bool) {
  is_finished_ = true;
  forget_if_over();
}

void ReflectionCall::forget_if_over() {
  if (is_done_ && is_finished_ && !reading_ && !writing_) server_.forget(id_);
}

}  // namespace sg::actors
