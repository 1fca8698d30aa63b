// The report is the last message. Progress that comes faster than it can be written is replaced by
// newer progress, so a slow client costs no memory. The status goes out after the last message.
#include "actors/gateway/methods/verify_call.hpp"

#include "actors/gateway/methods/rpc_query.hpp"
#include "actors/gateway/transport/answer_bytes.hpp"
#include "proto/conversion.hpp"

namespace sg::actors {
namespace {

namespace wire = scalegraph::ledger;

// A point of the walk, on its way to the gateway's thread.
class Progress final : public Completion {
 public:
  explicit Progress(const persistence::VerifyProgress& progress) : at(progress) {}
  persistence::VerifyProgress at;
};

// The least time between two progress messages.
constexpr std::chrono::milliseconds kInterval{100};

// An orderly stop does not wait for a walk: it may take minutes, and can be asked for again.
const ledger::Error kStopping{ledger::Reason::node_unavailable,
                              "the server stops: verify again once it runs",
                              {},
                              ledger::Outcome::none};

// The report as the last message of the stream.
RpcQuery::Response encode(const QueryAnswer& answer) {
  const auto& report = std::get<persistence::VerifyReport>(answer);
  wire::VerifyResponse response;
  response.set_done(true);
  response.set_blocks(report.blocks);
  response.set_records(report.records);
  response.set_records_total(report.records);
  for (const auto& problem : report.problems) response.add_problems(problem);
  response.set_accounts(report.accounts);
  ledger::WideAmount sum = 0;
  for (const auto balance : report.balances) sum += balance;
  response.set_sum_of_balances(ledger::to_text(sum));
  response.set_sum_of_postings(ledger::to_text(report.sum_of_postings));
  response.set_head_hash(persistence::to_hex(report.head_hash));
  if (report.state_at) {
    response.set_state_chain_hash(persistence::to_hex(report.state_at->chain));
    response.set_state_balances_hash(persistence::to_hex(report.state_at->balances));
  }
  return to_answer(response);
}

}  // namespace

VerifyCall::VerifyCall(RpcServer& server, std::uint64_t id, const Served& served)
    : Call(server, id, served), writer_(&context_) {
  context_.AsyncNotifyWhenDone(&done_operation_);
  served.service.request_server_stream(served.index, &context_, &request_, &writer_,
                                       server_.queue(), &received_operation_);
}

void VerifyCall::received(bool ok) {
  // No client came: the server stops.
  if (!ok) return server_.forget(id_);
  begin();
  start();
}

void VerifyCall::start() {
  // The server's drain may have passed before this call began.
  if (server_.stopping()) return finish(proto::to_status(kStopping, false));
  if (arrived_compressed()) return finish(compressed_status());
  if (const auto error = let_in()) {
    audit(*error);
    end_ = proto::to_status(*error, false);
    return write_next();
  }
  const auto bytes = request_.Length();
  wire::VerifyRequest request;
  if (const auto error = parse_checked(request_, request)) {
    return finish(proto::to_status(*error, false));
  }
  auto stream = admit_stream();
  if (!stream) return finish(proto::to_status(stream.error(), false));
  // Held until the call is destroyed.
  stream_place_ = std::move(*stream);
  auto place = admit(bytes);
  if (!place) return finish(proto::to_status(place.error(), false));
  place_ = std::move(*place);
  auto query = std::make_shared<RpcQuery>(*this, encode);
  query->ask = VerifyChain{request.state_at()};
  query_ = query;
  // Called on the walking thread. Part 1 stands for progress, part 0 for the report.
  query->progress = [inbox = server_.inbox(), id = id_, last = std::chrono::steady_clock::now()](
                        const persistence::VerifyProgress& at) mutable {
    const auto now = std::chrono::steady_clock::now();
    if (now - last >= kInterval) {
      last = now;
      inbox->post({id, 1, std::make_shared<Progress>(at)});
    }
    return true;
  };
  if (!server_.ask(std::move(query))) {
    finish(proto::to_status({ledger::Reason::node_unavailable,
                             "the queries actor is restarting: try again",
                             {},
                             ledger::Outcome::none},
                            false));
  }
}

void VerifyCall::completed(const Completed& completed) {
  // The call has ended already, so whatever else arrives is of no use.
  if (end_) return;
  if (completed.part == 1) {
    // Progress comes from the walk's own actor, so from here on a hanging queries actor does not
    // matter.
    is_under_way_ = true;
    const auto& at = as<Progress>(completed).at;
    wire::VerifyResponse response;
    response.set_blocks(at.blocks);
    response.set_records(at.records);
    response.set_records_total(at.records_total);
    next_ = serialize(response);
    return write_next();
  }
  if (!completed.completion) return finish(proto::to_status(lost_error(), false));
  const auto& response = as<RpcQuery::Answered>(completed).response();
  if (!response) return finish(proto::to_status(with_correlation_id(response.error()), false));
  next_ = *response;
  finish(grpc::Status::OK);
}

void VerifyCall::give_up_read() {
  // A walk with an actor of its own goes on although the queries actor hangs.
  if (place_ && !is_under_way_ && !end_) finish(proto::to_status(lost_error(), false));
}

void VerifyCall::drain() {
  if (!is_begun() || end_) return;
  cancel_query();
  finish(proto::to_status(kStopping, false));
}

void VerifyCall::failed(const std::exception& error) {
  cancel_query();
  finish(proto::to_status(internal_error(error.what()), false));
}

void VerifyCall::cancel_query() {
  if (const auto query = query_.lock()) query->cancelled = true;
}

void VerifyCall::finish(const grpc::Status& status) {
  if (!end_) audit(status.ok() ? "OK" : "REFUSED", 1, status.ok() ? 0 : 1);
  end_ = status;
  write_next();
}

void VerifyCall::write_next() {
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

void VerifyCall::wrote(bool) {
  writing_ = false;
  write_next();
}

void VerifyCall::done(bool) {
  is_done_ = true;
  // The walk stops when it next looks, and gives its own place back then. The call does not wait
  // for it.
  if (context_.IsCancelled()) {
    cancel_query();
    if (!end_) finish(grpc::Status::CANCELLED);
  }
  if (is_finished_) server_.forget(id_);
}

void VerifyCall::finished(bool) {
  is_finished_ = true;
  // The report was sent: its bytes are free.
  place_.give_back();
  if (is_done_) server_.forget(id_);
}

}  // namespace sg::actors
