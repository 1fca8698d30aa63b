// The unary methods that read.
#include <array>

#include "actors/gateway/methods.hpp"
#include "actors/gateway/rpc_query.hpp"
#include "actors/gateway/tree_query.hpp"
#include "actors/gateway/wide_text.hpp"
#include "proto/conversion.hpp"

namespace sg::actors {
namespace {

namespace wire = scalegraph::ledger;

void fill(wire::Participant& to, const ledger::Participant& from) {
  proto::fill(to, from, from.created_at);
}

void fill(wire::Account& to, const AccountView& from) {
  proto::fill(to, from.account, from.balance, from.account.created_at);
}

void fill(wire::Transaction& to, const persistence::StoredTransaction& from) {
  to.set_id(ledger::transaction_id(from.time, from.sequence));
  to.set_type(std::string(to_string(from.kind)));
  for (const auto& entry : from.entries) {
    auto& added = *to.add_entries();
    added.set_account_id(entry.account_id);
    added.set_amount(entry.amount);
  }
  to.set_timestamp(from.time);
  to.set_reference(from.reference);
}

template <class Message, class Answer>
void respond_one(QueryAnswer& answer, UnaryCall& call) {
  Message response;
  fill(response, std::get<Answer>(answer));
  call.reply(response);
}

void respond_participants(QueryAnswer& answer, UnaryCall& call) {
  auto& page = std::get<Page<ledger::Participant>>(answer);
  wire::ListParticipantsResponse response;
  for (const auto& participant : page.items) fill(*response.add_participants(), participant);
  response.set_next_page_token(page.next);
  call.reply(response);
}

void respond_participant_accounts(QueryAnswer& answer, UnaryCall& call) {
  wire::GetParticipantAccountsResponse response;
  for (const auto& view : std::get<std::vector<AccountView>>(answer)) {
    fill(*response.add_accounts(), view);
  }
  call.reply(response);
}

void respond_accounts(QueryAnswer& answer, UnaryCall& call) {
  auto& page = std::get<Page<AccountView>>(answer);
  wire::ListAccountsResponse response;
  for (const auto& view : page.items) fill(*response.add_accounts(), view);
  response.set_next_page_token(page.next);
  call.reply(response);
}

void respond_transactions(QueryAnswer& answer, UnaryCall& call) {
  auto& page = std::get<Page<persistence::StoredTransaction>>(answer);
  wire::ListTransactionsResponse response;
  for (const auto& transaction : page.items) fill(*response.add_transactions(), transaction);
  response.set_next_page_token(page.next);
  call.reply(response);
}

void respond_balance(QueryAnswer& answer, UnaryCall& call) {
  const auto& balance = std::get<Balance>(answer);
  wire::GetBalanceResponse response;
  response.set_account_id(balance.account_id);
  response.set_balance(balance.balance);
  call.reply(response);
}

void respond_balance_sheet(QueryAnswer& answer, UnaryCall& call) {
  auto& sheet = std::get<BalanceSheet>(answer);
  wire::GetBalanceSheetResponse response;
  for (const auto& line : sheet.lines) {
    auto& added = *response.add_lines();
    added.set_participant_id(line.participant_id);
    added.set_account_type(static_cast<wire::AccountType>(line.type));
    added.set_accounts(line.accounts);
    added.set_total(to_text(line.total));
  }
  response.set_total(to_text(sheet.total));
  response.set_sum_of_postings(to_text(sheet.totals.postings));
  response.set_transactions(sheet.totals.transactions);
  call.reply(response);
}

QueryAsk to_ask(const wire::GetParticipantRequest& r) {
  return ParticipantById{r.participant_id()};
}
QueryAsk to_ask(const wire::GetParticipantAccountsRequest& r) {
  return AccountsOfParticipant{r.participant_id()};
}
QueryAsk to_ask(const wire::GetAccountRequest& r) { return AccountById{r.account_id()}; }
QueryAsk to_ask(const wire::GetBalanceRequest& r) { return BalanceOf{r.account_id()}; }
QueryAsk to_ask(const wire::GetTransactionRequest& r) { return TransactionById{r.id()}; }
QueryAsk to_ask(const wire::ListTransactionsRequest& r) {
  return TransactionPage{r.account_id(), r.limit(), r.page_token(), r.from(), r.to()};
}
QueryAsk to_ask(const wire::ListAccountsRequest& r) {
  return AccountPage{r.limit(), r.page_token()};
}
QueryAsk to_ask(const wire::GetBalanceSheetRequest&) { return BalanceSheetOf{}; }

template <class Request, RpcQuery::Respond respond>
void read(UnaryCall& call) {
  Request request;
  if (!call.parse_request(request)) return;
  auto query = std::make_shared<RpcQuery>(call, respond);
  query->ask = to_ask(request);
  call.ask(std::move(query));
}

void list_participants(UnaryCall& call) {
  wire::ListParticipantsRequest request;
  if (!call.parse_request(request)) return;
  const auto role = proto::to_role_filter(request.role());
  if (!role) return call.fail(role.error());
  auto query = std::make_shared<RpcQuery>(call, respond_participants);
  query->ask = ParticipantPage{*role, request.limit(), request.page_token()};
  call.ask(std::move(query));
}

void get_tree(UnaryCall& call) {
  wire::GetTreeRequest request;
  if (call.parse_request(request)) ask_tree(call);
}

struct Row {
  std::string_view name;
  UnaryHandler handler;
};

constexpr std::array kRows{
    Row{"GetParticipant",
        read<wire::GetParticipantRequest, respond_one<wire::Participant, ledger::Participant>>},
    Row{"ListParticipants", list_participants},
    Row{"GetParticipantAccounts",
        read<wire::GetParticipantAccountsRequest, respond_participant_accounts>},
    Row{"GetAccount", read<wire::GetAccountRequest, respond_one<wire::Account, AccountView>>},
    Row{"GetBalance", read<wire::GetBalanceRequest, respond_balance>},
    Row{"GetTransaction", read<wire::GetTransactionRequest,
                               respond_one<wire::Transaction, persistence::StoredTransaction>>},
    Row{"ListTransactions", read<wire::ListTransactionsRequest, respond_transactions>},
    Row{"ListAccounts", read<wire::ListAccountsRequest, respond_accounts>},
    Row{"GetBalanceSheet", read<wire::GetBalanceSheetRequest, respond_balance_sheet>},
    Row{"GetTree", get_tree},
};

}  // namespace

UnaryHandler read_handler(std::string_view name) {
  for (const auto& row : kRows) {
    if (row.name == name) return row.handler;
  }
  return nullptr;
}

}  // namespace sg::actors
