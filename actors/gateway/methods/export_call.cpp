// One portion after the other:
//
//   start() -> ask_next() -> completed() -> write_next() -> wrote() -> ...
//                  ^                             |
//                  +-----------------------------+  while the portion is being written
//
// The portion is turned into bytes on the thread that reads it, as all answers are.
#include "actors/gateway/methods/export_call.hpp"

#include <google/protobuf/arena.h>

#include "actors/gateway/transport/answer_bytes.hpp"
#include "actors/queries/answer_rows.hpp"
#include "proto/conversion.hpp"

namespace sg::actors {
namespace {

// Later portions show the same past as the first one. This freshness asks for no further round.
constexpr StaleRead kNoRound{std::chrono::hours(24)};

// An orderly stop does not wait for a client that reads: it can go on with the next server.
const ledger::Error kStopping{ledger::Reason::node_unavailable,
                              "the server stops: go on after the last record, once it runs",
                              {},
                              ledger::Outcome::none};

// The bytes of a portion, on their way to the gateway's thread.
class Portion final : public Completion {
 public:
  ledger::Result<grpc::ByteBuffer> bytes;
  std::uint64_t records = 0;
  ledger::Sequence next = 0;
  ledger::Sequence last = 0;
};

void fill(wire::ExportRecord& to, const persistence::ChainRecord& from) {
  struct Content {
    wire::ExportRecord& to;
    void operator()(const ledger::Participant& one) const {
      actors::fill(*to.mutable_participant(), one);
    }
    void operator()(const ledger::Account& one) const {
      proto::fill(*to.mutable_account(), one, one.initial_balance, one.created_at);
    }
    void operator()(const persistence::KeyedTransaction& one) const {
      actors::fill_whole(*to.mutable_transaction(), one.transaction);
      to.set_balanced(one.transaction.details.balanced);
      to.set_unique_reference(one.transaction.details.unique_reference);
      to.set_reverses_sequence(one.transaction.details.reverses.sequence);
      if (const auto& policy = one.transaction.details.policy) {
        actors::fill(*to.mutable_policy(), policy->view());
      }
      to.set_idempotency_key(one.key);
      to.set_with_next(!one.transaction.ends_unit);
    }
    void operator()(const persistence::SealedKey& one) const { to.set_sealed_key(one.key); }
  };
  to.set_sequence(from.sequence);
  to.set_time(from.time);
  std::visit(Content{to}, from.content);
}

ledger::Result<grpc::ByteBuffer> encode(const ChainPortion& portion, bool is_first) {
  google::protobuf::Arena arena;
  auto& response = *google::protobuf::Arena::CreateMessage<wire::ExportResponse>(&arena);
  response.mutable_records()->Reserve(static_cast<int>(portion.records.size()));
  for (const auto& record : portion.records) fill(*response.add_records(), record);
  if (is_first) {
    response.set_ledger(portion.ledger);
    response.set_last_sequence(portion.last);
  }
  return to_answer(response);
}

class PortionQuery final : public Query {
 public:
  explicit PortionQuery(Call& call) : inbox_(call.server().inbox()), call_(call.id()) {}
  // Dropped without an answer: the call learns that the query was lost.
  ~PortionQuery() override {
    if (!answered()) inbox_->post({call_, 0, nullptr});
  }

 private:
  void on_answered() override {
    auto made = std::make_shared<Portion>();
    if (result) {
      const auto& portion = std::get<ChainPortion>(*result);
      made->records = portion.records.size();
      made->next = portion.next;
      made->last = portion.last;
      // An exception must not end the actor that answers.
      try {
        made->bytes = encode(portion, std::get<RecordsOfChain>(ask).with_identity);
      } catch (const std::exception& error) {
        made->bytes = tl::unexpected(
            ledger::Error{ledger::Reason::internal, error.what(), {}, ledger::Outcome::none});
      }
    } else {
      made->bytes = tl::unexpected(result.error());
    }
    result = QueryAnswer{};
    inbox_->post({call_, 0, std::move(made)});
  }

  InboxPtr inbox_;
  std::uint64_t call_;
};

}  // namespace

ExportCall::ExportCall(RpcServer& server, std::uint64_t id, const Served& served)
    : Call(server, id, served), writer_(&context_) {
  context_.AsyncNotifyWhenDone(&done_operation_);
  served.service.request_server_stream(served.index, &context_, &request_, &writer_,
                                       server_.queue(), &received_operation_);
}

void ExportCall::received(bool ok) {
  // No client came: the server stops.
  if (!ok) return server_.forget(id_);
  begin();
  start();
}

void ExportCall::start() {
  // The server's drain may have passed before this call began.
  if (server_.stopping()) return finish(kStopping);
  if (arrived_compressed()) return finish(compressed_status());
  if (const auto error = let_in()) return finish(*error);
  const auto bytes = request_.Length();
  wire::ExportRequest request;
  if (const auto error = parse_checked(request_, request)) return finish(*error);
  if (const auto error = proto::refuse_unknown_fields(request)) return finish(*error);
  auto freshness = wanted_freshness();
  if (!freshness) return finish(freshness.error());
  freshness_ = *freshness;
  auto stream = admit_stream();
  if (!stream) return finish(stream.error());
  // Held until the call is destroyed.
  stream_place_ = std::move(*stream);
  auto place = admit(bytes);
  if (!place) return finish(place.error());
  place_ = std::move(*place);
  ask_.first = std::max<ledger::Sequence>(request.from_sequence(), 1);
  ask_.last = request.until_sequence();
  ask_.with_identity = true;
  ask_next();
}

void ExportCall::ask_next() {
  if (is_complete_ || end_ || asking_ || next_) return;
  auto query = std::make_shared<PortionQuery>(*this);
  query->ask = ask_;
  query->freshness = freshness_;
  query->only_participant = only_participant();
  query_ = query;
  asking_ = true;
  if (!server_.ask(std::move(query))) {
    asking_ = false;
    finish(queries_away_error());
  }
}

void ExportCall::completed(const Completed& completed) {
  // The call has ended already, so whatever else arrives is of no use.
  if (end_) return;
  asking_ = false;
  if (!completed.completion) return finish(queries_away_error());
  auto& portion = as<Portion>(completed);
  if (!portion.bytes) return finish(portion.bytes.error());
  next_ = std::move(*portion.bytes);
  place_.resize(2 * next_->Length());
  records_ += portion.records;
  ask_ = {portion.next, portion.last, false};
  freshness_ = kNoRound;
  is_complete_ = portion.next > portion.last;
  if (is_complete_) {
    audit("OK", records_);
    end_ = grpc::Status::OK;
  } else if (const auto error = let_in(); error && error->reason != ledger::Reason::overloaded) {
    // What it may do has changed. One that asks for much goes on: the portions are its own pace.
    return finish(*error);
  }
  write_next();
}

void ExportCall::give_up_read() {
  if (asking_ && !end_) finish(queries_away_error());
}

void ExportCall::drain() {
  if (!is_begun() || end_) return;
  finish(kStopping);
}

void ExportCall::failed(const std::exception& error) { finish(internal_error(error.what())); }

void ExportCall::cancel_query() {
  if (const auto query = query_.lock()) query->cancelled = true;
}

void ExportCall::finish(const ledger::Error& error) {
  if (end_) return;
  audit(error);
  finish(proto::to_status(with_correlation_id(error), false));
}

void ExportCall::finish(const grpc::Status& status) {
  cancel_query();
  end_ = status;
  write_next();
}

void ExportCall::write_next() {
  if (writing_ || finishing_) return;
  if (next_) {
    writing_ = true;
    writer_.Write(*std::exchange(next_, std::nullopt), &wrote_operation_);
    ask_next();
  } else if (end_) {
    finishing_ = true;
    add_trailers();
    writer_.Finish(ended(*end_), &finished_operation_);
  }
}

void ExportCall::wrote(bool) {
  writing_ = false;
  write_next();
}

void ExportCall::done(bool) {
  is_done_ = true;
  if (context_.IsCancelled()) {
    if (!end_) {
      audit("CANCELLED", records_);
      finish(grpc::Status::CANCELLED);
    }
    // Nobody reads it.
    next_.reset();
    write_next();
  }
  if (is_finished_) server_.forget(id_);
}

void ExportCall::finished(bool) {
  is_finished_ = true;
  place_.give_back();
  if (is_done_) server_.forget(id_);
}

}  // namespace sg::actors
