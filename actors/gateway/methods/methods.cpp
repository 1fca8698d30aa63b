// The unary handlers stand in writes.cpp and reads.cpp. Each kind of call that streams has a file
// of its own: stream_call, verify_call, export_call, watch_call, reflection_call.
#include "actors/gateway/methods/methods.hpp"

#include <array>

#include "actors/gateway/methods/backup_calls.hpp"
#include "actors/gateway/methods/cluster_calls.hpp"
#include "actors/gateway/methods/explain.hpp"
#include "actors/gateway/methods/export_call.hpp"
#include "actors/gateway/methods/key_calls.hpp"
#include "actors/gateway/methods/reads.hpp"
#include "actors/gateway/methods/reflection_call.hpp"
#include "actors/gateway/methods/stream_call.hpp"
#include "actors/gateway/methods/verify_call.hpp"
#include "actors/gateway/methods/watch_call.hpp"
#include "actors/gateway/methods/writes.hpp"
#include "proto/health.pb.h"
#include "proto/ledger.pb.h"
#include "proto/reflection_v1.pb.h"
#include "proto/reflection_v1alpha.pb.h"

namespace sg::actors {
namespace {

// grpc.health.v1.Health.Check: the serving status now, or NOT_FOUND for an unknown service.
void check_health(UnaryCall& call) {
  grpc::health::v1::HealthCheckRequest request;
  if (!call.parse_request(request)) return;
  const auto status = call.server().status_of(request.service());
  if (status == grpc::health::v1::HealthCheckResponse::SERVICE_UNKNOWN) {
    return call.fail_with({grpc::StatusCode::NOT_FOUND,
                           "no service " + request.service() + ": known are \"\" and shard/N"});
  }
  grpc::health::v1::HealthCheckResponse response;
  response.set_status(status);
  call.reply(response);
}

// Method::MakeCall of each kind of call.
template <class CallType>
std::unique_ptr<Call> make(RpcServer& server, std::uint64_t id, const Served& served) {
  return std::make_unique<CallType>(server, id, served);
}

template <proto::BatchForm form>
std::unique_ptr<Call> make_stream(RpcServer& server, std::uint64_t id, const Served& served) {
  return std::make_unique<StreamCall>(server, id, served, form);
}

// Short names, so that a row fits on a line.
constexpr auto kReads = Effect::reads;
constexpr auto kWrites = Effect::writes;
constexpr auto kProbes = Effect::probes;
constexpr auto kProbe = security::Permission::probe;
constexpr auto kReflect = security::Permission::reflect;
constexpr auto kReadAccount = security::Permission::read_account;
constexpr auto kReadLedger = security::Permission::read_ledger;
constexpr auto kMoveMoney = security::Permission::move_money;
constexpr auto kCreate = security::Permission::create;
constexpr auto kInspect = security::Permission::inspect;
constexpr auto kOperate = security::Permission::operate;

constexpr std::string_view kParticipants = "scalegraph.ledger.ParticipantService";
constexpr std::string_view kLedger = "scalegraph.ledger.LedgerService";
constexpr std::string_view kCommands = "scalegraph.ledger.CommandService";
constexpr std::string_view kQueries = "scalegraph.ledger.QueryService";
constexpr std::string_view kAccounts = "scalegraph.ledger.AccountService";
constexpr std::string_view kAdmin = "scalegraph.ledger.AdminService";
constexpr std::string_view kCluster = "scalegraph.ledger.ClusterService";
constexpr std::string_view kBackup = "scalegraph.ledger.BackupService";
constexpr std::string_view kExport = "scalegraph.ledger.ExportService";
constexpr std::string_view kImport = "scalegraph.ledger.ImportService";
constexpr std::string_view kHealth = "grpc.health.v1.Health";
constexpr std::string_view kReflection = "grpc.reflection.v1.ServerReflection";
constexpr std::string_view kReflectionAlpha = "grpc.reflection.v1alpha.ServerReflection";

// Methods stand in the order of proto/ledger.proto. Both versions of reflection have the same
// messages and share a kind of call.
constexpr std::array kMethods{
    Method{kParticipants, "CreateParticipant", kWrites, kCreate, make<UnaryCall>,
           create_participant},
    Method{kParticipants, "GetParticipant", kReads, kReadAccount, make<UnaryCall>, get_participant},
    Method{kParticipants, "ListParticipants", kReads, kReadLedger, make<UnaryCall>,
           list_participants},
    Method{kParticipants, "CreateParticipantAccount", kWrites, kCreate, make<UnaryCall>,
           create_participant_account},
    Method{kParticipants, "GetParticipantAccounts", kReads, kReadAccount, make<UnaryCall>,
           get_participant_accounts},

    Method{kLedger, "CreateAccount", kWrites, kCreate, make<UnaryCall>, create_account},
    Method{kLedger, "GetAccount", kReads, kReadAccount, make<UnaryCall>, get_account},
    Method{kLedger, "GetBalance", kReads, kReadAccount, make<UnaryCall>, get_balance},
    Method{kLedger, "Credit", kWrites, kMoveMoney, make<UnaryCall>, credit},
    Method{kLedger, "Debit", kWrites, kMoveMoney, make<UnaryCall>, debit},
    Method{kLedger, "Transfer", kWrites, kMoveMoney, make<UnaryCall>, transfer},
    Method{kLedger, "ListTransactions", kReads, kReadAccount, make<UnaryCall>, list_transactions},
    Method{kLedger, "GetTransaction", kReads, kReadAccount, make<UnaryCall>, get_transaction},
    Method{kLedger, "TransferBatch", kWrites, kMoveMoney, make<UnaryCall>, transfer_batch},
    Method{kLedger, "StreamTransfers", kWrites, kMoveMoney,
           make_stream<proto::BatchForm::transfers>},

    Method{kCommands, "Execute", kWrites, kMoveMoney, make<UnaryCall>, execute},
    Method{kCommands, "ExecuteBatch", kWrites, kMoveMoney, make<UnaryCall>, execute_batch},
    Method{kCommands, "StreamExecute", kWrites, kMoveMoney,
           make_stream<proto::BatchForm::commands>},
    Method{kCommands, "SealKey", kWrites, kMoveMoney, make<UnaryCall>, seal_key},

    Method{kQueries, "GetKeyOutcome", kReads, kReadAccount, make<UnaryCall>, get_key_outcome},
    Method{kQueries, "ListPolicies", kReads, kReadLedger, make<UnaryCall>, list_policies},
    Method{kQueries, "FindTransactions", kReads, kReadLedger, make<UnaryCall>, find_transactions},

    Method{kAccounts, "OpenAccount", kWrites, kCreate, make<UnaryCall>, open_account},

    Method{kAdmin, "ListAccounts", kReads, kReadLedger, make<UnaryCall>, list_accounts},
    Method{kAdmin, "GetTree", kReads, kInspect, make<UnaryCall>, get_tree},
    Method{kAdmin, "Verify", kReads, kInspect, make<VerifyCall>},
    Method{kAdmin, "GetBalanceSheet", kReads, kReadLedger, make<UnaryCall>, get_balance_sheet},
    Method{kAdmin, "ListAudit", kReads, kInspect, make<UnaryCall>, list_audit},
    Method{kAdmin, "ExplainTransaction", kReads, kInspect, make<UnaryCall>, explain_transaction},

    Method{kCluster, "Init", kReads, kOperate, make<UnaryCall>, init_cluster},
    Method{kCluster, "GetCluster", kReads, kInspect, make<UnaryCall>, get_cluster},
    Method{kCluster, "TransferLeadership", kReads, kOperate, make<UnaryCall>, transfer_leadership},

    Method{kBackup, "CreateBackup", kReads, kOperate, make<CreateBackupCall>},
    Method{kBackup, "ListBackups", kReads, kOperate, make<UnaryCall>, list_backups},
    Method{kBackup, "GetBackup", kReads, kOperate, make<UnaryCall>, get_backup},
    Method{kBackup, "VerifyBackup", kReads, kOperate, make<VerifyBackupCall>},
    Method{kExport, "Export", kReads, kInspect, make<ExportCall>},
    Method{kImport, "Import", kWrites, kCreate, make_stream<proto::BatchForm::import>},

    Method{kHealth, "Check", kProbes, kProbe, make<UnaryCall>, check_health},
    Method{kHealth, "Watch", kProbes, kProbe, make<WatchCall>},

    Method{kReflection, "ServerReflectionInfo", kReads, kReflect, make<ReflectionCall>},
    Method{kReflectionAlpha, "ServerReflectionInfo", kReads, kReflect, make<ReflectionCall>},
};

constexpr std::size_t kReflections = 2;
static_assert(kMethods[kMethods.size() - kReflections].permission == kReflect);

}  // namespace

std::span<const Method> methods(bool with_reflection) {
  // A use of each generated file links it in. Its registered descriptors are how services are
  // found.
  scalegraph::ledger::Transaction::descriptor();
  grpc::health::v1::HealthCheckRequest::descriptor();
  grpc::reflection::v1::ServerReflectionRequest::descriptor();
  grpc::reflection::v1alpha::ServerReflectionRequest::descriptor();
  const std::span<const Method> all(kMethods);
  return with_reflection ? all : all.first(all.size() - kReflections);
}

}  // namespace sg::actors
