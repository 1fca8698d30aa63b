// A write has two halves. The handler fills a submission and submits it. A respond function, which
// the submission carries, answers the call with the results.
#include "actors/gateway/methods/writes.hpp"

#include "actors/gateway/methods/rpc_submission.hpp"
#include "actors/gateway/methods/taken_name.hpp"
#include "actors/gateway/transport/unary_call.hpp"
#include "proto/conversion.hpp"
#include "proto/transfer_writer.hpp"

namespace sg::actors {
namespace {

using ledger::ItemResult;

// True when the one item committed; otherwise the call has its error.
bool committed(const RpcSubmission& submission, UnaryCall& call) {
  const auto& result = submission.told_results().front();
  if (result.state == ItemResult::State::committed) return true;
  call.fail(*submission.told_error(0));
  return false;
}

// True if something has to be read first: the submission responds again with that.
bool reads_first(RpcSubmission& submission, UnaryCall& call) {
  auto query = query_for_records(call, 0, submission);
  if (!query) return false;
  // What is not read is told for each item alone.
  auto self = std::static_pointer_cast<RpcSubmission>(submission.shared_from_this());
  call.read_back(std::move(query), submission.observed, [&call, self] {
    self->take_records(tl::unexpected(records_away_error()));
    self->respond(call);
  });
  return true;
}

void respond_transaction(RpcSubmission& submission, UnaryCall& call) {
  if (reads_first(submission, call)) return;
  if (!committed(submission, call)) return;
  if (const auto* record = submission.record_of(0)) {
    const grpc::Slice slice(*record);
    return call.reply(grpc::ByteBuffer(&slice, 1));
  }
  call.reply(proto::write_transaction(submission.transfers().front(), submission.results.front(),
                                      submission.answer_form()));
}

// If the id of a participant's account is taken, the error says by whom (taken_name.hpp).
void respond_account(RpcSubmission& submission, UnaryCall& call) {
  const auto& account = std::get<ledger::NewAccount>(submission.operation);
  const auto& error = submission.results.front().error;
  if (error && error->reason == ledger::Reason::account_exists && !account.participant_id.empty()) {
    return fail_taken(call, account, *error);
  }
  if (!committed(submission, call)) return;
  auto& response = submission.message<wire::Account>();
  proto::fill(response, account, account.initial_balance, submission.results.front().time);
  call.reply(response);
}

void respond_participant(RpcSubmission& submission, UnaryCall& call) {
  if (!committed(submission, call)) return;
  auto& response = submission.message<wire::Participant>();
  proto::fill(response, std::get<ledger::NewParticipant>(submission.operation),
              submission.results.front().time);
  call.reply(response);
}

// The lambda keeps the submission alive until all portions of the response are written.
void respond_batch(RpcSubmission& submission, UnaryCall& call) {
  if (reads_first(submission, call)) return;
  call.in_portions(
      [&call, &submission, alive = submission.shared_from_this()] {
        if (submission.write_response_portion()) return true;
        call.reply(submission.take_response());
        return false;
      },
      submission.is_large());
}

// CreateAccount and CreateParticipantAccount.
template <class Request>
void create_account_of(UnaryCall& call) {
  auto submission = submission_for(call, respond_account);
  auto& request = submission->message<Request>();
  if (!call.parse_request(request)) return;
  auto account = proto::to_domain(request);
  if (!account) return call.fail(account.error());
  submission->operation = std::move(*account);
  submission->results.resize(1);
  call.submit(std::move(submission));
}

// Credit and Debit.
template <class Request, ledger::TransferKind kind>
void post(UnaryCall& call) {
  auto submission = submission_for(call, respond_transaction);
  auto& request = submission->message<Request>();
  if (!call.parse_request(request)) return;
  if (auto error = submission->take(kind, request.account_id(), request.amount(),
                                    request.reference(), request.idempotency_key())) {
    return call.fail(*error);
  }
  call.submit(std::move(submission));
}

// Transfer and Execute.
void execute_one(UnaryCall& call, proto::BatchForm form) {
  auto submission = submission_for(call, respond_transaction);
  if (auto error = submission->read_item(call.request(), form)) return call.fail(*error);
  if (submission->is_command()) {
    if (const auto error = call.refuse_before_upgrade(*submission)) return call.fail(*error);
    if (!call.hold(submission->bytes_held())) return;
  }
  call.submit(std::move(submission));
}

// TransferBatch and ExecuteBatch.
void execute_all(UnaryCall& call, proto::BatchForm form) {
  auto submission = submission_for(call, respond_batch);
  submission->begin_batch(call.request(), form);
  call.in_portions(
      [&call, submission] {
        if (submission->read_batch_portion()) return call.hold(submission->bytes_held());
        auto error = submission->batch_error();
        if (!error && submission->is_command()) error = call.refuse_before_upgrade(*submission);
        if (error) {
          call.fail(*error);
        } else if (submission->transfers().empty()) {
          call.reply(wire::TransferBatchResponse());
        } else if (call.hold(submission->bytes_held())) {
          call.submit(submission);
        }
        return false;
      },
      submission->is_large());
}

}  // namespace

void create_participant(UnaryCall& call) {
  auto submission = submission_for(call, respond_participant);
  auto& request = submission->message<wire::CreateParticipantRequest>();
  if (!call.parse_request(request)) return;
  auto participant = proto::to_domain(request);
  if (!participant) return call.fail(participant.error());
  submission->operation = std::move(*participant);
  submission->results.resize(1);
  call.submit(std::move(submission));
}

void create_participant_account(UnaryCall& call) {
  create_account_of<wire::CreateParticipantAccountRequest>(call);
}

// As create_account_of(), and it refuses fields that it does not know.
void open_account(UnaryCall& call) {
  auto submission = submission_for(call, respond_account);
  auto& request = submission->message<wire::OpenAccountRequest>();
  if (!call.parse_request(request)) return;
  if (const auto error = proto::refuse_unknown_fields(request)) return call.fail(*error);
  auto account = proto::to_domain(request);
  if (!account) return call.fail(account.error());
  submission->operation = std::move(*account);
  submission->results.resize(1);
  if (const auto error = call.refuse_before_upgrade(*submission)) return call.fail(*error);
  call.submit(std::move(submission));
}

void create_account(UnaryCall& call) { create_account_of<wire::CreateAccountRequest>(call); }

void credit(UnaryCall& call) { post<wire::CreditRequest, ledger::TransferKind::credit>(call); }

void debit(UnaryCall& call) { post<wire::DebitRequest, ledger::TransferKind::debit>(call); }

void transfer(UnaryCall& call) { execute_one(call, proto::BatchForm::transfers); }

void transfer_batch(UnaryCall& call) { execute_all(call, proto::BatchForm::transfers); }

void execute(UnaryCall& call) { execute_one(call, proto::BatchForm::commands); }

void execute_batch(UnaryCall& call) { execute_all(call, proto::BatchForm::commands); }

}  // namespace sg::actors
