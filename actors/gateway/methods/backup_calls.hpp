// The methods of BackupService: backups of the node that is asked.
#pragma once

#include "actors/gateway/methods/progress_call.hpp"

namespace sg::actors {

class CreateBackupCall final : public ProgressCall {
 public:
  using ProgressCall::ProgressCall;

 private:
  QueryResult make_query(grpc::ByteBuffer& request) override;
  std::string stopping_text() const override;
};

class VerifyBackupCall final : public ProgressCall {
 public:
  using ProgressCall::ProgressCall;

 private:
  QueryResult make_query(grpc::ByteBuffer& request) override;
  std::string stopping_text() const override;
};

void list_backups(UnaryCall& call);
void get_backup(UnaryCall& call);

}  // namespace sg::actors
