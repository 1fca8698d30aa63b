// The events of a unary call: `received` with the request, `finished` when the answer was sent, and
// `done` when the call is over for gRPC. If the client goes away first, `done` comes before the
// answer. The call then still waits for the answer, so that gRPC gets one status for each call.
#include "actors/gateway/transport/unary_call.hpp"

#include <algorithm>
#include <string>

#include "actors/gateway/transport/answer_bytes.hpp"
#include "actors/gateway/transport/own_accounts.hpp"
#include "ledger/rights.hpp"
#include "proto/conversion.hpp"

namespace sg::actors {
namespace {

// The id that a question is about; empty: none, or all.
std::string subject_of(const QueryAsk& ask) {
  struct Subject {
    std::string operator()(const ParticipantById& one) const { return one.id; }
    std::string operator()(const AccountsOfParticipant& one) const { return one.participant_id; }
    std::string operator()(const AccountById& one) const { return one.id; }
    std::string operator()(const BalanceOf& one) const { return one.account_id; }
    std::string operator()(const TransactionById& one) const { return one.id; }
    std::string operator()(const TransactionPage& one) const { return one.account_id; }
    std::string operator()(const CommittedAudit& one) const { return one.caller; }
    std::string operator()(const ReferencePage& one) const { return one.reference; }
    std::string operator()(const PolicyPage& one) const { return one.account_id; }
    std::string operator()(const KeyOutcomeOf&) const { return {}; }
    std::string operator()(const TransactionsAt&) const { return {}; }
    std::string operator()(const ParticipantPage&) const { return {}; }
    std::string operator()(const AccountPage&) const { return {}; }
    std::string operator()(const BalanceSheetOf&) const { return {}; }
    std::string operator()(const AnsweredAudit&) const { return {}; }
    std::string operator()(const RecordsOfChain&) const { return {}; }
    std::string operator()(const VerifyChain&) const { return {}; }
    std::string operator()(const BackupAsk& one) const {
      const auto* wanted = std::get_if<GetBackup>(&one.what);
      return wanted == nullptr ? std::string() : wanted->name;
    }
  };
  return std::visit(Subject{}, ask);
}

}  // namespace

UnaryCall::UnaryCall(RpcServer& server, std::uint64_t id, const Served& served)
    : Call(server, id, served), writer_(&context_) {
  context_.AsyncNotifyWhenDone(&done_operation_);
  served.service.request_unary(served.index, &context_, &request_, &writer_, server_.queue(),
                               &received_operation_);
}

void UnaryCall::received(bool ok) {
  // The server stops, and no client came. For such a call there is no done event.
  if (!ok) return server_.forget(id_);
  begin();
  // Refused before it is parsed: its bytes may not be what they seem.
  if (arrived_compressed()) return fail_with(compressed_status());
  if (auto error = let_in()) return fail(*error);
  // Health checks are answered under any load.
  if (served_.method.effect != Effect::probes) {
    auto place = admit(request_.Length());
    if (!place) return fail(place.error());
    place_ = std::move(*place);
  }
  served_.method.handler(*this);
}

bool UnaryCall::parse_request(google::protobuf::Message& message) {
  const auto error = parse_checked(request_, message);
  if (error) fail(*error);
  return !error;
}

bool UnaryCall::hold(std::size_t bytes) {
  if (place_.try_resize(bytes)) return true;
  fail(too_many_bytes());
  return false;
}

void UnaryCall::failed(const std::exception& error) {
  if (!answered_) fail(internal_error(error.what()));
}

void UnaryCall::submit(ledger::SubmissionPtr submission) {
  submission_ = submission;
  submission->origin = origin();
  submission->trace = trace();
  submission->times.received = begun_at();
  if (!only_participant().empty()) {
    if (!ledger::is_permitted(*submission, own_accounts())) {
      held_ = std::move(submission);
      auto query = ask_for_own_accounts(*this, 0, only_participant());
      // How new a read is wanted says nothing of a write: whose an account is, is always read anew.
      return hand_in(std::move(query), [this, error = with_outcome_of(queries_away_error(),
                                                                      *held_)] { fail(error); });
    }
  }
  hand_in(std::move(submission));
}

void UnaryCall::own_accounts_known(const Completed& completed) {
  is_asked_ = false;
  const auto submission = std::exchange(held_, nullptr);
  if (answered_ || !submission) return;
  if (!completed.completion) return fail(with_outcome_of(queries_away_error(), *submission));
  const auto& known = as<OwnAccounts>(completed).ids;
  if (!known) return fail(with_outcome_of(known.error(), *submission));
  auto& own = client()->own_accounts;
  own.insert(known->begin(), known->end());
  ledger::refuse_forbidden(*submission, own_accounts());
  if (ledger::has_undecided(*submission)) return hand_in(submission);
  is_submitted_ = true;
  submission->answer();
}

void UnaryCall::hand_in(ledger::SubmissionPtr submission) {
  is_submitted_ = true;
  if (!server_.submit(submission)) fail(coordinator_away_error(*submission));
}

void UnaryCall::ask(QueryPtr query, std::optional<ledger::Error> otherwise) {
  const auto freshness = wanted_freshness();
  if (!freshness) return fail(freshness.error());
  query->freshness = *freshness;
  query->only_participant = only_participant();
  set_subject(subject_of(query->ask));
  std::function<void()> fails;
  if (otherwise) fails = [this, error = std::move(*otherwise)] { fail(error); };
  hand_in(std::move(query), std::move(fails));
}

void UnaryCall::read_back(QueryPtr query, ledger::Sequence sequence,
                          std::function<void()> otherwise) {
  query->freshness = ReadAtLeast{sequence};
  query->only_participant = only_participant();
  hand_in(std::move(query), std::move(otherwise));
}

void UnaryCall::hand_in(QueryPtr query, std::function<void()> otherwise) {
  is_asked_ = true;
  query_ = query;
  otherwise_ = std::move(otherwise);
  if (server_.ask(std::move(query))) return;
  otherwise_ ? do_without() : fail(queries_away_error());
}

void UnaryCall::do_without() {
  // Once: it answers the call.
  if (const auto otherwise = std::exchange(otherwise_, nullptr)) return otherwise();
  fail(lost_error());
}

void UnaryCall::completed(const Completed& completed) {
  if (completed.part == kOwnAccountsPart) return own_accounts_known(completed);
  // Also if the call was given up: its client may call again all the same.
  if (is_submitted_ && !std::exchange(is_counted_, true)) count(completed);
  if (answered_) return;
  if (!completed.completion) return fail(lost_error());
  as<UnaryCompletion>(completed).respond(*this);
}

void UnaryCall::count(const Completed& completed) {
  const auto submission = submission_.lock();
  if (submission) {
    server_.submission_answered(*this, *submission);
  } else {
    server_.submission_lost(completed);
  }
}

void UnaryCall::reply(const google::protobuf::Message& message) {
  const auto bytes = to_answer(message);
  if (!bytes) return fail(bytes.error());
  reply(*bytes);
}

void UnaryCall::reply(const grpc::ByteBuffer& response) {
  // A client must learn what its write has done, even past the limit. A read can be asked again.
  if (is_write()) {
    place_.resize(response.Length());
  } else if (!hold(response.Length())) {
    return;
  }
  answered_ = true;
  if (!is_write()) {
    audit("OK");
  } else if (const auto submission = submission_.lock()) {
    audit(*submission);
  }
  add_trailers(observed());
  writer_.Finish(response, ended(grpc::Status::OK), &finished_operation_);
}

void UnaryCall::fail(const ledger::Error& error) {
  audit(error);
  fail_with(proto::to_status(with_correlation_id(error), is_write()));
}

void UnaryCall::fail_with(const grpc::Status& status) {
  answered_ = true;
  add_trailers(observed());
  writer_.FinishWithError(ended(status), &finished_operation_);
}

ledger::Sequence UnaryCall::observed() const {
  const auto submission = submission_.lock();
  return submission ? submission->observed : 0;
}

void UnaryCall::done(bool) {
  is_done_ = true;
  if (context_.IsCancelled()) {
    if (const auto submission = submission_.lock()) server_.cancel(submission);
    if (const auto query = query_.lock()) query->cancelled = true;
    // The queries actor may hang. Answer now, so that the call's place is free in any case.
    if (is_asked_ && !answered_) fail_with(grpc::Status::CANCELLED);
    // Its request is still being read, and now it need not be handed in at all.
    if (has_portions() && !is_submitted_ && !answered_) fail_with(grpc::Status::CANCELLED);
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
