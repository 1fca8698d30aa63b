// A ledger in memory behind a real gRPC port, to run commands against. It knows as much of the
// rules as the commands show, and hands out pages of two.
//
//   FakeLedger ledger;
//   run({"--server", ledger.address(), "account", "get", "alice"}, console);
//
// Certain ids stand for trouble: a posting to `lost` ends UNAVAILABLE with outcome unknown, one to
// `cut` UNAVAILABLE without the ledger's word, one to `slow` waits for the caller's deadline.
#pragma once

#include <grpcpp/server.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "proto/ledger.grpc.pb.h"

namespace sg::cli::testing {

namespace wire = scalegraph::ledger;

struct LedgerState {
  std::mutex mutex;
  std::map<std::string, wire::Participant> participants;
  std::map<std::string, wire::Account> accounts;
  std::vector<wire::Transaction> transactions;
  std::map<std::string, wire::Transaction> by_key;
  // What a verification and a balance sheet report.
  std::vector<std::string> problems;
  int trees = -1;  // so many are told, then it is away; negative: any number
  std::string sum_of_postings = "1000";
  wire::ListTransactionsRequest last_list;
};

class FakeParticipants final : public wire::ParticipantService::Service {
 public:
  explicit FakeParticipants(LedgerState& state) : state_(state) {}
  grpc::Status CreateParticipant(grpc::ServerContext*, const wire::CreateParticipantRequest*,
                                 wire::Participant*) override;
  grpc::Status GetParticipant(grpc::ServerContext*, const wire::GetParticipantRequest*,
                              wire::Participant*) override;
  grpc::Status ListParticipants(grpc::ServerContext*, const wire::ListParticipantsRequest*,
                                wire::ListParticipantsResponse*) override;
  grpc::Status CreateParticipantAccount(grpc::ServerContext*,
                                        const wire::CreateParticipantAccountRequest*,
                                        wire::Account*) override;
  grpc::Status GetParticipantAccounts(grpc::ServerContext*,
                                      const wire::GetParticipantAccountsRequest*,
                                      wire::GetParticipantAccountsResponse*) override;

 private:
  LedgerState& state_;
};

class FakePostings final : public wire::LedgerService::Service {
 public:
  explicit FakePostings(LedgerState& state) : state_(state) {}
  grpc::Status CreateAccount(grpc::ServerContext*, const wire::CreateAccountRequest*,
                             wire::Account*) override;
  grpc::Status GetAccount(grpc::ServerContext*, const wire::GetAccountRequest*,
                          wire::Account*) override;
  grpc::Status GetBalance(grpc::ServerContext*, const wire::GetBalanceRequest*,
                          wire::GetBalanceResponse*) override;
  grpc::Status Credit(grpc::ServerContext*, const wire::CreditRequest*,
                      wire::Transaction*) override;
  grpc::Status Debit(grpc::ServerContext*, const wire::DebitRequest*, wire::Transaction*) override;
  grpc::Status Transfer(grpc::ServerContext*, const wire::TransferRequest*,
                        wire::Transaction*) override;
  grpc::Status ListTransactions(grpc::ServerContext*, const wire::ListTransactionsRequest*,
                                wire::ListTransactionsResponse*) override;
  grpc::Status GetTransaction(grpc::ServerContext*, const wire::GetTransactionRequest*,
                              wire::Transaction*) override;

 private:
  grpc::Status post(grpc::ServerContext& context, const std::string& type,
                    const wire::TransferRequest& request, wire::Transaction& reply);

  LedgerState& state_;
};

class FakeAdmin final : public wire::AdminService::Service {
 public:
  explicit FakeAdmin(LedgerState& state) : state_(state) {}
  grpc::Status ListAccounts(grpc::ServerContext*, const wire::ListAccountsRequest*,
                            wire::ListAccountsResponse*) override;
  grpc::Status GetTree(grpc::ServerContext*, const wire::GetTreeRequest*,
                       wire::GetTreeResponse*) override;
  grpc::Status Verify(grpc::ServerContext*, const wire::VerifyRequest*,
                      grpc::ServerWriter<wire::VerifyResponse>*) override;
  grpc::Status GetBalanceSheet(grpc::ServerContext*, const wire::GetBalanceSheetRequest*,
                               wire::GetBalanceSheetResponse*) override;

 private:
  LedgerState& state_;
};

class FakeLedger {
 public:
  FakeLedger();
  ~FakeLedger();
  FakeLedger(const FakeLedger&) = delete;
  FakeLedger& operator=(const FakeLedger&) = delete;

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] LedgerState& state() { return state_; }

 private:
  LedgerState state_;
  FakeParticipants participants_{state_};
  FakePostings postings_{state_};
  FakeAdmin admin_{state_};
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// The status of a refusal, as the ledger sends it.
[[nodiscard]] grpc::Status refusal(grpc::StatusCode code, const std::string& reason,
                                   const std::string& message,
                                   std::map<std::string, std::string> metadata = {});

}  // namespace sg::cli::testing
