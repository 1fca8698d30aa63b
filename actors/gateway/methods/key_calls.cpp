// The coordinator says which record has bound the key. Then the record is read, at its sequence or
// later, and with it the time from which on keys are known.
#include "actors/gateway/methods/key_calls.hpp"

#include <memory>
#include <utility>

#include "actors/gateway/methods/rpc_submission.hpp"
#include "actors/gateway/transport/unary_call.hpp"
#include "actors/queries/answer_rows.hpp"
#include "actors/query.hpp"
#include "persistence/chain/record.hpp"
#include "proto/conversion.hpp"

namespace sg::actors {
namespace {

using State = ledger::ItemResult::State;

void fill(wire::KeyOutcome& to, const KeyOutcome& from) {
  to.set_state(from.state == State::committed ? wire::COMMITTED
               : from.state == State::sealed  ? wire::SEALED
                                              : wire::UNBOUND);
  if (from.transaction) fill_whole(*to.mutable_transaction(), *from.transaction);
  to.set_sequence(from.sequence);
  to.set_keys_kept_since(from.keys_kept_since);
}

// Whether the request itself may have sealed the key.
bool has_sealed(const ledger::Submission& submission) {
  return submission.key_request()->seals && submission.results.front().state == State::sealed;
}

// What was read of the record, on its way to the gateway's thread. It keeps the submission, which
// the audit log asks for.
class OutcomeRead final : public UnaryCompletion {
 public:
  OutcomeRead(std::shared_ptr<const ledger::Submission> submission,
              ledger::Result<QueryAnswer> result)
      : submission_(std::move(submission)), result_(std::move(result)) {}

  void respond(UnaryCall& call) override {
    if (!result_) {
      auto error = result_.error();
      if (has_sealed(*submission_)) error.outcome = ledger::Outcome::unknown;
      return call.fail(error);
    }
    wire::KeyOutcome response;
    fill(response, std::get<KeyOutcome>(*result_));
    call.reply(response);
  }

 private:
  std::shared_ptr<const ledger::Submission> submission_;
  ledger::Result<QueryAnswer> result_;
};

class OutcomeQuery final : public Query {
 public:
  OutcomeQuery(UnaryCall& call, std::shared_ptr<const ledger::Submission> submission)
      : inbox_(call.server().inbox()), call_(call.id()), submission_(std::move(submission)) {
    const auto& decided = submission_->results.front();
    ask = KeyOutcomeOf{decided.state, decided.sequence};
  }
  ~OutcomeQuery() override {
    if (!answered()) tell(tl::unexpected(queries_away_error()));
  }

 private:
  void on_answered() override { tell(std::move(result)); }
  void tell(ledger::Result<QueryAnswer> answer) {
    inbox_->post({call_, 0, std::make_shared<OutcomeRead>(submission_, std::move(answer))});
  }

  InboxPtr inbox_;
  std::uint64_t call_;
  std::shared_ptr<const ledger::Submission> submission_;
};

void respond_key_outcome(RpcSubmission& submission, UnaryCall& call) {
  const auto& result = submission.results.front();
  if (!result.is_answer()) return call.fail(*submission.told_error(0));
  auto otherwise = queries_away_error();
  if (has_sealed(submission)) otherwise.outcome = ledger::Outcome::unknown;
  call.read_back(std::make_shared<OutcomeQuery>(call, submission.shared_from_this()),
                 result.sequence, [&call, otherwise] { call.fail(otherwise); });
}

template <class Request>
void ask_for_key(UnaryCall& call, bool seals) {
  auto submission = submission_for(call, respond_key_outcome);
  auto& request = submission->message<Request>();
  if (!call.parse_request(request)) return;
  if (const auto error = proto::refuse_unknown_fields(request)) return call.fail(*error);
  if (const auto error = ledger::check_id(request.key(), "key")) return call.fail(*error);
  ledger::KeyRequest asked{{}, seals};
  asked.key_alone.idempotency_key = request.key();
  persistence::stamp(asked.key_alone);
  submission->operation = asked;
  submission->results.resize(1);
  if (const auto error = call.refuse_before_upgrade(*submission)) return call.fail(*error);
  call.set_subject(request.key());
  call.submit(std::move(submission));
}

}  // namespace

void get_key_outcome(UnaryCall& call) { ask_for_key<wire::GetKeyOutcomeRequest>(call, false); }

void seal_key(UnaryCall& call) { ask_for_key<wire::SealKeyRequest>(call, true); }

}  // namespace sg::actors
