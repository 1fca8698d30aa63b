#include "fake_ledger.hpp"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>

#include "cli/import/import_file.hpp"
#include "proto/error_details.pb.h"

namespace sg::cli::testing {
namespace {

using grpc::StatusCode;

// 2024-05-01T10:00:00.123Z
constexpr std::int64_t kNow = 1'714'557'600'123;
constexpr std::size_t kPage = 2;

grpc::Status not_found(const std::string& what, const std::string& id) {
  std::string reason = what;
  for (char& c : reason) c = static_cast<char>(std::toupper(c));
  return refusal(StatusCode::NOT_FOUND, reason + "_NOT_FOUND", what + " " + id + " is unknown",
                 {{what + "_id", id}});
}

grpc::Status insert(LedgerState& state, wire::Account account, wire::Account& reply) {
  account.set_created_at(kNow);
  const std::lock_guard lock(state.mutex);
  const auto [at, inserted] = state.accounts.emplace(account.id(), account);
  if (!inserted) {
    return refusal(StatusCode::ALREADY_EXISTS, "ACCOUNT_EXISTS",
                   "account " + account.id() + " exists", {{"account_id", account.id()}});
  }
  reply = at->second;
  return grpc::Status::OK;
}

// The page of `all` that starts at the token, a number.
template <class Item, class Add>
std::string page(const std::vector<Item>& all, const std::string& token, std::size_t limit,
                 Add add) {
  std::size_t at = token.empty() ? 0 : std::stoul(token);
  const std::size_t end = std::min(all.size(), at + std::min(limit == 0 ? kPage : limit, kPage));
  for (; at < end; ++at) add(all[at]);
  return at < all.size() ? std::to_string(at) : "";
}

// A list without page_bytes is refused: the real one may be too large.
template <class Request>
bool is_paged(const Request& request) {
  return request.page_bytes() > 0 && request.page_bytes() <= 16 << 20;
}

grpc::Status not_paged() {
  return refusal(StatusCode::RESOURCE_EXHAUSTED, "RESULT_TOO_LARGE", "set page_bytes", {});
}

}  // namespace

grpc::Status refusal(StatusCode code, const std::string& reason, const std::string& message,
                     std::map<std::string, std::string> metadata) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("scalegraph");
  info.mutable_metadata()->insert(metadata.begin(), metadata.end());
  google::rpc::Status details;
  details.set_code(code);
  details.set_message(message);
  details.add_details()->PackFrom(info);
  return {code, message, details.SerializeAsString()};
}

grpc::Status FakeParticipants::CreateParticipant(grpc::ServerContext*,
                                                 const wire::CreateParticipantRequest* request,
                                                 wire::Participant* reply) {
  reply->set_id(request->id());
  reply->set_name(request->name());
  reply->set_role(request->role());
  reply->set_created_at(kNow);
  *reply->mutable_metadata() = request->metadata();
  const std::lock_guard lock(state_.mutex);
  if (state_.participants.emplace(request->id(), *reply).second) return grpc::Status::OK;
  return refusal(StatusCode::ALREADY_EXISTS, "PARTICIPANT_EXISTS",
                 "participant " + request->id() + " exists");
}

grpc::Status FakeParticipants::GetParticipant(grpc::ServerContext*,
                                              const wire::GetParticipantRequest* request,
                                              wire::Participant* reply) {
  const std::lock_guard lock(state_.mutex);
  const auto found = state_.participants.find(request->participant_id());
  if (found == state_.participants.end())
    return not_found("participant", request->participant_id());
  *reply = found->second;
  return grpc::Status::OK;
}

grpc::Status FakeParticipants::ListParticipants(grpc::ServerContext*,
                                                const wire::ListParticipantsRequest* request,
                                                wire::ListParticipantsResponse* reply) {
  if (!is_paged(*request)) return not_paged();
  const std::lock_guard lock(state_.mutex);
  std::vector<wire::Participant> all;
  for (const auto& [id, participant] : state_.participants) {
    if (request->role() == 0 || request->role() == participant.role()) all.push_back(participant);
  }
  reply->set_next_page_token(
      page(all, request->page_token(), static_cast<std::size_t>(request->limit()),
           [&](const auto& participant) { *reply->add_participants() = participant; }));
  return grpc::Status::OK;
}

grpc::Status FakeParticipants::CreateParticipantAccount(
    grpc::ServerContext*, const wire::CreateParticipantAccountRequest* request,
    wire::Account* reply) {
  {
    const std::lock_guard lock(state_.mutex);
    if (!state_.participants.contains(request->participant_id())) {
      return not_found("participant", request->participant_id());
    }
  }
  wire::Account account;
  account.set_id(account_id(*request));
  account.set_participant_id(request->participant_id());
  account.set_account_type(request->account_type());
  account.set_balance(request->initial_balance());
  account.set_floor(request->floor());
  *account.mutable_metadata() = request->metadata();
  return insert(state_, account, *reply);
}

grpc::Status FakeParticipants::GetParticipantAccounts(
    grpc::ServerContext*, const wire::GetParticipantAccountsRequest* request,
    wire::GetParticipantAccountsResponse* reply) {
  if (!is_paged(*request)) return not_paged();
  const std::lock_guard lock(state_.mutex);
  std::vector<wire::Account> all;
  for (const auto& [id, account] : state_.accounts) {
    if (account.participant_id() == request->participant_id()) all.push_back(account);
  }
  reply->set_next_page_token(page(all, request->page_token(), 0,
                                  [&](const auto& account) { *reply->add_accounts() = account; }));
  return grpc::Status::OK;
}

grpc::Status FakePostings::CreateAccount(grpc::ServerContext*,
                                         const wire::CreateAccountRequest* request,
                                         wire::Account* reply) {
  if (request->account_id() == "cut") return {StatusCode::UNAVAILABLE, "Socket closed"};
  wire::Account account;
  account.set_id(request->account_id());
  account.set_account_type(wire::STANDALONE);
  account.set_balance(request->initial_balance());
  account.set_floor(request->floor());
  *account.mutable_metadata() = request->metadata();
  return insert(state_, account, *reply);
}

grpc::Status FakePostings::GetAccount(grpc::ServerContext*, const wire::GetAccountRequest* request,
                                      wire::Account* reply) {
  const std::lock_guard lock(state_.mutex);
  const auto found = state_.accounts.find(request->account_id());
  if (found == state_.accounts.end()) return not_found("account", request->account_id());
  *reply = found->second;
  return grpc::Status::OK;
}

grpc::Status FakePostings::GetBalance(grpc::ServerContext*, const wire::GetBalanceRequest* request,
                                      wire::GetBalanceResponse* reply) {
  const std::lock_guard lock(state_.mutex);
  const auto found = state_.accounts.find(request->account_id());
  if (found == state_.accounts.end()) return not_found("account", request->account_id());
  reply->set_account_id(request->account_id());
  reply->set_balance(found->second.balance());
  return grpc::Status::OK;
}

grpc::Status FakePostings::post(grpc::ServerContext& context, const std::string& type,
                                const wire::TransferRequest& request, wire::Transaction& reply) {
  std::unique_lock lock(state_.mutex);
  if (state_.by_key.contains(request.idempotency_key())) {
    reply = state_.by_key[request.idempotency_key()];
    return grpc::Status::OK;
  }
  for (const auto& entry : request.entries()) {
    const std::string& id = entry.account_id();
    if (id == "cut") return {StatusCode::UNAVAILABLE, "Socket closed"};
    if (id == "lost") {
      return refusal(StatusCode::UNAVAILABLE, "JOURNAL_UNAVAILABLE", "the journal restarts",
                     {{"outcome", "unknown"}});
    }
    if (id == "slow") {
      std::condition_variable never;
      never.wait_until(lock, context.deadline());
      return {StatusCode::DEADLINE_EXCEEDED, "too late"};
    }
    const auto found = state_.accounts.find(id);
    if (found == state_.accounts.end()) return not_found("account", id);
    if (found->second.balance() + entry.amount() < found->second.floor()) {
      return refusal(StatusCode::FAILED_PRECONDITION, "INSUFFICIENT_FUNDS",
                     "account " + id + ": balance " + std::to_string(found->second.balance()) +
                         " does not cover " + std::to_string(-entry.amount()),
                     {{"account_id", id},
                      {"balance", std::to_string(found->second.balance())},
                      {"amount", std::to_string(entry.amount())},
                      {"outcome", "none"}});
    }
  }
  reply.set_id("tx-" + std::to_string(state_.transactions.size() + 1));
  reply.set_type(type);
  reply.set_timestamp(kNow);
  reply.set_reference(request.reference());
  for (const auto& entry : request.entries()) {
    auto& account = state_.accounts[entry.account_id()];
    account.set_balance(account.balance() + entry.amount());
    *reply.add_entries() = entry;
  }
  state_.transactions.insert(state_.transactions.begin(), reply);
  if (!request.idempotency_key().empty()) state_.by_key[request.idempotency_key()] = reply;
  return grpc::Status::OK;
}

grpc::Status FakePostings::Credit(grpc::ServerContext* context, const wire::CreditRequest* request,
                                  wire::Transaction* reply) {
  if (request->amount() <= 0) {
    return refusal(StatusCode::INVALID_ARGUMENT, "AMOUNT_NOT_POSITIVE", "amount must be above 0",
                   {{"field", "amount"}});
  }
  wire::TransferRequest transfer;
  transfer.set_reference(request->reference());
  transfer.set_idempotency_key(request->idempotency_key());
  auto& entry = *transfer.add_entries();
  entry.set_account_id(request->account_id());
  entry.set_amount(request->amount());
  return post(*context, "credit", transfer, *reply);
}

grpc::Status FakePostings::Debit(grpc::ServerContext* context, const wire::DebitRequest* request,
                                 wire::Transaction* reply) {
  wire::TransferRequest transfer;
  transfer.set_reference(request->reference());
  transfer.set_idempotency_key(request->idempotency_key());
  auto& entry = *transfer.add_entries();
  entry.set_account_id(request->account_id());
  entry.set_amount(-request->amount());
  return post(*context, "debit", transfer, *reply);
}

grpc::Status FakePostings::Transfer(grpc::ServerContext* context,
                                    const wire::TransferRequest* request,
                                    wire::Transaction* reply) {
  return post(*context, "transfer", *request, *reply);
}

grpc::Status FakePostings::ListTransactions(grpc::ServerContext*,
                                            const wire::ListTransactionsRequest* request,
                                            wire::ListTransactionsResponse* reply) {
  if (!is_paged(*request)) return not_paged();
  const std::lock_guard lock(state_.mutex);
  state_.last_list = *request;
  reply->set_next_page_token(
      page(state_.transactions, request->page_token(), static_cast<std::size_t>(request->limit()),
           [&](const auto& transaction) { *reply->add_transactions() = transaction; }));
  return grpc::Status::OK;
}

grpc::Status FakePostings::GetTransaction(grpc::ServerContext*,
                                          const wire::GetTransactionRequest* request,
                                          wire::Transaction* reply) {
  const std::lock_guard lock(state_.mutex);
  const auto found =
      std::ranges::find(state_.transactions, request->id(),
                        [](const wire::Transaction& transaction) { return transaction.id(); });
  if (found == state_.transactions.end()) return not_found("transaction", request->id());
  *reply = *found;
  return grpc::Status::OK;
}

grpc::Status FakeAdmin::ListAccounts(grpc::ServerContext*, const wire::ListAccountsRequest* request,
                                     wire::ListAccountsResponse* reply) {
  if (!is_paged(*request)) return not_paged();
  const std::lock_guard lock(state_.mutex);
  std::vector<wire::Account> all;
  for (const auto& [id, account] : state_.accounts) all.push_back(account);
  reply->set_next_page_token(page(all, request->page_token(),
                                  static_cast<std::size_t>(request->limit()),
                                  [&](const auto& account) { *reply->add_accounts() = account; }));
  return grpc::Status::OK;
}

grpc::Status FakeAdmin::GetTree(grpc::ServerContext*, const wire::GetTreeRequest*,
                                wire::GetTreeResponse* reply) {
  if (const std::lock_guard lock(state_.mutex); state_.trees >= 0 && state_.trees-- == 0) {
    return {grpc::StatusCode::UNAVAILABLE, "away"};
  }
  auto& root = *reply->mutable_root();
  root.set_id("root");
  root.set_type("supervisor");
  root.set_state("running");
  root.set_incarnation(1);
  auto& journal = *root.add_children();
  journal.set_id("journal");
  journal.set_type("worker");
  journal.set_state("running");
  journal.set_incarnation(2);
  journal.set_restarts_in_window(1);
  journal.set_last_exit_reason("disk full");
  journal.set_uptime_ms(61'000);
  journal.set_mailbox_depth(3);
  return grpc::Status::OK;
}

grpc::Status FakeAdmin::Verify(grpc::ServerContext*, const wire::VerifyRequest*,
                               grpc::ServerWriter<wire::VerifyResponse>* writer) {
  const std::lock_guard lock(state_.mutex);
  wire::VerifyResponse response;
  response.set_records(3);
  response.set_records_total(12);
  writer->Write(response);
  response.set_records(12);
  response.set_done(true);
  response.set_sum_of_balances("1000");
  response.set_sum_of_postings(state_.sum_of_postings);
  response.mutable_problems()->Add(state_.problems.begin(), state_.problems.end());
  writer->Write(response);
  return grpc::Status::OK;
}

grpc::Status FakeAdmin::GetBalanceSheet(grpc::ServerContext*,
                                        const wire::GetBalanceSheetRequest* request,
                                        wire::GetBalanceSheetResponse* reply) {
  const std::lock_guard lock(state_.mutex);
  auto& line = *reply->add_lines();
  line.set_account_type(wire::STANDALONE);
  line.set_accounts(request->by_type() ? 3 : 2);
  line.set_total("1000");
  reply->set_total("1000");
  reply->set_sum_of_postings(state_.sum_of_postings);
  return grpc::Status::OK;
}

FakeLedger::FakeLedger() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(&participants_);
  builder.RegisterService(&postings_);
  builder.RegisterService(&admin_);
  server_ = builder.BuildAndStart();
}

FakeLedger::~FakeLedger() { server_->Shutdown(); }

}  // namespace sg::cli::testing
