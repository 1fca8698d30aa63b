// The result is the last message. Progress that comes faster than it can be written is replaced by
// newer progress, so a slow client costs no memory. The status goes out after the last message.
#include "actors/gateway/methods/progress_call.hpp"

#include <utility>

#include "proto/conversion.hpp"

namespace sg::actors {
namespace {

// A message of progress, on its way to the gateway's thread.
class Progress final : public Completion {
 public:
  explicit Progress(grpc::ByteBuffer bytes) : message(std::move(bytes)) {}
  grpc::ByteBuffer message;
};

// The least time between two progress messages.
constexpr std::chrono::milliseconds kInterval{100};

}  // namespace

// Called on the working thread. Part 1 stands for progress, part 0 for the result.
std::function<void(const ProgressCall::Make&)> ProgressCall::teller() {
  return [inbox = server_.inbox(), id = id_,
          last = std::chrono::steady_clock::now()](const Make& make) mutable {
    const auto now = std::chrono::steady_clock::now();
    if (now - last < kInterval) return;
    last = now;
    inbox->post({id, 1, std::make_shared<Progress>(make())});
  };
}

// An orderly stop does not wait for the work: it may take minutes, and can be asked for again.
ledger::Error ProgressCall::stopping_error() const {
  return {ledger::Reason::node_unavailable, stopping_text(), {}, ledger::Outcome::none};
}

ProgressCall::ProgressCall(RpcServer& server, std::uint64_t id, const Served& served)
    : Call(server, id, served), writer_(&context_) {
  context_.AsyncNotifyWhenDone(&done_operation_);
  served.service.request_server_stream(served.index, &context_, &request_, &writer_,
                                       server_.queue(), &received_operation_);
}

void ProgressCall::received(bool ok) {
  // No client came: the server stops.
  if (!ok) return server_.forget(id_);
  begin();
  start();
}

void ProgressCall::start() {
  // The server's drain may have passed before this call began.
  if (server_.stopping()) return finish(proto::to_status(stopping_error(), false));
  if (arrived_compressed()) return finish(compressed_status());
  if (const auto error = let_in()) {
    audit(*error);
    end_ = proto::to_status(*error, false);
    return write_next();
  }
  const auto bytes = request_.Length();
  auto query = make_query(request_);
  if (!query) return finish(proto::to_status(query.error(), false));
  const auto freshness = wanted_freshness();
  if (!freshness) return finish(proto::to_status(freshness.error(), false));
  (*query)->freshness = *freshness;
  auto stream = admit_stream();
  if (!stream) return finish(proto::to_status(stream.error(), false));
  // Held until the call is destroyed.
  stream_place_ = std::move(*stream);
  auto place = admit(bytes);
  if (!place) return finish(proto::to_status(place.error(), false));
  place_ = std::move(*place);
  query_ = *query;
  if (!server_.ask(std::move(*query))) {
    finish(proto::to_status({ledger::Reason::node_unavailable,
                             "the queries actor is restarting: try again",
                             {},
                             ledger::Outcome::none},
                            false));
  }
}

void ProgressCall::completed(const Completed& completed) {
  // The call has ended already, so whatever else arrives is of no use.
  if (end_) return;
  if (completed.part == 1) {
    // Progress comes from the work's own actor, so from here on a hanging queries actor does not
    // matter.
    is_under_way_ = true;
    next_ = as<Progress>(completed).message;
    return write_next();
  }
  if (!completed.completion) return finish(proto::to_status(lost_error(), false));
  const auto& response = as<RpcQuery::Answered>(completed).response();
  if (!response) return finish(proto::to_status(with_correlation_id(response.error()), false));
  next_ = *response;
  finish(grpc::Status::OK);
}

void ProgressCall::give_up_read() {
  // Work with an actor of its own goes on although the queries actor hangs.
  if (place_ && !is_under_way_ && !end_) finish(proto::to_status(lost_error(), false));
}

void ProgressCall::drain() {
  if (!is_begun() || end_) return;
  cancel_query();
  finish(proto::to_status(stopping_error(), false));
}

void ProgressCall::failed(const std::exception& error) {
  cancel_query();
  finish(proto::to_status(internal_error(error.what()), false));
}

void ProgressCall::cancel_query() {
  if (const auto query = query_.lock()) query->cancelled = true;
}

void ProgressCall::finish(const grpc::Status& status) {
  if (!end_) audit(status.ok() ? "OK" : "REFUSED", 1, status.ok() ? 0 : 1);
  end_ = status;
  write_next();
}

void ProgressCall::write_next() {
  if (writing_ || finishing_) return;
  if (next_) {
    writing_ = true;
    writer_.Write(*std::exchange(next_, std::nullopt), &wrote_operation_);
  } else if (end_) {
    finishing_ = true;
    add_trailers();
    writer_.Finish(ended(*end_), &finished_operation_);
  }
}

void ProgressCall::wrote(bool) {
  writing_ = false;
  write_next();
}

void ProgressCall::done(bool) {
  is_done_ = true;
  // The work stops when it next looks, and gives its own place back then. The call does not wait
  // for it.
  if (context_.IsCancelled()) {
    cancel_query();
    if (!end_) finish(grpc::Status::CANCELLED);
  }
  if (is_finished_) server_.forget(id_);
}

void ProgressCall::finished(bool) {
  is_finished_ = true;
  // The result was sent: its bytes are free.
  place_.give_back();
  if (is_done_) server_.forget(id_);
}

}  // namespace sg::actors
