// A client of the ledger for tests: generated stubs with a deadline on each call, raw bytes where
// the stubs would refuse them, and statuses as one line of text for tables.
//
//   LedgerClient client(port);
//   client.create_account("alice", 100);
//   CHECK(told(client.debit("alice", 500)) ==
//         "FAILED_PRECONDITION INSUFFICIENT_FUNDS account_id=alice amount=-500 balance=100 "
//         "outcome=none");
//
// Thread-safe, but for RawStream.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "proto/health.grpc.pb.h"
#include "proto/ledger.grpc.pb.h"

namespace sg::test {

namespace wire = scalegraph::ledger;

// No call of a test waits longer: a hang is a failure.
inline constexpr std::chrono::seconds kPatience{20};

template <class Message>
struct Answer {
  grpc::Status status;
  Message body;
  bool ok() const { return status.ok(); }
};

// "OK", or "CODE REASON key=value ..." with the metadata of the ErrorInfo by key. What the
// ErrorInfo should be and is not (no details, another domain or code, no message) is told as well.
std::string told(const grpc::Status& status);
std::string told(const wire::TransferError& error);
std::string told(const wire::TransferResult& result);
template <class Message>
std::string told(const Answer<Message>& answer) {
  return told(answer.status);
}
std::vector<std::string> told(const wire::TransferBatchResponse& response);

using Entries = std::vector<std::pair<std::string, std::int64_t>>;
wire::TransferRequest transfer_of(const Entries& entries, const std::string& key = {},
                                  const std::string& reference = {});
wire::TransferBatchRequest batch_of(const std::vector<wire::TransferRequest>& transfers,
                                    bool atomic = false);

template <class Stub, class Request, class Response>
using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

using ParticipantStub = wire::ParticipantService::Stub;
using LedgerStub = wire::LedgerService::Stub;
using AdminStub = wire::AdminService::Stub;
using HealthStub = grpc::health::v1::Health::Stub;

class LedgerClient {
 public:
  explicit LedgerClient(int port);

  template <class Stub, class Request, class Response>
  Answer<Response> ask(Method<Stub, Request, Response> method, const Request& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    return ask(method, request, context);
  }
  template <class Stub, class Request, class Response>
  Answer<Response> ask(Method<Stub, Request, Response> method, const Request& request,
                       grpc::ClientContext& context) {
    Answer<Response> answer;
    answer.status = (stub<Stub>().*method)(&context, request, &answer.body);
    return answer;
  }
  template <class Stub>
  Stub& stub() {
    return *std::get<std::unique_ptr<Stub>>(stubs_);
  }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // --- the usual requests ---
  Answer<wire::Participant> create_participant(const std::string& id,
                                               wire::ParticipantRole role = wire::SUPPLIER);
  Answer<wire::Account> create_account(const std::string& id, std::int64_t balance = 0,
                                       std::int64_t floor = 0);
  Answer<wire::Account> create_account_of(const std::string& participant,
                                          wire::AccountType type = wire::ACCOUNT_TYPE_UNSPECIFIED,
                                          std::int64_t balance = 0);
  Answer<wire::Account> account(const std::string& id);
  // Fails the test when there is no such account.
  std::int64_t balance(const std::string& id);
  Answer<wire::Transaction> credit(const std::string& id, std::int64_t amount,
                                   const std::string& key = {});
  Answer<wire::Transaction> debit(const std::string& id, std::int64_t amount,
                                  const std::string& key = {});
  Answer<wire::Transaction> transfer(const Entries& entries, const std::string& key = {});
  Answer<wire::TransferBatchResponse> batch(const std::vector<wire::TransferRequest>& transfers,
                                            bool atomic = false);
  Answer<wire::Transaction> transaction(const std::string& id);
  Answer<wire::ListTransactionsResponse> transactions(const std::string& account = {},
                                                      std::int32_t limit = 0,
                                                      const std::string& token = {});
  // All pages of a listing, newest first.
  std::vector<wire::Transaction> all_transactions(const std::string& account, std::int32_t limit);

  // One request of bytes to a unary method; the status.
  grpc::Status send_raw(const std::string& path, const std::string& bytes);

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::tuple<std::unique_ptr<ParticipantStub>, std::unique_ptr<LedgerStub>,
             std::unique_ptr<AdminStub>, std::unique_ptr<HealthStub>>
      stubs_;
};

// A call of any method in bytes: "/scalegraph.ledger.LedgerService/StreamTransfers".
class RawStream {
 public:
  RawStream(const LedgerClient& client, const std::string& path);
  ~RawStream();
  RawStream(const RawStream&) = delete;
  RawStream& operator=(const RawStream&) = delete;

  bool write(const std::string& bytes);
  bool writes_done();
  // Nothing at the end of the stream.
  std::optional<std::string> read();
  // After the last read.
  grpc::Status finish();

 private:
  bool next();

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  grpc::GenericStub stub_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
};

}  // namespace sg::test
