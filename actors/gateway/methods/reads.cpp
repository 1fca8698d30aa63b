// A read has two halves. to_ask() turns the request into a question for the queries actor. An
// encode function turns the actor's answer into the bytes of the response. The second half runs on
// the thread that answers, so the gateway's thread only sends the bytes.
#include "actors/gateway/methods/reads.hpp"

#include <google/protobuf/arena.h>

#include "actors/gateway/methods/rpc_query.hpp"
#include "actors/gateway/methods/tree_query.hpp"
#include "actors/gateway/transport/answer_bytes.hpp"
#include "actors/queries/answer_rows.hpp"
#include "actors/queries/reads.hpp"
#include "proto/conversion.hpp"

namespace sg::actors {
namespace {

using Response = RpcQuery::Response;

// The response that is one row.
template <class Message, class Answer>
Response one(const QueryAnswer& answer) {
  Message response;
  fill(response, std::get<Answer>(answer));
  return to_answer(response);
}

Response transaction(const QueryAnswer& answer) {
  wire::Transaction response;
  fill_whole(response, std::get<persistence::StoredTransaction>(answer));
  return to_answer(response);
}

// The response that is a page of rows. `add` is the member function that adds a row to the message.
template <class Message, class Row, auto add>
Response page(const QueryAnswer& answer) {
  const auto& rows = std::get<Page<Row>>(answer);
  // Thousands of rows are freed at once with the arena.
  google::protobuf::Arena arena;
  auto& response = *google::protobuf::Arena::CreateMessage<Message>(&arena);
  for (const auto& row : rows.items) fill(*(response.*add)(), row);
  response.set_next_page_token(rows.next);
  return to_answer(response);
}

Response policies(const QueryAnswer& answer) {
  const auto& page = std::get<Page<persistence::StoredTransaction>>(answer);
  google::protobuf::Arena arena;
  auto& response = *google::protobuf::Arena::CreateMessage<wire::ListPoliciesResponse>(&arena);
  for (const auto& row : page.items) fill_whole(*response.add_policies(), row);
  response.set_next_page_token(page.next);
  return to_answer(response);
}

Response found_transactions(const QueryAnswer& answer) {
  const auto& found = std::get<FoundTransactions>(answer);
  google::protobuf::Arena arena;
  auto& response = *google::protobuf::Arena::CreateMessage<wire::FindTransactionsResponse>(&arena);
  for (const auto& row : found.page.items) fill_whole(*response.add_transactions(), row);
  response.set_next_page_token(found.page.next);
  response.set_sequence(found.sequence);
  return to_answer(response);
}

Response balance(const QueryAnswer& answer) {
  const auto& told = std::get<Balance>(answer);
  wire::GetBalanceResponse response;
  response.set_account_id(told.account_id);
  response.set_balance(told.balance);
  response.set_available(told.available);
  response.set_sequence(told.sequence);
  return to_answer(response);
}

// 128-bit sums travel as decimal text.
Response balance_sheet(const QueryAnswer& answer) {
  const auto& sheet = std::get<BalanceSheet>(answer);
  wire::GetBalanceSheetResponse response;
  for (const auto& line : sheet.lines) {
    auto& added = *response.add_lines();
    added.set_participant_id(line.participant_id);
    added.set_account_type(static_cast<wire::AccountType>(line.type));
    added.set_accounts(line.accounts);
    added.set_total(ledger::to_text(line.total));
  }
  response.set_total(ledger::to_text(sheet.total));
  response.set_sum_of_postings(ledger::to_text(sheet.totals.postings));
  response.set_transactions(sheet.totals.transactions);
  // This error advises better than that of to_answer().
  if (response.ByteSizeLong() > kMaxAnswerBytes) return tl::unexpected(sheet_too_large_error());
  return to_answer(response);
}

Response committed_audit(const QueryAnswer& answer) {
  const auto& page = std::get<Page<persistence::AuditedRecord>>(answer);
  google::protobuf::Arena arena;
  auto& response = *google::protobuf::Arena::CreateMessage<wire::ListAuditResponse>(&arena);
  for (const auto& record : page.items) {
    auto& to = *response.add_committed();
    to.set_sequence(static_cast<std::int64_t>(record.sequence));
    to.set_time(record.time);
    to.set_caller(record.origin->caller);
    to.set_peer(record.origin->peer);
    to.set_what(record.what);
    to.set_subject(record.created.empty() ? ledger::transaction_id(record.time, record.sequence)
                                          : record.created);
  }
  response.set_next_page_token(page.next);
  return to_answer(response);
}

Response answered_audit(const QueryAnswer& answer) {
  const auto& page = std::get<Page<std::string>>(answer);
  wire::ListAuditResponse response;
  for (const auto& line : page.items) response.add_lines(line);
  response.set_next_page_token(page.next);
  return to_answer(response);
}

// The requests as questions. Arguments are checked by the queries actor (actors/queries/reads.cpp).
QueryAsk to_ask(const wire::GetParticipantRequest& r) {
  return ParticipantById{r.participant_id()};
}
QueryAsk to_ask(const wire::GetParticipantAccountsRequest& r) {
  return AccountsOfParticipant{r.participant_id(), r.page_bytes(), r.page_token()};
}
QueryAsk to_ask(const wire::GetAccountRequest& r) { return AccountById{r.account_id()}; }
QueryAsk to_ask(const wire::GetBalanceRequest& r) { return BalanceOf{r.account_id()}; }
QueryAsk to_ask(const wire::GetTransactionRequest& r) { return TransactionById{r.id()}; }
QueryAsk to_ask(const wire::ListTransactionsRequest& r) {
  return TransactionPage{r.account_id(), r.limit(), r.page_token(),
                         r.from(),       r.to(),    r.page_bytes()};
}
QueryAsk to_ask(const wire::ListAccountsRequest& r) {
  return AccountPage{r.limit(), r.page_token(), r.page_bytes()};
}
QueryAsk to_ask(const wire::GetBalanceSheetRequest& r) { return BalanceSheetOf{r.by_type()}; }

// Parses the request and asks the queries actor; `encode` makes the response.
template <class Request, RpcQuery::Encode encode>
void read(UnaryCall& call) {
  Request request;
  if (!call.parse_request(request)) return;
  auto query = std::make_shared<RpcQuery>(call, encode);
  query->ask = to_ask(request);
  call.ask(std::move(query));
}

}  // namespace

void get_participant(UnaryCall& call) {
  read<wire::GetParticipantRequest, one<wire::Participant, ledger::Participant>>(call);
}

// Not by read(): the role may be unknown, which is refused before anything is asked.
void list_participants(UnaryCall& call) {
  wire::ListParticipantsRequest request;
  if (!call.parse_request(request)) return;
  // An unknown role is an error of the arguments, so it is refused before anything is asked.
  const auto role = proto::to_role_filter(request.role());
  if (!role) return call.fail(role.error());
  auto query =
      std::make_shared<RpcQuery>(call, page<wire::ListParticipantsResponse, ledger::Participant,
                                            &wire::ListParticipantsResponse::add_participants>);
  query->ask = ParticipantPage{*role, request.limit(), request.page_token(), request.page_bytes()};
  call.ask(std::move(query));
}

void get_participant_accounts(UnaryCall& call) {
  read<wire::GetParticipantAccountsRequest,
       page<wire::GetParticipantAccountsResponse, AccountView,
            &wire::GetParticipantAccountsResponse::add_accounts>>(call);
}

void get_account(UnaryCall& call) {
  read<wire::GetAccountRequest, one<wire::Account, AccountView>>(call);
}

void get_balance(UnaryCall& call) { read<wire::GetBalanceRequest, balance>(call); }

void get_transaction(UnaryCall& call) { read<wire::GetTransactionRequest, transaction>(call); }

void list_transactions(UnaryCall& call) {
  read<wire::ListTransactionsRequest,
       page<wire::ListTransactionsResponse, persistence::StoredTransaction,
            &wire::ListTransactionsResponse::add_transactions>>(call);
}

void list_accounts(UnaryCall& call) {
  read<wire::ListAccountsRequest,
       page<wire::ListAccountsResponse, AccountView, &wire::ListAccountsResponse::add_accounts>>(
      call);
}

// Not by read(): it refuses fields that it does not know.
void find_transactions(UnaryCall& call) {
  wire::FindTransactionsRequest request;
  if (!call.parse_request(request)) return;
  if (const auto error = proto::refuse_unknown_fields(request)) return call.fail(*error);
  auto query = std::make_shared<RpcQuery>(call, found_transactions);
  query->ask = ReferencePage{request.reference(), request.limit(), request.page_token(),
                             request.page_bytes()};
  call.ask(std::move(query));
}

// As find_transactions().
void list_policies(UnaryCall& call) {
  wire::ListPoliciesRequest request;
  if (!call.parse_request(request)) return;
  if (const auto error = proto::refuse_unknown_fields(request)) return call.fail(*error);
  auto query = std::make_shared<RpcQuery>(call, policies);
  query->ask =
      PolicyPage{request.account_id(), request.limit(), request.page_token(), request.page_bytes()};
  call.ask(std::move(query));
}

void get_balance_sheet(UnaryCall& call) { read<wire::GetBalanceSheetRequest, balance_sheet>(call); }

// Not by read(): there are two questions.
void list_audit(UnaryCall& call) {
  wire::ListAuditRequest request;
  if (!call.parse_request(request)) return;
  auto query =
      std::make_shared<RpcQuery>(call, request.answered() ? answered_audit : committed_audit);
  if (request.answered()) {
    query->ask = AnsweredAudit{request.limit(), request.page_token()};
  } else {
    query->ask = CommittedAudit{request.limit(), request.page_token(), request.from(), request.to(),
                                request.caller()};
  }
  call.ask(std::move(query));
}

// The tree is told by its root supervisor, not by the queries actor.
void get_tree(UnaryCall& call) {
  wire::GetTreeRequest request;
  if (call.parse_request(request)) ask_tree(call);
}

}  // namespace sg::actors
