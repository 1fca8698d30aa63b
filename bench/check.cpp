#include "bench/check.hpp"

#include <grpcpp/client_context.h>

#include "proto/ledger.grpc.pb.h"

namespace sg::bench {

namespace wire = scalegraph::ledger;

ServerState read_state(const std::shared_ptr<grpc::Channel>& channel) {
  const auto stub = wire::AdminService::NewStub(channel);
  grpc::ClientContext context;
  wire::GetBalanceSheetResponse sheet;
  const auto status = stub->GetBalanceSheet(&context, {}, &sheet);
  if (!status.ok()) return {0, {}, {}, "balance sheet: " + status.error_message()};
  return {sheet.transactions(), sheet.total(), sheet.sum_of_postings(), {}};
}

std::string disagreement(const std::shared_ptr<grpc::Channel>& channel, const ServerState& before,
                         const ServerState& after, const Outcome& outcome) {
  if (!before.error.empty()) return before.error;
  if (!after.error.empty()) return after.error;
  const auto counted = after.transactions - before.transactions;
  // A transfer whose call failed may have committed, and the client cannot know. With failed calls
  // the server may therefore have more than the clients were told, but never less.
  if (counted < outcome.committed || (outcome.failed == 0 && counted != outcome.committed)) {
    return "the server committed " + std::to_string(counted) + ", the clients were told " +
           std::to_string(outcome.committed);
  }
  // Every transfer of the workload sums to zero.
  if (after.total != before.total) {
    return "the sum of balances went from " + before.total + " to " + after.total;
  }
  if (after.total != after.postings) {
    return "balances sum to " + after.total + ", postings to " + after.postings;
  }
  // A transaction that a client was told of has to be found by its id.
  const auto stub = wire::LedgerService::NewStub(channel);
  for (const auto& id : outcome.sample) {
    grpc::ClientContext context;
    wire::GetTransactionRequest request;
    request.set_id(id);
    wire::Transaction transaction;
    const auto status = stub->GetTransaction(&context, request, &transaction);
    if (!status.ok()) return "transaction " + id + ": " + status.error_message();
  }
  return {};
}

}  // namespace sg::bench
