// A ledger with one account that exports as this version does, or as a newer one might; and that
// keeps the last batch which it was told to import.
//
//   ExportingLedger ledger;
//   ledger.refusals = 3;
//   run({"--server", ledger.address(), "export"}, console);
#pragma once

#include <google/protobuf/unknown_field_set.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <optional>
#include <string>

#include "proto/error_details.pb.h"
#include "proto/ledger.grpc.pb.h"

namespace sg::cli::testing {

namespace wire = scalegraph::ledger;

// Books nothing, and answers as if it had; or refuses each batch.
class KeepingImports final : public wire::ImportService::Service {
 public:
  grpc::Status Import(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<wire::TransferBatchResponse, wire::ImportRequest>* stream) override {
    while (stream->Read(&request)) {
      wire::TransferBatchResponse answer;
      if (refusal) {
        *answer.mutable_error() = *refusal;
      } else {
        for (int i = 0; i < request.transactions_size(); ++i) {
          answer.add_results()->mutable_transaction();
        }
      }
      stream->Write(answer);
    }
    return grpc::Status::OK;
  }

  wire::ImportRequest request;                 // the last one
  std::optional<wire::TransferError> refusal;  // changed between calls
};

// Sends its message to every export, and refuses the first ones if it should.
class ExportingLedger final : public wire::ExportService::Service {
 public:
  ExportingLedger() {
    response.set_ledger("00ff");
    response.set_last_sequence(1);
    auto& record = *response.add_records();
    record.set_sequence(1);
    record.mutable_account()->set_id("alice");
    record.mutable_account()->set_account_type(wire::STANDALONE);
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    builder.RegisterService(&imports);
    server_ = builder.BuildAndStart();
  }
  ~ExportingLedger() override { server_->Shutdown(); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  grpc::Status Export(grpc::ServerContext*, const wire::ExportRequest* request,
                      grpc::ServerWriter<wire::ExportResponse>* writer) override {
    if (refusals > 0) {
      --refusals;
      google::rpc::ErrorInfo info;
      info.set_reason(reason);
      info.set_domain("scalegraph");
      google::rpc::Status details;
      details.add_details()->PackFrom(info);
      return {code, "not now", details.SerializeAsString()};
    }
    auto answer = response;
    // There is nothing more.
    if (request->from_sequence() > response.last_sequence()) answer.clear_records();
    writer->Write(answer);
    return grpc::Status::OK;
  }

  // Changed between calls.
  wire::ExportResponse response;
  int refusals = 0;
  std::string reason = "OVERLOADED";
  grpc::StatusCode code = grpc::StatusCode::RESOURCE_EXHAUSTED;
  KeepingImports imports;

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

inline void add_unknown(google::protobuf::Message& to) {
  constexpr int kNoField = 999;
  to.GetReflection()->MutableUnknownFields(&to)->AddVarint(kNoField, 1);
}

}  // namespace sg::cli::testing
