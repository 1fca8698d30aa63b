// Changes that come while a write is under way are not queued. After the write, write_next()
// compares the present status with the one that was told, so a client sees the newest one.
#include "actors/gateway/methods/watch_call.hpp"

#include "proto/conversion.hpp"
#include "proto/health.pb.h"

namespace sg::actors {

WatchCall::WatchCall(RpcServer& server, std::uint64_t id, const Served& served)
    : Call(server, id, served), writer_(&context_) {
  context_.AsyncNotifyWhenDone(&done_operation_);
  served.service.request_server_stream(served.index, &context_, &request_, &writer_,
                                       server_.queue(), &received_operation_);
}

void WatchCall::received(bool ok) {
  // No client came: the server stops.
  if (!ok) return server_.forget(id_);
  begin();
  if (arrived_compressed()) return finish(compressed_status());
  auto place = server_.watches().admit(0);
  if (!place) return finish(proto::to_status(too_many_streams_error(place.error().most), false));
  place_ = std::move(*place);
  grpc::health::v1::HealthCheckRequest request;
  if (!parse(request_, request)) {
    return finish(proto::to_status(proto::malformed_request(*request.GetDescriptor()), false));
  }
  service_name_ = request.service();
  started_ = true;
  // The server's drain may have passed before this call began.
  ending_ = server_.stopping();
  write_next();
}

void WatchCall::write_next() {
  if (!started_ || writing_ || finishing_) return;
  // An unknown service is watched as well: its status is SERVICE_UNKNOWN, as the protocol wants.
  const auto status = server_.status_of(service_name_);
  if (told_ != status) {
    grpc::health::v1::HealthCheckResponse response;
    response.set_status(status);
    const auto bytes = serialize(response);
    // Set before the write ends: later changes are compared with it.
    told_ = status;
    writing_ = true;
    writer_.Write(bytes, &wrote_operation_);
  } else if (ending_) {
    finish({grpc::StatusCode::UNAVAILABLE, "the server stops"});
  }
}

void WatchCall::failed(const std::exception& error) {
  // gRPC takes no status while a write is under way. The cancelled write then ends the call.
  if (writing_) return context_.TryCancel();
  finish(proto::to_status(internal_error(error.what()), false));
}

void WatchCall::finish(const grpc::Status& status) {
  if (std::exchange(finishing_, true)) return;
  writer_.Finish(ended(status), &finished_operation_);
}

void WatchCall::drain() {
  ending_ = true;
  write_next();
}

void WatchCall::wrote(bool) {
  writing_ = false;
  write_next();
}

void WatchCall::done(bool) {
  is_done_ = true;
  ending_ = true;
  write_next();
  if (is_finished_) server_.forget(id_);
}

void WatchCall::finished(bool) {
  is_finished_ = true;
  if (is_done_) server_.forget(id_);
}

}  // namespace sg::actors
