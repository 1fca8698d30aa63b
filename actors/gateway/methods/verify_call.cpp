#include "actors/gateway/methods/verify_call.hpp"

#include "actors/gateway/transport/answer_bytes.hpp"
#include "proto/conversion.hpp"
#include "proto/ledger.pb.h"

namespace sg::actors {
namespace {

namespace wire = scalegraph::ledger;

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

grpc::ByteBuffer encode_progress(const persistence::VerifyProgress& at) {
  wire::VerifyResponse response;
  response.set_blocks(at.blocks);
  response.set_records(at.records);
  response.set_records_total(at.records_total);
  return serialize(response);
}

}  // namespace

ProgressCall::QueryResult VerifyCall::make_query(grpc::ByteBuffer& bytes) {
  wire::VerifyRequest request;
  if (auto error = parse_checked(bytes, request)) return tl::unexpected(std::move(*error));
  auto query = std::make_shared<RpcQuery>(*this, encode);
  query->ask = VerifyChain{request.state_at()};
  query->progress = [tell = teller()](const persistence::VerifyProgress& at) {
    tell([&at] { return encode_progress(at); });
    return true;
  };
  return query;
}

std::string VerifyCall::stopping_text() const {
  return "the server stops: verify again once it runs";
}

}  // namespace sg::actors
