#include "actors/gateway/methods/backup_calls.hpp"

#include <utility>

#include "actors/gateway/transport/answer_bytes.hpp"
#include "proto/conversion.hpp"
#include "proto/ledger.pb.h"

namespace sg::actors {
namespace {

namespace wire = scalegraph::ledger;
using Response = RpcQuery::Response;

void fill(wire::Backup& to, const BackupFacts& from) {
  to.set_name(from.name);
  to.set_sequence(from.sequence);
  to.set_first_time(from.first_time);
  to.set_last_time(from.last_time);
  to.set_written_at(from.written);
  to.set_segments(from.segments);
  to.set_blocks(from.blocks);
  to.set_bytes(from.bytes);
  if (from.sequence > 0) to.set_head_hash(persistence::to_hex(from.hash));
  to.set_problem(from.problem);
}

Response encode_created(const QueryAnswer& answer) {
  const auto& created = std::get<BackupCreated>(answer);
  wire::CreateBackupResponse response;
  response.set_done(true);
  response.set_sequence(created.facts.sequence);
  response.set_sequence_total(created.facts.sequence);
  response.set_bytes(created.bytes);
  fill(*response.mutable_backup(), created.facts);
  return to_answer(response);
}

Response encode_verified(const QueryAnswer& answer) {
  const auto& verified = std::get<BackupVerified>(answer);
  wire::VerifyBackupResponse response;
  response.set_done(true);
  response.set_bytes(verified.bytes);
  response.set_bytes_total(verified.bytes);
  for (const auto& problem : verified.problems) response.add_problems(problem);
  fill(*response.mutable_backup(), verified.facts);
  return to_answer(response);
}

Response encode_list(const QueryAnswer& answer) {
  const auto& page = std::get<Page<BackupFacts>>(answer);
  wire::ListBackupsResponse response;
  for (const auto& backup : page.items) fill(*response.add_backups(), backup);
  response.set_next_page_token(page.next);
  return to_answer(response);
}

Response encode_contents(const QueryAnswer& answer) {
  const auto& contents = std::get<BackupContents>(answer);
  wire::GetBackupResponse response;
  fill(*response.mutable_backup(), contents.facts);
  for (const auto& from : contents.segments.items) {
    auto& to = *response.add_segments();
    to.set_first(from.first);
    to.set_last(from.last);
    to.set_blocks(from.blocks);
    to.set_bytes(from.bytes);
    to.set_first_time(from.first_time);
    to.set_last_time(from.last_time);
  }
  response.set_next_page_token(contents.segments.next);
  return to_answer(response);
}

// Reads a request that refuses fields which it does not know. Returns the error, or nullopt.
template <class Request>
std::optional<ledger::Error> read(grpc::ByteBuffer& bytes, Request& request) {
  if (auto error = parse_checked(bytes, request)) return error;
  return proto::refuse_unknown_fields(request);
}

template <class Request, class MakeAsk>
void ask(UnaryCall& call, RpcQuery::Encode encode, MakeAsk make_ask) {
  Request request;
  if (!call.parse_request(request)) return;
  if (const auto error = proto::refuse_unknown_fields(request)) return call.fail(*error);
  auto query = std::make_shared<RpcQuery>(call, encode);
  query->ask = BackupAsk{make_ask(request)};
  call.ask(std::move(query));
}

}  // namespace

ProgressCall::QueryResult CreateBackupCall::make_query(grpc::ByteBuffer& bytes) {
  wire::CreateBackupRequest request;
  if (auto error = read(bytes, request)) return tl::unexpected(std::move(*error));
  auto query = std::make_shared<RpcQuery>(*this, encode_created);
  query->ask = BackupAsk{CreateBackup{request.name()}};
  query->backup_progress = [tell = teller()](const persistence::BackupProgress& at) {
    tell([&at] {
      wire::CreateBackupResponse response;
      response.set_sequence(at.sequence);
      response.set_sequence_total(at.until);
      response.set_bytes(at.bytes);
      return serialize(response);
    });
  };
  set_subject(request.name());
  return query;
}

std::string CreateBackupCall::stopping_text() const {
  return "the server stops: what the backup has is whole, ask for the rest once it runs";
}

ProgressCall::QueryResult VerifyBackupCall::make_query(grpc::ByteBuffer& bytes) {
  wire::VerifyBackupRequest request;
  if (auto error = read(bytes, request)) return tl::unexpected(std::move(*error));
  auto query = std::make_shared<RpcQuery>(*this, encode_verified);
  query->ask = BackupAsk{VerifyBackup{request.name()}};
  query->backup_progress = [tell = teller()](const persistence::BackupProgress& at) {
    tell([&at] {
      wire::VerifyBackupResponse response;
      response.set_bytes(at.bytes);
      response.set_bytes_total(at.bytes_total);
      return serialize(response);
    });
  };
  set_subject(request.name());
  return query;
}

std::string VerifyBackupCall::stopping_text() const {
  return "the server stops: verify again once it runs";
}

void list_backups(UnaryCall& call) {
  ask<wire::ListBackupsRequest>(call, encode_list, [](const wire::ListBackupsRequest& request) {
    return ListBackups{request.limit(), request.page_token()};
  });
}

void get_backup(UnaryCall& call) {
  ask<wire::GetBackupRequest>(call, encode_contents, [](const wire::GetBackupRequest& request) {
    return GetBackup{request.name(), request.limit(), request.page_token()};
  });
}

}  // namespace sg::actors
