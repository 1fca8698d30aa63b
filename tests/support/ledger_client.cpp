#include "tests/support/ledger_client.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <array>
#include <catch2/catch.hpp>
#include <map>

#include "proto/error_details.pb.h"

namespace sg::test {
namespace {

constexpr std::array<const char*, 17> kCodes{
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

template <class Metadata>
std::string line_of(int code, const std::string& reason, const std::string& message,
                    const Metadata& metadata) {
  std::string line = kCodes.at(static_cast<std::size_t>(code));
  line += ' ' + reason;
  const std::map<std::string, std::string> sorted(metadata.begin(), metadata.end());
  for (const auto& [key, value] : sorted) line += ' ' + key + '=' + value;
  if (message.empty()) line += " (without a message)";
  return line;
}

std::shared_ptr<grpc::Channel> connect(int port) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  // A channel of an earlier test to the same port may be in back-off.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port),
                                   grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

std::string told(const grpc::Status& status) {
  if (status.ok()) return "OK";
  const std::string code = kCodes.at(static_cast<std::size_t>(status.error_code()));
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  if (status.error_details().empty()) return code + " (without details)";
  // Behind it may be a google.rpc.RequestInfo.
  if (!details.ParseFromString(status.error_details()) || details.details_size() == 0 ||
      !details.details(0).UnpackTo(&info)) {
    return code + " (details are no google.rpc.ErrorInfo)";
  }
  auto line = line_of(status.error_code(), info.reason(), status.error_message(), info.metadata());
  if (info.domain() != "scalegraph") line += " (domain is '" + info.domain() + "')";
  if (details.code() != status.error_code() || details.message() != status.error_message()) {
    line += " (details contradict the status)";
  }
  return line;
}

std::string told(const wire::TransferError& error) {
  auto facts = error.metadata();
  facts.erase("request_id");  // of a stream's request: another one each time
  return line_of(error.code(), error.reason(), error.message(), facts);
}

std::string told(const wire::TransferResult& result) {
  if (result.has_error()) return told(result.error());
  return result.has_transaction() && !result.transaction().id().empty() ? "OK" : "(no result)";
}

std::vector<std::string> told(const wire::TransferBatchResponse& response) {
  std::vector<std::string> lines;
  for (const auto& result : response.results()) lines.push_back(told(result));
  return lines;
}

wire::TransferRequest transfer_of(const Entries& entries, const std::string& key,
                                  const std::string& reference) {
  wire::TransferRequest request;
  for (const auto& [account, amount] : entries) {
    auto& entry = *request.add_entries();
    entry.set_account_id(account);
    entry.set_amount(amount);
  }
  request.set_idempotency_key(key);
  request.set_reference(reference);
  return request;
}

wire::TransferBatchRequest batch_of(const std::vector<wire::TransferRequest>& transfers,
                                    bool atomic) {
  wire::TransferBatchRequest request;
  for (const auto& transfer : transfers) *request.add_transfers() = transfer;
  request.set_atomic(atomic);
  return request;
}

LedgerClient::LedgerClient(int port)
    : channel_(connect(port)),
      stubs_(std::make_unique<ParticipantStub>(channel_), std::make_unique<LedgerStub>(channel_),
             std::make_unique<AdminStub>(channel_), std::make_unique<HealthStub>(channel_)) {}

Answer<wire::Participant> LedgerClient::create_participant(const std::string& id,
                                                           wire::ParticipantRole role) {
  wire::CreateParticipantRequest request;
  request.set_id(id);
  request.set_name("Name of " + id);
  request.set_role(role);
  return ask(&ParticipantStub::CreateParticipant, request);
}

Answer<wire::Account> LedgerClient::create_account(const std::string& id, std::int64_t initial,
                                                   std::int64_t floor) {
  wire::CreateAccountRequest request;
  request.set_account_id(id);
  request.set_initial_balance(initial);
  request.set_floor(floor);
  return ask(&LedgerStub::CreateAccount, request);
}

Answer<wire::Account> LedgerClient::create_account_of(const std::string& participant,
                                                      wire::AccountType type,
                                                      std::int64_t initial) {
  wire::CreateParticipantAccountRequest request;
  request.set_participant_id(participant);
  request.set_account_type(type);
  request.set_initial_balance(initial);
  return ask(&ParticipantStub::CreateParticipantAccount, request);
}

Answer<wire::Account> LedgerClient::account(const std::string& id) {
  wire::GetAccountRequest request;
  request.set_account_id(id);
  return ask(&LedgerStub::GetAccount, request);
}

std::int64_t LedgerClient::balance(const std::string& id) {
  wire::GetBalanceRequest request;
  request.set_account_id(id);
  const auto answer = ask(&LedgerStub::GetBalance, request);
  INFO("balance of " << id << ": " << told(answer));
  REQUIRE(answer.ok());
  return answer.body.balance();
}

Answer<wire::Transaction> LedgerClient::credit(const std::string& id, std::int64_t amount,
                                               const std::string& key) {
  wire::CreditRequest request;
  request.set_account_id(id);
  request.set_amount(amount);
  request.set_idempotency_key(key);
  return ask(&LedgerStub::Credit, request);
}

Answer<wire::Transaction> LedgerClient::debit(const std::string& id, std::int64_t amount,
                                              const std::string& key) {
  wire::DebitRequest request;
  request.set_account_id(id);
  request.set_amount(amount);
  request.set_idempotency_key(key);
  return ask(&LedgerStub::Debit, request);
}

Answer<wire::Transaction> LedgerClient::transfer(const Entries& entries, const std::string& key) {
  return ask(&LedgerStub::Transfer, transfer_of(entries, key));
}

Answer<wire::TransferBatchResponse> LedgerClient::batch(
    const std::vector<wire::TransferRequest>& transfers, bool atomic) {
  return ask(&LedgerStub::TransferBatch, batch_of(transfers, atomic));
}

Answer<wire::Transaction> LedgerClient::transaction(const std::string& id) {
  wire::GetTransactionRequest request;
  request.set_id(id);
  return ask(&LedgerStub::GetTransaction, request);
}

Answer<wire::ListTransactionsResponse> LedgerClient::transactions(const std::string& id,
                                                                  std::int32_t limit,
                                                                  const std::string& token) {
  wire::ListTransactionsRequest request;
  request.set_account_id(id);
  request.set_limit(limit);
  request.set_page_token(token);
  return ask(&LedgerStub::ListTransactions, request);
}

std::vector<wire::Transaction> LedgerClient::all_transactions(const std::string& id,
                                                              std::int32_t limit) {
  std::vector<wire::Transaction> all;
  std::string token;
  do {
    const auto page = transactions(id, limit, token);
    INFO("page of " << id << ": " << told(page));
    REQUIRE(page.ok());
    all.insert(all.end(), page.body.transactions().begin(), page.body.transactions().end());
    token = page.body.next_page_token();
  } while (!token.empty());
  return all;
}

grpc::Status LedgerClient::send_raw(const std::string& path, const std::string& bytes) {
  RawStream call(*this, path);
  if (call.write(bytes) && call.writes_done()) call.read();
  return call.finish();
}

RawStream::RawStream(const LedgerClient& client, const std::string& path)
    : stub_(client.channel()) {
  context_.set_deadline(std::chrono::system_clock::now() + kPatience);
  stream_ = stub_.PrepareCall(&context_, path, &queue_);
  stream_->StartCall(this);
  next();
}

RawStream::~RawStream() {
  queue_.Shutdown();
  void* tag = nullptr;
  for (bool ok = false; queue_.Next(&tag, &ok);) {
  }
}

bool RawStream::next() {
  void* tag = nullptr;
  bool ok = false;
  return queue_.Next(&tag, &ok) && ok;
}

bool RawStream::write(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  stream_->Write(grpc::ByteBuffer(&slice, 1), this);
  return next();
}

bool RawStream::writes_done() {
  stream_->WritesDone(this);
  return next();
}

std::optional<std::string> RawStream::read() {
  grpc::ByteBuffer buffer;
  stream_->Read(&buffer, this);
  if (!next()) return std::nullopt;
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return std::nullopt;
  for (const auto& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

grpc::Status RawStream::finish() {
  grpc::Status status;
  stream_->Finish(&status, this);
  next();
  return status;
}

}  // namespace sg::test
