#include "actors/gateway/rpc_submission.hpp"

#include <string>

#include "actors/gateway/rpc_server.hpp"
#include "actors/gateway/unary_call.hpp"
#include "proto/conversion.hpp"

namespace sg::actors {

using ledger::ItemResult;

class RpcSubmission::Answered final : public UnaryCompletion {
 public:
  explicit Answered(std::shared_ptr<RpcSubmission> submission)
      : submission_(std::move(submission)) {}
  void respond(UnaryCall& call) override { submission_->respond(call); }
  RpcSubmission& submission() { return *submission_; }

 private:
  std::shared_ptr<RpcSubmission> submission_;
};

RpcSubmission& submission_of(const Completed& completed) {
  return static_cast<RpcSubmission::Answered&>(*completed.completion).submission();
}

RpcSubmission::RpcSubmission(Call& call, std::uint64_t part, Respond responder)
    : inbox_(call.server().inbox()), call_(call.id()), part_(part), respond_(responder) {}

RpcSubmission::~RpcSubmission() {
  if (!answered()) inbox_->post({call_, part_, nullptr});
}

void RpcSubmission::on_answered() {
  auto self = std::static_pointer_cast<RpcSubmission>(shared_from_this());
  inbox_->post({call_, part_, std::make_shared<Answered>(std::move(self))});
}

void RpcSubmission::add(const wire::TransferRequest& request) {
  const auto first = entries_.size();
  for (const auto& entry : request.entries()) {
    entries_.push_back({entry.account_id(), entry.amount()});
  }
  transfers.push_back({ledger::TransferKind::transfer, std::span(entries_).subspan(first),
                       request.reference(), request.idempotency_key()});
}

std::optional<ledger::Error> RpcSubmission::take(const wire::TransferRequest& request) {
  entries_.reserve(static_cast<std::size_t>(request.entries_size()));
  add(request);
  results.resize(1);
  return check(transfers.front());
}

std::optional<ledger::Error> RpcSubmission::take(ledger::TransferKind kind,
                                                 std::string_view account_id, ledger::Amount amount,
                                                 std::string_view reference, std::string_view key) {
  if (auto error = ledger::check_id(account_id, "account_id")) return error;
  if (auto error = ledger::check_amount(amount)) return error;
  entries_.push_back({account_id, kind == ledger::TransferKind::debit ? -amount : amount});
  transfers.push_back({kind, entries_, reference, key});
  results.resize(1);
  return check(transfers.front());
}

void RpcSubmission::take(const wire::TransferBatchRequest& request) {
  std::size_t entries = 0;
  for (const auto& transfer : request.transfers()) {
    entries += static_cast<std::size_t>(transfer.entries_size());
  }
  // The transfers point into it: it must not grow.
  entries_.reserve(entries);
  transfers.reserve(static_cast<std::size_t>(request.transfers_size()));
  for (const auto& transfer : request.transfers()) add(transfer);
  atomic = request.atomic();
  results.resize(transfers.size());
  bool refused = false;
  for (std::size_t i = 0; i < transfers.size(); ++i) {
    auto error = check(transfers[i]);
    if (!error) continue;
    results[i].state = ItemResult::State::refused;
    results[i].error = std::make_shared<const ledger::Error>(std::move(*error));
    refused = true;
    if (atomic) break;
  }
  if (!atomic || !refused) return;
  const auto aborted = std::make_shared<const ledger::Error>(
      ledger::Error{ledger::Reason::batch_aborted,
                    "another transfer of the atomic batch was refused",
                    {},
                    ledger::Outcome::none});
  for (auto& result : results) {
    if (result.state == ItemResult::State::refused) continue;
    result.state = ItemResult::State::refused;
    result.error = aborted;
  }
}

void RpcSubmission::fill(wire::TransferBatchResponse& response) const {
  response.mutable_results()->Reserve(static_cast<int>(results.size()));
  for (std::size_t i = 0; i < results.size(); ++i) {
    auto& result = *response.add_results();
    if (results[i].state == ItemResult::State::committed) {
      proto::fill(*result.mutable_transaction(), transfers[i], results[i].sequence,
                  results[i].time);
    } else {
      proto::fill(*result.mutable_error(), with_correlation_id(*results[i].error));
    }
  }
}

std::optional<ledger::Error> check_batch_size(const wire::TransferBatchRequest& request) {
  const auto count = static_cast<std::size_t>(request.transfers_size());
  if (count <= ledger::kMaxBatchTransfers) return std::nullopt;
  return ledger::Error{ledger::Reason::too_many_transfers,
                       "transfers has " + std::to_string(count) + ": at most 10000 are allowed",
                       {{"field", "transfers"}},
                       ledger::Outcome::none};
}

}  // namespace sg::actors
