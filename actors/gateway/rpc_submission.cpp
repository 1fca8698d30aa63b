#include "actors/gateway/rpc_submission.hpp"

#include <string>

#include "actors/gateway/rpc_server.hpp"
#include "actors/gateway/unary_call.hpp"
#include "persistence/record.hpp"
#include "proto/transfer_reader.hpp"
#include "proto/transfer_writer.hpp"

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

template <class Read>
bool RpcSubmission::read(const grpc::ByteBuffer& request, Read read_list) {
  if (!request.DumpToSingleSlice(&bytes_).ok()) return false;
  proto::TransferList list;
  if (!read_list({reinterpret_cast<const char*>(bytes_.begin()), bytes_.size()}, list)) {
    return false;
  }
  entries_ = std::move(list.entries);
  transfers = std::move(list.transfers);
  atomic = list.atomic;
  results.resize(transfers.size());
  return true;
}

bool RpcSubmission::read_transfer(const grpc::ByteBuffer& request) {
  return read(request, proto::read_transfer);
}

bool RpcSubmission::read_batch(const grpc::ByteBuffer& request) {
  return read(request, proto::read_batch);
}

std::optional<ledger::Error> RpcSubmission::take(ledger::TransferKind kind,
                                                 std::string_view account_id, ledger::Amount amount,
                                                 std::string_view reference, std::string_view key) {
  if (auto error = ledger::check_id(account_id, "account_id")) return error;
  if (auto error = ledger::check_amount(amount)) return error;
  entries_.push_back({account_id, kind == ledger::TransferKind::debit ? -amount : amount});
  transfers.push_back({kind, entries_, reference, key});
  results.resize(1);
  return check_item(0);
}

std::optional<ledger::Error> RpcSubmission::check_item(std::size_t item) {
  if (auto error = check(transfers[item])) return error;
  // Here and not in the coordinator, which all submissions have to pass.
  persistence::stamp(transfers[item]);
  return std::nullopt;
}

void RpcSubmission::check_items() {
  bool refused = false;
  for (std::size_t i = 0; i < transfers.size(); ++i) {
    auto error = check_item(i);
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

grpc::ByteBuffer RpcSubmission::batch_response() {
  for (auto& result : results) {
    if (result.error && result.error->reason == ledger::Reason::internal) {
      result.error = std::make_shared<const ledger::Error>(with_correlation_id(*result.error));
    }
  }
  return proto::write_results(transfers, results);
}

std::optional<ledger::Error> check_batch(const RpcSubmission& submission) {
  const auto count = submission.transfers.size();
  if (count <= ledger::kMaxBatchTransfers) {
    return submission.atomic ? ledger::check_atomic_keys(submission.transfers) : std::nullopt;
  }
  return ledger::Error{ledger::Reason::too_many_transfers,
                       "transfers has " + std::to_string(count) + ": at most 10000 are allowed",
                       {{"field", "transfers"}},
                       ledger::Outcome::none};
}

}  // namespace sg::actors
